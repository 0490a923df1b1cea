#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Claim: hostref is at no size slower than Open MPI, and 1.5 times as fast in the geometric mean of
all_reduce and all_to_all. Both backends run in one harness, started by one mpirun, so with the same
processors; the plain loop of osu_loop.c stands against hostref on hot buffers. A shared machine has fast and
slow minutes, so a cell is the ratio of the least of all runs' medians; the means are also given for the
medians over the ratios of each run."""

import collections
import json
import os

import runs

SIZES = [*runs.ladder(8, 32 << 20, 4), 64 << 20]
REGIMES = ("isolated", "steady")
SLOWER_RATIO = 0.98  # what counts as slower: more than chance on a shared machine


def run_harness(build, op, budget_ms, options):
    argv = ["mpirun", "-n", "2", runs.program(build), "run", "--op", op, "--regime",
            ",".join(REGIMES), "--budget", f"{budget_ms}ms", "-q", *options]
    if op != "barrier":
        argv += ["--sizes", ",".join(f"{size}B" for size in SIZES)]
    with runs.Folder() as folder:
        runs.check([*argv, "-o", folder + "/out"], ok=(0, 1))
        return runs.rows(folder + "/out")


def run_loop(build, op, budget_ms):
    sizes = ["0"] if op == "barrier" else [str(size) for size in SIZES]
    text = runs.check(["mpirun", "-n", "2", os.path.join(build, "bench", "osu_loop"), op,
                       str(budget_ms), *sizes])
    found = {}
    for line in (json.loads(one) for one in text.splitlines()):
        found["isolated", line["bytes"]] = line["isolated_us"]
        found["steady", line["bytes"]] = line["chain_us"]
    return found


def compare(build, op, budget_ms, with_loop):
    """(MPI's time, hostref's time) by (regime, bytes, against), of one repetition."""
    found = {}
    both = run_harness(build, op, budget_ms, ["--backend", "hostref,mpi"])
    for (backend, _, regime, size), us in both.items():
        other = both.get(("mpi", op, regime, size))
        if backend == "hostref" and other:
            found[regime, size, "mpi"] = (other, us)
    if with_loop:
        buffers = [] if op == "barrier" else ["--buffers", "hot"]
        hot = run_harness(build, op, budget_ms, ["--backend", "hostref", *buffers])
        for (regime, size), us in run_loop(build, op, budget_ms).items():
            mine = hot.get(("hostref", op, regime, size))
            if mine:
                found[regime, size, "loop"] = (us, mine)
    return found


def mark(ratio):
    return f"**{ratio:.2f}**" if ratio < SLOWER_RATIO else f"{ratio:.2f}"


def main():
    parser = runs.parser(__doc__, 3)
    parser.add_argument("--ops", default=",".join(runs.OPERATIONS))
    parser.add_argument("--budget-ms", type=int, default=40, help="per size, regime and backend")
    parser.add_argument("--no-loop", action="store_true", help="only the two backends")
    arguments = parser.parse_args()
    ops = arguments.ops.split(",")
    seen = collections.defaultdict(list)
    for _ in range(arguments.repeats):
        for op in ops:
            found = compare(arguments.build, op, arguments.budget_ms, not arguments.no_loop)
            for key, value in found.items():
                seen[(op, *key)].append(value)
    least = {key: min(a for a, _ in pairs) / min(b for _, b in pairs)
             for key, pairs in seen.items()}
    middle = {key: runs.median([a / b for a, b in pairs]) for key, pairs in seen.items()}
    runs.print_head("hostref against Open MPI: MPI's time over hostref's")
    print(f"Above 1: hostref is faster; bold: slower (below {SLOWER_RATIO}).\n")
    for regime in REGIMES:
        for against in ("mpi", "loop"):
            print_regime(least, middle, ops, regime, against)


def main_mean(ratios, regime, against):
    return runs.geometric_mean([ratio for key, ratio in ratios.items()
                                if key[1] == regime and key[3] == against
                                and key[0] in ("all_reduce", "all_to_all")])


def print_regime(least, middle, ops, regime, against):
    sizes = sorted({key[2] for key in least if key[1] == regime and key[3] == against})
    if not sizes:
        return
    lines = [[op] + [mark(least[op, regime, size, against])
                     if (op, regime, size, against) in least else "" for size in sizes]
             for op in ops]
    title = "backend mpi, rotated buffers" if against == "mpi" else "osu_loop, hot buffers"
    print(f"### {regime}, {title}\n")
    runs.print_table(["operation"] + [runs.size_text(size) for size in sizes], lines)
    chosen = [ratio for key, ratio in least.items() if key[1] == regime and key[3] == against]
    slower = sum(ratio < SLOWER_RATIO for ratio in chosen)
    print(f"{slower} of {len(chosen)} points slower; geometric mean of all_reduce and all_to_all "
          f"{main_mean(least, regime, against):.2f} "
          f"({main_mean(middle, regime, against):.2f} by medians of ratios).\n")


if __name__ == "__main__":
    main()
