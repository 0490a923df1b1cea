# SPDX-License-Identifier: Apache-2.0
"""Names that carry their unit, and the limits a function keeps to."""

import re
import subprocess

from .tree import C_NAMES, Finding, line_of, rule, split_commas

C_FOLDERS = ("include/", "src/", "devices/", "backends/", "bench/", "tests/")
NOT_OURS = ("tests/lint/", "tests/data/", "tests/abi/v")

NUMBER = r"(?:u?int(?:8|16|32|64)_t|s?size_t|off_t|double|float|unsigned|long|short|int)"
DECLARATOR = r"[\s*]*\w+(?:\s*\[[^\]]*\])*"
DECLARATION = re.compile(
    rf"\b{NUMBER}\b((?:{DECLARATOR}\s*,)*{DECLARATOR})\s*(?=[;,)=])")
QUANTITIES = {"latency", "duration", "elapsed", "timeout", "deadline", "period", "time", "delay",
              "interval", "size", "bandwidth", "throughput"}
# "times" is left out: it counts repetitions.
PLURALS = {"latencies": "latency", **{word + "s": word for word in QUANTITIES - {"time"}}}
UNITS = {"ns", "us", "ms", "s", "bytes", "byte", "count", "index", "rank", "ratio", "tokens",
         "elems", "mhz", "w", "j", "c", "power"}
# sizeof at build time: the word every versioned C struct uses.
UNITLESS_BY_CUSTOM = {"struct_size"}

FUNCTION_LINES_MAX = 70
CYCLOMATIC_MAX = 15
PARAMETERS_MAX = 6
NESTING_MAX = 4
FILE_LINES_MAX = 500
TABLE_LINES_MAX = 800
TABLE_NAME = re.compile(r"(_options|_fields|_table)\.[ch]$")


def is_unitless(name):
    """Is this the name of a quantity that does not say in what it is counted?"""
    words = [PLURALS.get(word, word) for word in name.split("_")]
    counts_something = words[-1].endswith("s")  # period_calls, size_classes
    return bool(set(words) & QUANTITIES and not set(words) & UNITS and not counts_something
                and name not in UNITLESS_BY_CUSTOM)


@rule("units", "a member or parameter that is a quantity names its unit")
def check_units(tree):
    for path in tree.select(*C_NAMES, under=C_FOLDERS, but=("tests/",)):
        outside = tree.outline(path)[1]
        for found in DECLARATION.finditer(outside):
            for declarator in split_commas(found.group(1)):
                name = re.sub(r"\[.*", "", declarator, flags=re.S).strip(" *\n\t")
                if is_unitless(name):
                    yield Finding(path, line_of(outside, found.start()),
                                  f"{name} is a quantity without a unit: end it in _ns, _us, _s, "
                                  "_bytes, _bytes_per_s, _count, _ratio, ...")


@rule("parameters", f"at most {PARAMETERS_MAX} parameters")
def check_parameters(tree):
    for path in tree.select(*C_NAMES, under=C_FOLDERS, but=NOT_OURS):
        for function in tree.outline(path)[0]:
            count = len(split_commas(function.params))
            if count > PARAMETERS_MAX:
                yield Finding(path, function.line,
                              f"{function.name} has {count} parameters (at most {PARAMETERS_MAX}): "
                              "pass a struct")


@rule("nesting", f"at most {NESTING_MAX} levels of nesting")
def check_nesting(tree):
    for path in tree.select(*C_NAMES, under=C_FOLDERS, but=NOT_OURS):
        for function in tree.outline(path)[0]:
            if function.depth > NESTING_MAX:
                yield Finding(path, function.line,
                              f"{function.name} nests {function.depth} deep (at most {NESTING_MAX})")


@rule("file-length", f"at most {FILE_LINES_MAX} lines a file, {TABLE_LINES_MAX} for tables and tests")
def check_file_length(tree):
    suffixes = (*C_NAMES, ".py", ".sh", ".bats", ".cmake", "CMakeLists.txt", "test.sh", ".ci/run")
    for path in tree.select(*suffixes, but=("tests/data/", "tests/abi/v")):
        limit = TABLE_LINES_MAX if path.startswith("tests/") or TABLE_NAME.search(path) \
            else FILE_LINES_MAX
        count = tree.text(path).count("\n")
        if count > limit:
            yield Finding(path, limit + 1, f"{count} lines (at most {limit}): split it by subject")


@rule("complexity", f"at most {FUNCTION_LINES_MAX} lines and complexity {CYCLOMATIC_MAX} a function")
def check_complexity(tree):
    paths = tree.select(*C_NAMES, under=C_FOLDERS, but=NOT_OURS)
    if not paths:
        return
    # pmccabe: modified complexity (a switch counts once), plain complexity, statements, first line,
    # lines, path(line): name.
    out = subprocess.run(["pmccabe", *paths], cwd=tree.root, capture_output=True, text=True,
                         check=False).stdout
    for row in out.splitlines():
        complexity, _, _, first, lines, place = row.split("\t")
        path, name = re.match(r"(.*)\(\d+\): (.*)", place).groups()
        if int(lines) > FUNCTION_LINES_MAX:
            yield Finding(path, int(first), f"{name} has {lines} lines (at most {FUNCTION_LINES_MAX})")
        if int(complexity) > CYCLOMATIC_MAX:
            yield Finding(path, int(first),
                          f"{name} has complexity {complexity} (at most {CYCLOMATIC_MAX})")
