#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Claim: hostref is at no size slower than Open MPI, and 1.5 times as fast in the geometric mean of
all_reduce and all_to_all. Both backends run in one harness, started by one mpirun, so with the same
processors, a few sizes at a time, so that they are compared within a second; the plain loop of osu_loop.c
follows, against hostref on hot buffers. A cell is the median over the ratios of the repetitions."""

import collections
import json
import os

import runs

# Sizes that run together, and the milliseconds each gets: verifying a large one takes its time.
CHUNKS = [([8, 32, 128, 512], 40), ([2048, 8192, 32768, 131072], 40),
          ([512 << 10, 2 << 20], 200), ([8 << 20], 400), ([32 << 20, 64 << 20], 800)]
BARRIER_CHUNKS = [([0], 40)]
REGIMES = ("isolated", "steady")
SLOWER_RATIO = 0.98  # what counts as slower: more than chance on a shared machine


def run_harness(build, op, chunk, options):
    """Microseconds by (backend, regime, bytes)."""
    sizes, budget_ms = chunk
    argv = ["mpirun", "-n", "2", runs.program(build), "run", "--op", op, "--regime",
            ",".join(REGIMES), "--budget", f"{budget_ms}ms", "-q", *options]
    if op != "barrier":
        argv += ["--sizes", ",".join(f"{size}B" for size in sizes)]
    with runs.Folder() as folder:
        runs.check([*argv, "-o", folder + "/out"], ok=(0, 1))
        return {(backend, regime, size): us
                for (backend, _, regime, size), us in runs.rows(folder + "/out").items()}


def run_loop(build, op, chunk):
    """Microseconds by (regime, bytes)."""
    sizes, budget_ms = chunk
    text = runs.check(["mpirun", "-n", "2", os.path.join(build, "bench", "osu_loop"), op,
                       str(budget_ms), *[str(size) for size in sizes]])
    found = {}
    for line in (json.loads(one) for one in text.splitlines()):
        found["isolated", line["bytes"]] = line["isolated_us"]
        found["steady", line["bytes"]] = line["chain_us"]
    return found


def compare(build, op, chunk, with_loop):
    """MPI's time over hostref's by (regime, bytes, against), of one repetition."""
    found = {}
    both = run_harness(build, op, chunk, ["--backend", "hostref,mpi"])
    for (backend, regime, size), us in both.items():
        if backend == "hostref" and ("mpi", regime, size) in both:
            found[regime, size, "mpi"] = both["mpi", regime, size] / us
    if with_loop:
        buffers = [] if op == "barrier" else ["--buffers", "hot"]
        hot = run_harness(build, op, chunk, ["--backend", "hostref", *buffers])
        for (regime, size), us in run_loop(build, op, chunk).items():
            if ("hostref", regime, size) in hot:
                found[regime, size, "loop"] = us / hot["hostref", regime, size]
    return found


def mark(ratio):
    return f"**{ratio:.2f}**" if ratio < SLOWER_RATIO else f"{ratio:.2f}"


def print_regime(ratios, ops, regime, against):
    sizes = sorted({key[2] for key in ratios if key[1] == regime and key[3] == against})
    if not sizes:
        return
    lines = [[op] + [mark(ratios[op, regime, size, against])
                     if (op, regime, size, against) in ratios else "" for size in sizes]
             for op in ops]
    title = "backend mpi, rotated buffers" if against == "mpi" else "osu_loop, hot buffers"
    print(f"### {regime}, {title}\n")
    runs.print_table(["operation"] + [runs.size_text(size) for size in sizes], lines)
    chosen = {key: ratio for key, ratio in ratios.items() if key[1] == regime and key[3] == against}
    slower = sum(ratio < SLOWER_RATIO for ratio in chosen.values())
    mean = runs.geometric_mean([ratio for key, ratio in chosen.items()
                                if key[0] in ("all_reduce", "all_to_all")])
    print(f"{slower} of {len(chosen)} points slower; geometric mean of all_reduce and all_to_all "
          f"{mean:.2f}.\n")


def main():
    parser = runs.parser(__doc__, 5)
    parser.add_argument("--ops", default=",".join(runs.OPERATIONS))
    parser.add_argument("--no-loop", action="store_true", help="only the two backends")
    arguments = parser.parse_args()
    ops = arguments.ops.split(",")
    seen = collections.defaultdict(list)
    for _ in range(arguments.repeats):
        for op in ops:
            for chunk in BARRIER_CHUNKS if op == "barrier" else CHUNKS:
                found = compare(arguments.build, op, chunk, not arguments.no_loop)
                for key, ratio in found.items():
                    seen[(op, *key)].append(ratio)
    ratios = {key: runs.median(values) for key, values in seen.items()}
    runs.print_head("hostref against Open MPI: MPI's time over hostref's")
    print(f"Above 1: hostref is faster; bold: slower (below {SLOWER_RATIO}).\n")
    for against in ("mpi", "loop"):
        for regime in REGIMES:
            print_regime(ratios, ops, regime, against)


if __name__ == "__main__":
    main()
