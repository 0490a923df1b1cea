# SPDX-License-Identifier: Apache-2.0
"""Rules that a tool of its own checks: compilers, clang-format, codespell, shellcheck."""

import re
import subprocess

from .layout import CAPTURED, PLANTED, script_files
from .tree import C_NAMES, Finding, rule

# Words codespell takes for mistakes.
WORDS = "ans,fpr,hist,inout,nam,nd,ot,te,toi"


def run(tree, argv, pattern):
    """Findings from the lines of a tool's output that match (path, line, text)."""
    try:
        done = subprocess.run(argv, cwd=tree.root, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        yield Finding("tools/packages.txt", 1, f"{argv[0]} is not installed")
        return
    has_found = False
    for line in (done.stdout + done.stderr).splitlines():
        found = re.match(pattern, line)
        if found:
            has_found = True
            yield Finding(found.group(1), int(found.group(2)), found.group(3))
    if done.returncode != 0 and not has_found:
        yield Finding(".", 0, f"{argv[0]} failed: {(done.stderr or done.stdout).strip()[:300]}")


# Files named by a variable, and single quotes that are meant (SC2016 guesses).
NOT_FOLLOWED = "SC1090,SC1091,SC2016"

COMPILER_LINE = r"(\S+?):(\d+):\d+: (?:fatal )?error: (.*)"
WARNINGS = ["-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Iinclude"]


@rule("headers", "each header compiles alone; those of the ABI as C11 and C++17 too")
def check_headers(tree):
    ours = tree.select(".h", under=("include/", "src/"))
    abi = tree.select(".h", under=("include/",))
    if ours:
        yield from run(tree, ["gcc", "-std=c17", "-D_GNU_SOURCE", *WARNINGS, "-Isrc", "-x", "c",
                              *ours], COMPILER_LINE)
    if abi:
        yield from run(tree, ["gcc", "-std=c11", *WARNINGS, "-x", "c", *abi], COMPILER_LINE)
        yield from run(tree, ["g++", "-std=c++17", *WARNINGS, "-x", "c++", *abi], COMPILER_LINE)


@rule("format", "clang-format has nothing to change")
def check_format(tree):
    paths = tree.select(*C_NAMES, but=(*PLANTED, *CAPTURED, "tests/abi/v"))
    if paths:
        findings = run(tree, ["clang-format", "--dry-run", "-Werror", *paths],
                       r"(\S+?):(\d+):\d+: error: (.*)")
        seen = set()
        for finding in findings:
            if finding.path not in seen:
                seen.add(finding.path)
                yield finding._replace(text="run: clang-format -i " + finding.path)


@rule("spelling", "codespell finds nothing")
def check_spelling(tree):
    paths = [p for p in tree.files if not p.startswith((*PLANTED, *CAPTURED, "results/"))
             and not p.endswith(".svg") and tree.text(p)]
    if paths:
        yield from run(tree, ["codespell", "--ignore-words-list", WORDS, *paths],
                       r"(\S+?):(\d+): (.*)")


@rule("shell", "shellcheck finds nothing")
def check_shell(tree):
    scripts = tree.select(".sh", ".bats", ".bash", but=PLANTED)
    scripts += [p for p in script_files(tree) if re.match(r"#!.*\b(ba)?sh\b", tree.text(p))]
    if scripts:
        yield from run(tree, ["shellcheck", "-e", NOT_FOLLOWED, "-f", "gcc", *sorted(set(scripts))],
                       r"(\S+?):(\d+):\d+: (.*)")
