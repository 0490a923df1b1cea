# SPDX-License-Identifier: Apache-2.0
"""Who may include whom, and who may call what."""

import fnmatch
import os
import re

from .tree import C_NAMES, Finding, line_of, rule

VENDOR_HEADER = re.compile(
    r"^(cuda|cu[A-Z_]|nccl|nvml|nvshmem|cublas|hip/|hip_|rccl|rocm|rocshmem|roctx|amd_smi|ucp/|uct/|ucs/"
    r"|ucc/|infiniband/|rdma/|mpi\.h|nixl|level_zero)")
# What everybody may include from a linked library's folder is decided in layers.txt; these are the
# headers that are not libc's and so need a row there.
LINKED_HEADER = re.compile(r"^(jansson|blake2|yaml|hwloc|zlib|dlfcn|gsl|cmocka)")

BANNED = {
    "sprintf": "snprintf", "vsprintf": "vsnprintf",
    "strcpy": "snprintf, or memcpy with a checked length",
    "strcat": "snprintf, or src/base/text.h",
    "atoi": "src/base/units.h, or strtoll with its errors checked", "atol": "strtoll", "atof": "strtod",
    "strtok": "strsep, or strtok_r", "gettimeofday": "cx_now_ns of src/base/deadline.h",
    "rand": "src/base/prng.h", "srand": "src/base/prng.h", "random": "src/base/prng.h",
    "system": "fork and execvp with an argv (src/launch)",
    "popen": "fork and execvp with an argv (src/launch)",
    "gets": "fgets", "alloca": "an arena (src/base/arena.h)",
    "sleep": "a wait with a deadline (poll)", "usleep": "a wait with a deadline (poll)",
}

# Names, where they may stand, and what to use elsewhere.
HOMES = [
    (("malloc", "calloc", "realloc", "aligned_alloc", "posix_memalign", "strdup", "free"),
     ("!src/stats/", "!src/measure/window.c"),
     "memory that the caller gives (stats has none of its own, a timed window allocates nothing)"),
    (("printf", "vprintf", "puts", "putchar", "stdout"), ("src/cli/",),
     "a string for src/cli to print, or src/base/log.h"),
    (("stderr", "perror"), ("src/cli/", "src/base/log.c"), "src/base/log.h, or CX_FAIL"),
    (("exit", "_exit", "quick_exit"), ("src/cli/", "src/launch/"), "a status (src/base/fail.h)"),
    (("abort",), (), "a status (src/base/fail.h)"),
    (("getenv", "secure_getenv", "environ"),
     ("src/base/log.c", "src/cli/", "src/launch/places.c", "src/peers/env.c",
      "src/plugin/search.c", "src/run/rank_", "src/run/suites.c",
      "src/target/", "backends/", "devices/"),
     "the file of this folder that reads the environment (see HOMES in tools/lint_rules/layers.py)"),
    (("clock_gettime",), ("src/base/deadline.c", "src/peers/clocksync.c", "devices/"),
     "cx_now_ns of src/base/deadline.h"),
    (("dlopen", "dlsym", "dlclose", "dlerror"), ("src/plugin/load.c", "src/run/rank_context.c", "src/launch/audit/",
      "backends/", "devices/"),
     "cx_plugin_load"),
]


def read_layers(tree):
    """([(folder pattern, allowed patterns)], {header: allowed patterns}) of tools/layers.txt."""
    rows, headers = [], {}
    for line in tree.text("tools/layers.txt").split("\n"):
        line = line.split("#")[0].strip()
        if line.startswith("<"):
            header, _, allowed = line.partition(":")
            headers[header.strip("<>")] = allowed.split()
        elif line:
            folder, _, allowed = line.partition(":")
            rows.append((folder, allowed.split()))
    return rows, headers


def row_of(rows, folder):
    return next((row for row in rows if fnmatch.fnmatchcase(folder, row[0])), None)


def layer_of(rows, header):
    """The row name of a header written from src/."""
    if header.startswith("collectivex/"):
        return "abi"
    row = row_of(rows, os.path.dirname(header))
    return row[0] if row else None


@rule("layers", "src/ includes only what tools/layers.txt allows")
def check_layers(tree):
    rows, headers = read_layers(tree)
    for path in tree.select(*C_NAMES, under=("src/",)):
        folder = os.path.dirname(path)[len("src/"):]
        row = row_of(rows, folder)
        if row is None:
            yield Finding(path, 1, f"folder {folder} has no row in tools/layers.txt")
            continue
        for line, quote, header in tree.includes(path):
            if quote == "<":
                if LINKED_HEADER.match(header) and not any(
                        fnmatch.fnmatchcase(folder, p) for p in headers.get(header, [])):
                    yield Finding(path, line, f"{row[0]} may not include <{header}> (layers.txt)")
                continue
            if header in ("build.h", "generated/build.h"):
                continue
            if "/" not in header or ".." in header:
                yield Finding(path, line, f'write "{header}" from src/, as in "base/fail.h"')
                continue
            same = os.path.dirname(header) == folder
            layer = layer_of(rows, header)
            if layer is None:
                yield Finding(path, line, f'"{header}" lies in no folder of tools/layers.txt')
            elif not same and (layer not in row[1]):
                yield Finding(path, line, f'{folder} may not include "{header}" (layers.txt)')


@rule("abi-only", "devices and backends include include/collectivex and their own files alone")
def check_abi_only(tree):
    for path in tree.select(*C_NAMES, under=("devices/", "backends/")):
        folder = os.path.dirname(path)
        kind = path.split("/")[0]
        for line, quote, header in tree.includes(path):
            if quote == "<" or header.startswith("collectivex/"):
                continue
            target = os.path.normpath(os.path.join(folder, header))
            is_shared_body = target.startswith(kind + "/") and header.endswith(".inl")
            # What compilers of kernels name differently is said once, for devices and backends.
            is_shared_body |= target.startswith("devices/") and target.endswith("/names.inl")
            if not tree.has(target) or not (os.path.dirname(target) == folder or is_shared_body):
                yield Finding(path, line, f'a plugin may not include "{header}", only collectivex/, '
                              "its own headers and a shared body (.inl)")


@rule("vendor", "no vendor header in src/ or include/")
def check_vendor(tree):
    for path in tree.select(*C_NAMES, under=("src/", "include/")):
        for line, _, header in tree.includes(path):
            if VENDOR_HEADER.match(header):
                yield Finding(path, line, f"vendor header <{header}>: vendors live in devices/ and "
                              "backends/")


def calls(code, names):
    """Offsets and names of calls (and of the variables that names without a call can be)."""
    variables = {"stdout", "stderr", "environ"}
    for found in re.finditer(r"(?<![\w.>])(" + "|".join(names) + r")\b", code):
        is_call = re.match(r"\s*\(", code[found.end():])
        if is_call or found.group(1) in variables:
            yield found.start(), found.group(1)


@rule("banned", "calls that are never right here, with the replacement")
def check_banned(tree):
    for path in tree.select(*C_NAMES, under=("src/", "devices/", "backends/", "tests/", "bench/"),
                            but=("tests/lint/",)):
        code = tree.code(path)
        for offset, name in calls(code, BANNED):
            yield Finding(path, line_of(code, offset), f"{name}() is banned: use {BANNED[name]}")


def is_home(path, homes):
    """Homes are prefixes; with `!` everything else is one."""
    if homes and homes[0].startswith("!"):
        return not path.startswith(tuple(home[1:] for home in homes))
    return path.startswith(homes)


@rule("homes", "calls that have one home each")
def check_homes(tree):
    for path in tree.select(*C_NAMES, under=("src/", "devices/", "backends/")):
        code = tree.code(path)
        for names, homes, instead in HOMES:
            if is_home(path, homes):
                continue
            for offset, name in calls(code, names):
                yield Finding(path, line_of(code, offset), f"{name} does not belong here: use {instead}")


@rule("mark", "only src/measure/window.c stamps device events")
def check_mark(tree):
    for path in tree.select(*C_NAMES, under=("src/", "devices/", "backends/")):
        if path == "src/measure/window.c":
            continue
        code = tree.code(path)
        for found in re.finditer(r"(?:->|\.)\s*mark\s*\(", code):
            yield Finding(path, line_of(code, found.start()),
                          "a device event is marked by src/measure/window.c alone")
