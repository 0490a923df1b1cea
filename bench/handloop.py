#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Claims, for backend nccl on GPUs: the periods of regimes steady and graph agree with a plain loop over
ncclAllReduce within 2 %, and the host's time for an operation that is enqueued is at most 0.5 us above a
bare loop over the same call. The two loops run in turn; reported are medians over the ratios of neighbouring
runs. NVLink multicast is off for both."""

import collections
import json
import os
import sys

import runs

SIZES = [8, 4096, 65536, 1 << 20, 16 << 20, 128 << 20]
HOST_SIZES = [8, 4096, 65536]
RATIO_MAX = 1.02
ADDED_US_MAX = 0.5
REGIMES = ["steady", "graph"]
GRAPH_OPS = 100  # as handloop.c has


def run_ours(build, arguments):
    """Periods by (regime, bytes), from the records of one run."""
    argv = [runs.program(build), "run", "-n", str(arguments.ranks), "--device", "cuda", "--backend", "nccl",
            "--op", "all_reduce", "--regime", ",".join(REGIMES), "--buffers", "hot", "--graph-ops", str(GRAPH_OPS),
            "--sizes", ",".join(f"{size}B" for size in SIZES), "--budget", f"{arguments.budget_ms}ms", "-q"]
    with runs.Folder() as folder:
        runs.check([*argv, "-o", folder + "/out"], ok=(0, 1))
        return {key[2:]: us for key, us in runs.rows(folder + "/out").items()}


def run_loop(build, arguments):
    """The same of the plain loop."""
    argv = [os.path.join(build, "bench", "handloop"), str(arguments.ranks), str(arguments.budget_ms)]
    text = runs.check([*argv, *(str(size) for size in SIZES)])
    lines = [json.loads(line) for line in text.splitlines()]
    return {(regime, line["bytes"]): line[regime + "_us"] for line in lines for regime in REGIMES}


def compare_periods(build, arguments):
    """[(ours, theirs)] by (regime, bytes); empty where we have no result."""
    out = collections.defaultdict(list)
    for _ in range(arguments.repeats):
        theirs = run_loop(build, arguments)
        ours = run_ours(build, arguments)
        for key in theirs:
            out[key] += [(ours[key], theirs[key])] if key in ours else []
    return out


def period_line(regime, size, pairs):
    ratio = runs.median([ours / theirs for ours, theirs in pairs])
    good = 1 / RATIO_MAX <= ratio <= RATIO_MAX  # no result is not good
    return [regime, runs.size_text(size), str(len(pairs)), f"{runs.median([t for _, t in pairs]):.3f}",
            f"{runs.median([o for o, _ in pairs]):.3f}", f"{ratio:.3f}", "ok" if good else "**apart**"]


def compare_hosts(build, arguments):
    """[line of enqueue_cost] by bytes."""
    out = collections.defaultdict(list)
    argv = [os.path.join(build, "bench", "enqueue_cost"), str(arguments.ranks)]
    os.environ["CX_PLUGIN_PATH"] = arguments.plugins or os.path.join(build, "plugins")
    for _ in range(arguments.repeats):
        for line in runs.check([*argv, *(str(size) for size in HOST_SIZES)]).splitlines():
            found = json.loads(line)
            out[found["bytes"]].append(found)
    return out


def host_line(size, found, way):
    bare_us = runs.median([line["bare_us"] for line in found])
    added_us = runs.median([line[way + "_us"] - line["bare_us"] for line in found])
    return [way, runs.size_text(size), str(len(found)), f"{bare_us:.3f}", f"{added_us:+.3f}",
            f"{1 + added_us / bare_us:.3f}", "ok" if added_us <= ADDED_US_MAX else "**more**"]


def print_verdict(lines, words):
    print(f"{sum(line[-1] == 'ok' for line in lines)} of {len(lines)} rows {words}.\n")
    return all(line[-1] == "ok" for line in lines)


def main():
    parser = runs.parser(__doc__, 7)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--budget-ms", type=int, default=60, help="per size and regime")
    parser.add_argument("--plugins", help="folder of cx-device-cuda.so and cx-backend-nccl.so [BUILD/plugins]")
    arguments = parser.parse_args()
    os.environ["NCCL_NVLS_ENABLE"] = "0"
    runs.print_head("Periods and host time against a plain loop over ncclAllReduce")
    lines = [period_line(regime, size, pairs)
             for (regime, size), pairs in sorted(compare_periods(arguments.build, arguments).items())]
    runs.print_table(["regime", "size", "pairs", "loop µs", "ours µs", "ratio", "verdict"], lines)
    good = print_verdict(lines, f"within {100 * (RATIO_MAX - 1):.0f} %")
    lines = [host_line(size, found, way)
             for size, found in sorted(compare_hosts(arguments.build, arguments).items())
             for way in ("loop", "steady")]
    runs.print_table(["window", "size", "runs", "bare call µs", "added µs", "ratio", "verdict"], lines)
    good = print_verdict(lines, f"with at most {ADDED_US_MAX} µs more (steady has a stamp for 64 operations)") and good
    sys.exit(not good)


if __name__ == "__main__":
    main()
