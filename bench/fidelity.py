#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Claim: regime loop_mean agrees with nccl-tests run beside us with the same library and the same processes:
within 2 % from 16 MiB up, within 6 % or 1 us below. Reads folders of `run --backend nccl,nccltests
--nccltests-launch mpirun --regime loop_mean --launches N`; each side is its median over launches, with the
range of the launches beside it. A row is ok by its medians; `fastest` says that these are apart and the fastest
launches alike: where a loop is at the pace of the host, launches fall into slow and fast ones, on both sides."""

import argparse
import glob
import json
import os
import statistics

LARGE_BYTES_MIN = 16 << 20
LARGE_RATIO_MAX, SMALL_RATIO_MAX, SMALL_ADDED_US_MAX = 1.02, 1.06, 1.0


def read(folders):
    """{(op, placement, bytes): {backend: [us by launch]}} of rows that are ok."""
    found = {}
    for folder in folders:
        for path in glob.glob(os.path.join(folder, "records", "*.json")):
            with open(path, encoding="utf-8") as file:
                record = json.load(file)
            case = {name: option["value"] for name, option in record["case"].items()}
            for row in record["rows"]:
                if row["status"] == "ok" and row["time_us_p50"]:
                    key = case["op"], case["placement"], row["message_bytes"]
                    times = found.setdefault(key, {}).setdefault(case["backend"], [])
                    times.append(row["time_us_p50"])
    return found


def is_alike(size, ours, theirs):
    ratio = max(ours / theirs, theirs / ours)
    if size >= LARGE_BYTES_MIN:
        return ratio <= LARGE_RATIO_MAX
    return ratio <= SMALL_RATIO_MAX or abs(ours - theirs) <= SMALL_ADDED_US_MAX


def verdict(size, ours_us, theirs_us):
    if is_alike(size, statistics.median(ours_us), statistics.median(theirs_us)):
        return "ok"
    return "fastest" if is_alike(size, min(ours_us), min(theirs_us)) else "**apart**"


def cell(times_us):
    return f"{statistics.median(times_us):.2f} | {min(times_us):.2f}..{max(times_us):.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+")
    found = read(parser.parse_args().folders)
    print("| operation | placement | bytes | ours us | range | nccl-tests us | range | ratio | |\n"
          "|---|---|---|---|---|---|---|---|---|")
    said = []
    for (op, placement, size), us in sorted(found.items()):
        if "nccl" in us and "nccltests" in us:
            ours, theirs = us["nccl"], us["nccltests"]
            said.append(verdict(size, ours, theirs))
            ratio = statistics.median(ours) / statistics.median(theirs)
            print(f"| {op} | {placement} | {size} | {cell(ours)} | {cell(theirs)} | {ratio:.3f} | {said[-1]} |")
    print(f"\n{said.count('ok')} of {len(said)} rows within the claim by their medians, "
          f"{said.count('fastest')} more by their fastest launches.")


if __name__ == "__main__":
    main()
