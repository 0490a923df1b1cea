# SPDX-License-Identifier: Apache-2.0
"""Documents that point at code and at each other must point at something."""

import os
import re

from .tree import C_NAMES, Finding, line_of, rule

CODE_PLACE = re.compile(r"`([\w./-]+\.\w+|[\w./-]*/[\w-]+):(\w+)\(\)`")
LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.M | re.S)


def documents(tree):
    return tree.select(".md", but=("tests/lint/", "tests/data/"))


def defines(tree, path, name):
    if path.endswith(C_NAMES):
        functions, outside = tree.outline(path)
        is_macro = re.search(rf"^#define {name}\(", tree.text(path), re.M)
        is_declared = path.startswith("include/") and re.search(rf"\b{name}\b\)?\s*\(", outside)
        return bool(is_macro or is_declared) or any(f.name == name for f in functions)
    return bool(re.search(rf"^\s*(?:def {name}\(|{name}\(\))", tree.text(path), re.M))


@rule("where", "each `path:function()` of a document is defined there; each row of where.md has a place")
def check_where(tree):
    for path in documents(tree):
        text = tree.text(path)
        for found in CODE_PLACE.finditer(text):
            target, name = found.groups()
            if not tree.has(target):
                yield Finding(path, line_of(text, found.start()), f"there is no {target}")
            elif not defines(tree, target, name):
                yield Finding(path, line_of(text, found.start()), f"{target} does not define {name}()")
    path = "docs/where.md"
    for number, line in enumerate(tree.text(path).split("\n") if tree.has(path) else [], 1):
        if not line.startswith("|") or re.match(r"\|[\s:|-]+\|$", line) or "Look in" in line:
            continue
        places = re.findall(r"`([\w./*-]+)(?::\w+\(\))?`", line.split("|")[2])
        places = [p for p in places if "/" in p]
        if not places:
            yield Finding(path, number, "this row names no file")
        for place in places:
            if not tree.has(place):
                yield Finding(path, number, f"there is no {place}")


def anchors(text):
    """The anchors GitHub makes of the headings."""
    for heading in re.findall(r"^#+\s+(.*?)\s*$", text, re.M):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@rule("links", "relative links resolve")
def check_links(tree):
    for path in documents(tree):
        text = FENCE.sub(lambda found: re.sub(r"[^\n]", " ", found.group(0)), tree.text(path))
        for found in LINK.finditer(text):
            link, _, anchor = found.group(1).partition("#")
            if re.match(r"[a-z]+:", link):
                continue
            target = os.path.normpath(os.path.join(os.path.dirname(path), link)) if link else path
            if not tree.has(target):
                yield Finding(path, line_of(text, found.start()), f"dead link {link}")
            elif anchor and target.endswith(".md") and anchor not in anchors(tree.text(target)):
                yield Finding(path, line_of(text, found.start()), f"no heading #{anchor} in {target}")
