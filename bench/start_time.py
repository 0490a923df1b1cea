#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Claim: from the start of `collectivex run -n 2` to the first measured iteration in under 150 ms.
Measured from outside: from before the process is made to the first event of a measured size, with
so small a budget that it follows the first iterations at once. So it is an upper bound."""

import json
import subprocess
import time

import runs


def start_once(program, folder, options):
    """Milliseconds to the events case_start and point, and to the end."""
    argv = [program, "run", "-n", "2", "--backend", "hostref", "--op", "all_reduce", "--sizes", "8B",
            "--samples-min", "1", "--samples-max", "8", "--warmup-min", "0", "--budget", "0us",
            "--format", "ndjson", "-q", "-o", folder, *options]
    seen = {}
    start = time.monotonic()
    with subprocess.Popen(argv, stdout=subprocess.PIPE, close_fds=False) as child:
        for line in child.stdout:
            seen.setdefault(json.loads(line)["event"], 1e3 * (time.monotonic() - start))
    seen["end"] = 1e3 * (time.monotonic() - start)
    return seen


def main():
    arguments = runs.parser(__doc__, 25).parse_args()
    lines = []
    program = runs.program(arguments.build)
    for title, options in (("64 MiB of rotated buffers (default)", []),
                           ("hot buffers", ["--buffers", "hot"])):
        found = []
        for _ in range(arguments.repeats):
            with runs.Folder() as folder:
                found.append(start_once(program, folder + "/out", options))
        for event in ("case_start", "point", "end"):
            values = sorted(one[event] for one in found)
            lines.append([title, event, f"{runs.median(values):.0f}", f"{values[0]:.0f}",
                          f"{values[-1]:.0f}"])
    runs.print_head("Start to first measured iteration, 2 ranks")
    runs.print_table(["buffers", "until", "ms, median", "least", "most"], lines)


if __name__ == "__main__":
    main()
