# SPDX-License-Identifier: Apache-2.0
"""What rules look at: the files of a checkout, and C as text with its comments and strings gone.

Not a compiler: it knows enough of C to find includes, functions and declarations in our own style.
"""

import collections
import functools
import os
import re
import subprocess

Finding = collections.namedtuple("Finding", "path line text")
Function = collections.namedtuple("Function", "name params line depth")

RULES = {}

C_NAMES = (".c", ".h", ".inl", ".cu", ".hip")
COMMENT_OR_STRING = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|' r"'(?:\\.|[^'\\\n])*'", re.S)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)


def rule(name, summary):
    """Register a function(tree) that yields Findings."""
    def register(function):
        RULES[name] = (summary, function)
        return function
    return register


def blank(text):
    """Spaces of the same shape, so that offsets and line numbers stay."""
    return re.sub(r"[^\n]", " ", text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def split_commas(text):
    """Split at the commas that are outside brackets."""
    parts, depth, start = [], 0, 0
    for i, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if char == "," and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    return parts + [text[start:]]


def read_function(head):
    """(name, parameter text) when `head` is what stands before a function's body."""
    found = re.search(r"\b(?!__attribute__)([A-Za-z_]\w*)\s*\(", head)
    if not found or not head.rstrip().endswith(")") or "=" in head[:found.start()]:
        return None
    depth, i = 0, found.end() - 1
    while i < len(head):
        depth += (head[i] == "(") - (head[i] == ")")
        if depth == 0:
            break
        i += 1
    return found.group(1), head[found.end():i]


class Tree:
    """A checkout: files are the ones git knows or would add."""

    def __init__(self, root):
        self.root = os.path.abspath(root)
        self.files = sorted(self._list())

    def git(self, *arguments):
        """Output of a git command, or None where it fails (no git, no repository)."""
        try:
            return subprocess.run(
                ["git", "-c", "safe.directory=*", "-C", self.root, *arguments],
                check=True, capture_output=True, text=True).stdout
        except (OSError, subprocess.CalledProcessError):
            return None

    def _list(self):
        if os.path.exists(os.path.join(self.root, ".git")):
            listed = self.git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
            if listed is not None:
                return [p for p in listed.split("\0") if p and self.has(p)]
        return [os.path.relpath(os.path.join(folder, name), self.root)
                for folder, folders, names in os.walk(self.root)
                if not folders.sort() for name in names if "/.git/" not in folder + "/"]

    def has(self, path):
        return os.path.exists(os.path.join(self.root, path))

    def select(self, *suffixes, under=("",), but=()):
        """Paths with one of the suffixes, below one of the folders, below none of `but`."""
        return [p for p in self.files
                if p.endswith(suffixes) and p.startswith(tuple(under))
                and not (but and p.startswith(tuple(but)))]

    @functools.lru_cache(maxsize=None)
    def text(self, path):
        """The file as text; empty for a binary file."""
        with open(os.path.join(self.root, path), "rb") as stream:
            data = stream.read()
        return "" if b"\0" in data else data.decode("utf-8", "replace")

    @functools.lru_cache(maxsize=None)
    def code(self, path):
        """C without comments, and with empty strings."""
        def replace(found):
            token = found.group(0)
            if token[0] in "\"'":
                return token[0] + " " * (len(token) - 2) + token[0]
            return blank(token)
        return COMMENT_OR_STRING.sub(replace, self.text(path))

    def includes(self, path):
        """(line, quote, header) of each include."""
        for number, line in enumerate(self.text(path).split("\n"), 1):
            found = re.match(r'\s*#\s*include\s+(["<])([^">]+)[">]', line)
            if found:
                yield number, found.group(1), found.group(2)

    @functools.lru_cache(maxsize=None)
    def outline(self, path):
        """(functions, the code with function bodies and directives gone)."""
        code = DIRECTIVE.sub(lambda found: blank(found.group(0)), self.code(path))
        functions, outside, depth, start, i = [], list(code), 0, 0, 0
        while i < len(code):
            char = code[i]
            if char == "{" and depth == 0 and re.search(r'extern\s+"\s*"\s*$', code[start:i]):
                start = i + 1
            elif char == "{" and depth == 0 and read_function(code[start:i]):
                end, deepest = self._body_end(code, i)
                name, params = read_function(code[start:i])
                at = start + len(code[start:i]) - len(code[start:i].lstrip())
                functions.append(Function(name, params, line_of(code, at), deepest - 1))
                outside[i + 1:end] = blank(code[i + 1:end])
                i, start = end, end + 1
            elif char == "{":
                depth += 1
            elif char == "}":
                depth = max(depth - 1, 0)
                start = i + 1 if depth == 0 else start
            elif char == ";" and depth == 0:
                start = i + 1
            i += 1
        return functions, "".join(outside)

    @staticmethod
    def _body_end(code, start):
        """(offset of the closing brace, deepest nesting of braces)."""
        depth = deepest = 0
        for i in range(start, len(code)):
            depth += (code[i] == "{") - (code[i] == "}")
            deepest = max(deepest, depth)
            if depth == 0:
                return i, deepest
        return len(code) - 1, deepest
