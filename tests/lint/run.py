#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that every rule of tools/lint.py finds what was planted for it, and nothing in clean code."""

import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tools"), HERE]

from lint_rules.tree import RULES, Tree  # noqa: E402
from planted import CLEAN, COMMITS, PLANTED  # noqa: E402

results = []


def report(is_good, name, detail=""):
    results.append(is_good)
    print(f"{'ok' if is_good else 'not ok'} {len(results)} {name}")
    if not is_good:
        print(f"# {detail}")


def write_tree(root, files):
    with open(os.path.join(ROOT, "tools/layers.txt"), encoding="utf-8") as stream:
        files = {**files, "tools/layers.txt": stream.read()}
    with open(os.path.join(ROOT, ".clang-format"), encoding="utf-8") as stream:
        files[".clang-format"] = stream.read()
    for path, text in files.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as stream:
            stream.write(text)


def findings(rule, files):
    with tempfile.TemporaryDirectory() as root:
        write_tree(root, files)
        return list(RULES[rule][1](Tree(root)))


def git(root, *arguments):
    subprocess.run(["git", "-C", root, "-c", "user.name=a", "-c", "user.email=a@b", *arguments],
                   check=True, capture_output=True)


def commit_findings(message, paths):
    with tempfile.TemporaryDirectory() as root:
        git(root, "init", "-q")
        write_tree(root, {path: "x\n" for path in paths})
        git(root, "add", *paths)
        git(root, "commit", "-q", "-m", message)
        return list(RULES["commits"][1](Tree(root)))


def main():
    for rule in RULES:
        found = findings(rule, CLEAN)
        report(not found, f"{rule} finds nothing in clean code", found)
    for rule, files, path, words in PLANTED:
        found = findings(rule, {**CLEAN, **files})
        is_found = any(f.path == path and words in f.text for f in found)
        report(is_found, f"{rule} finds '{words}' in {path}", found)
    for message, paths, is_refused in COMMITS:
        found = commit_findings(message, paths)
        report(bool(found) == is_refused, f"commits judges '{message.split(chr(10))[-2]}' on {paths}", found)
    proven = {row[0] for row in PLANTED} | {"commits"}
    report(proven == set(RULES), "every rule has a planted violation", set(RULES) ^ proven)
    print(f"1..{len(results)}")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
