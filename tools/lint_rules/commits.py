# SPDX-License-Identifier: Apache-2.0
"""Commits that can move a number say whether they do."""

import re

from .tree import Finding, rule

MEASURING = ("src/measure/", "src/stats/", "src/family/", "devices/", "backends/", "bridge/")
CONTRACTS = "registry/contracts.json"


def judge_message(message, paths):
    """What is wrong with a commit message, or None."""
    if not any(p.startswith(MEASURING) for p in paths):
        return None
    found = re.search(r"^Measurement:[ \t]*(\S.*)$", message, re.M)
    if not found:
        return ("touches code that makes numbers and has no trailer 'Measurement: none' or "
                "'Measurement: contract/1 -> /2, why'")
    if not re.match(r"none\b", found.group(1)) and CONTRACTS not in paths:
        return f"says 'Measurement: {found.group(1)}' and changes no contract in {CONTRACTS}"
    return None


def submitted(tree):
    """The commits since origin/main, or all of them."""
    base = tree.git("merge-base", "HEAD", "origin/main")
    head = tree.git("rev-parse", "HEAD")
    span = f"{base.strip()}..HEAD" if base and base != head else "HEAD"
    return (tree.git("rev-list", "--no-merges", span) or "").split()


@rule("commits", "a commit that touches measuring code has its Measurement trailer")
def check_commits(tree):
    for commit in submitted(tree):
        message = tree.git("log", "-1", "--format=%B", commit)
        paths = tree.git("show", "--name-only", "--format=", commit).split("\n")
        wrong = judge_message(message, paths)
        if wrong:
            yield Finding(f"commit {commit[:10]}", 0, f"'{message.splitlines()[0]}' {wrong}")
