#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rules of this repository that a machine can check. Each lives in tools/lint_rules/ and has a
planted violation in tests/lint/ that it must find."""

import argparse
import os
import sys

from lint_rules import commits
from lint_rules.tree import RULES, Tree

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rules", nargs="*", metavar="RULE", help="only these rules")
    parser.add_argument("--list", action="store_true", help="print the rules")
    parser.add_argument("--root", default=ROOT, help="the checkout to look at")
    parser.add_argument("--message", metavar="FILE",
                        help="look at this commit message and the staged files instead")
    options = parser.parse_args()
    if options.list:
        for name, (summary, _) in RULES.items():
            print(f"{name:14} {summary}")
        return 0
    unknown = [name for name in options.rules if name not in RULES]
    if unknown:
        parser.error(f"unknown rule {unknown[0]} (--list shows them)")

    tree = Tree(options.root)
    if options.message:
        with open(options.message, encoding="utf-8") as stream:
            staged = (tree.git("diff", "--cached", "--name-only") or "").split("\n")
            wrong = commits.judge_message(stream.read(), staged)
        if wrong:
            print(f"this commit {wrong}", file=sys.stderr)
        return 1 if wrong else 0

    count = 0
    for name in options.rules or RULES:
        for finding in RULES[name][1](tree):
            print(f"{finding.path}:{finding.line}: {name}: {finding.text}")
            count += 1
    print(f"lint: {len(options.rules or RULES)} rules, {count} findings")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
