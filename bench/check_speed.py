#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Claim: `check` looks through 10,000 records in under 10 s. The records are real: a run of that many
cases on the virtual clock, each with 12 sizes, 200 samples of each size and 2 ranks. With --keep
FOLDER the records are made once and used again."""

import os

import runs

SUITE = """suite: check-speed
summary: many small cases
defaults:
  backend: "null"
  device: sim
  op: [all_reduce, all_gather, reduce_scatter, all_to_all, broadcast]
  dtype: [int8, uint8, int16, int32, int64, uint64, fp16, bf16, fp32, fp64]
  placement: [out_of_place, in_place]
  regime: [isolated, steady]
  buffers: hot
  verify: false
  sizes: 8B:16KiB:x2
  samples-min: 200
  samples-max: 200
cases:
"""
CASES_PER_GROUP = 200


def make_records(build, folder, count):
    suite = folder + "/check-speed.yaml"
    with open(suite, "w", encoding="utf-8") as file:
        file.write(SUITE + "".join(f"  - seed: {i + 1}\n" for i in range(count // CASES_PER_GROUP)))
    runs.check([runs.program(build), "run", suite, "-n", "2", "-q", "-o", folder + "/out"],
               ok=(0, 1))


def measure(arguments, folder):
    records = folder + "/out"
    if not os.path.exists(records + "/plan.json"):
        make_records(arguments.build, folder, arguments.records)
    size_mib = sum(os.path.getsize(os.path.join(path, name)) for path, _, names in os.walk(records)
                   for name in names) / (1 << 20)
    found = [runs.cost([runs.program(arguments.build), "check", records])
             for _ in range(arguments.repeats)]
    wall, cpu, mib = (sorted(values) for values in zip(*found))
    count = len(os.listdir(records + "/records"))
    runs.print_head(f"Check of {count} records")
    runs.print_table(["records", "MiB on disk", "wall s, median", "wall s, least",
                      "processor s, median", "peak MiB"],
                     [[str(count), f"{size_mib:.0f}", f"{runs.median(wall):.2f}", f"{wall[0]:.2f}",
                       f"{runs.median(cpu):.2f}", f"{mib[-1]:.0f}"]])


def main():
    parser = runs.parser(__doc__, 3)
    parser.add_argument("--records", type=int, default=10000)
    parser.add_argument("--keep", help="folder of the records, made when it is not there")
    arguments = parser.parse_args()
    if arguments.keep:
        os.makedirs(arguments.keep, exist_ok=True)
        measure(arguments, arguments.keep)
    else:
        with runs.Folder() as folder:
            measure(arguments, folder)


if __name__ == "__main__":
    main()
