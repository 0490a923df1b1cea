#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Claim: a suite of 100,000 cases is expanded in under 1 s and 200 MiB."""

import runs

CASE_COUNT = 100000
GROUP_COUNT = 250  # times 5 * 10 * 2 * 2 * 2
SUITE = """suite: plan-speed
summary: a hundred thousand cases
defaults:
  backend: hostref
  op: [all_reduce, all_gather, reduce_scatter, all_to_all, broadcast]
  dtype: [int8, uint8, int16, int32, int64, uint64, fp16, bf16, fp32, fp64]
  placement: [out_of_place, in_place]
  regime: [isolated, steady]
  buffers: [rotated, hot]
cases:
"""


def main():
    arguments = runs.parser(__doc__, 7).parse_args()
    lines = []
    with runs.Folder() as folder:
        suite = folder + "/plan-speed.yaml"
        with open(suite, "w", encoding="utf-8") as file:
            file.write(SUITE + "".join(f"  - seed: {i + 1}\n" for i in range(GROUP_COUNT)))
        for form in ([], ["--format", "json"]):
            argv = [runs.program(arguments.build), "plan", suite, *form]
            listed = runs.check(argv)
            if listed.count("isolated") + listed.count("steady") < CASE_COUNT:
                raise SystemExit("the suite expands to fewer cases than it should")
            found = [runs.cost(argv) for _ in range(arguments.repeats)]
            wall, cpu, mib = (sorted(values) for values in zip(*found))
            lines.append([" ".join(["plan", "SUITE", *form]), f"{runs.median(wall):.2f}",
                          f"{wall[0]:.2f}", f"{runs.median(cpu):.2f}", f"{mib[-1]:.0f}"])
    runs.print_head(f"Expansion of {CASE_COUNT} cases")
    runs.print_table(["command", "wall s, median", "wall s, least", "processor s, median",
                      "peak MiB"], lines)


if __name__ == "__main__":
    main()
