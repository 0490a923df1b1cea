# SPDX-License-Identifier: Apache-2.0
"""What every file and folder must have, and what none may contain."""

import os
import re
import socket

from .tree import C_NAMES, Finding, line_of, rule

README_LINES_MAX = 20
# Tests of the lint plant what the lint forbids; captures of other tools are kept unedited.
PLANTED = ("tests/lint/",)
# What redaction must hide has to stand in its tests.
REDACTION_TESTS = ("tests/unit/target/",)
CAPTURED = ("tests/data/", "tests/fuzz/corpus/", "LICENSE")

SPDX = "SPDX-License-Identifier: Apache-2.0"
HASH_COMMENT = (".py", ".sh", ".bats", ".bash", ".cmake", "CMakeLists.txt", ".yaml", ".yml", ".ci/run")

# A path of an invented person is an example.
MACHINE_PATH = re.compile(r"(?<![\w.<>$}*-])/(?:home|root|Users|work|scratch|mnt|data)/"
                          r"(?!(?:owner|user|alice|bob|someone)\b)[\w.-]+")
MACHINE_HOST = re.compile(r"\b[\w-]+(?:\.[\w-]+)*\.(?:internal|intranet|corp|lan)\b")
DULL_HOSTS = {"localhost", "host", "node", "vm", "debian", "runner", "linux", "build"}


def code_files(tree):
    return tree.select(*C_NAMES, *HASH_COMMENT, but=CAPTURED)


def script_files(tree):
    """Files without a telling name that begin with #!."""
    return [p for p in tree.files if not p.startswith(CAPTURED) and "." not in os.path.basename(p)
            and tree.text(p).startswith("#!")]


@rule("spdx", "the licence is the first line")
def check_spdx(tree):
    for path in sorted({*code_files(tree), *script_files(tree)}):
        lines = tree.text(path).split("\n")
        at = 1 if lines[0].startswith("#!") else 0
        at += 1 if len(lines) > at and lines[at].startswith("# shellcheck") else 0
        if len(lines) <= at or SPDX not in lines[at]:
            yield Finding(path, at + 1, f"this line must be a comment: {SPDX}")


@rule("head", "a C file says what it is for, and what it is not")
def check_head(tree):
    for path in tree.select(*C_NAMES, but=CAPTURED):
        lines = tree.text(path).split("\n")
        if len(lines) < 2 or not lines[1].startswith("/*"):
            yield Finding(path, 2, "line 2 must begin a comment that says what the file is for")


@rule("readme", f"a folder with code has a README.md of at most {README_LINES_MAX} lines")
def check_readme(tree):
    roots = ("src/", "devices/", "backends/", "include/collectivex/", "bench/")
    folders = set()
    for path in [*code_files(tree), *script_files(tree)]:
        parts = os.path.dirname(path).split("/")
        if parts[0] == "tools":
            folders.add("tools")
        elif parts[0] == "tests":
            # Unit and property tests mirror folders that explain themselves.
            if parts[1:2] not in ([], ["unit"], ["property"]):
                folders.add("/".join(parts[:2]))
        elif path.startswith(roots):
            folders.add("/".join(parts))
    for folder in sorted(folders):
        path = folder + "/README.md"
        if not tree.has(path):
            yield Finding(path, 1, "missing: what the folder is for, reading order, may include, "
                          "never does")
        elif tree.text(path).count("\n") > README_LINES_MAX:
            yield Finding(path, README_LINES_MAX + 1, f"more than {README_LINES_MAX} lines")


@rule("unfinished", "no note of unfinished work")
def check_unfinished(tree):
    for path in tree.files:
        if path.startswith((*PLANTED, *CAPTURED, "tools/lint_rules/", "tools/lint.py")):
            continue
        text = tree.text(path)
        for found in re.finditer(r"\b(?:TODO|FIXME|XXX)\b", text):
            yield Finding(path, line_of(text, found.start()),
                          f"{found.group(0)}: finish it, or open an issue and say NEEDSWORK: with "
                          "the question")


@rule("machine", "no path or host name of a machine")
def check_machine(tree):
    here = socket.gethostname()
    hosts = [here] if len(here) > 3 and here.lower() not in DULL_HOSTS else []
    for path in tree.files:
        if path.startswith((*PLANTED, *CAPTURED, *REDACTION_TESTS, "results/", "tools/lint_rules/")):
            continue
        text = tree.text(path)
        found = [*MACHINE_PATH.finditer(text), *MACHINE_HOST.finditer(text)]
        found += [f for h in hosts for f in re.finditer(rf"\b{re.escape(h)}\b", text)]
        if self_root := text.find(tree.root + "/") + 1:
            yield Finding(path, line_of(text, self_root), "the path of this checkout")
        for hit in found:
            yield Finding(path, line_of(text, hit.start()),
                          f"{hit.group(0)} belongs to one machine")


@rule("whitespace", "no tab, no trailing blank, one newline at the end")
def check_whitespace(tree):
    for path in tree.files:
        text = tree.text(path)
        if path.startswith((*PLANTED, *CAPTURED, "tests/golden/", "results/")) or not text:
            continue
        found = re.search(r"[ \t]+$", text, re.M)
        if found:
            yield Finding(path, line_of(text, found.start()), "blank at the end of the line")
        if "\t" in text and path.endswith((*C_NAMES, *HASH_COMMENT)):
            yield Finding(path, line_of(text, text.index("\t")), "tab")
        if not text.endswith("\n") or text.endswith("\n\n"):
            yield Finding(path, text.count("\n") + 1, "the file must end in one newline")


@rule("tests-exist", "each source of stats, measure, judge and family has its unit test")
def check_tests_exist(tree):
    for path in tree.select(".c", under=("src/stats/", "src/measure/", "src/judge/", "src/family/")):
        folder, name = os.path.split(path[len("src/"):])
        test = f"tests/unit/{folder}/test_{name}"
        if not tree.has(test):
            yield Finding(path, 1, f"has no unit test {test}")
