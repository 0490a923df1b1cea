#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Claim: regime loop_mean agrees with nccl-tests run beside us with the same library and the same processes:
within 2 % from 16 MiB up, within 6 % or 1 us below. Reads folders of `run --backend nccl,nccltests
--nccltests-launch mpirun --regime loop_mean --launches N`; each side is its median over launches, with the
range of the launches beside it. A row is ok or apart by its medians alone; `apart, overlap` says that the
ranges of the launches overlap, so that the medians of these launches cannot tell the two from each other."""

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


def verdict(size, ours_us, theirs_us):
    ours, theirs = statistics.median(ours_us), statistics.median(theirs_us)
    ratio = max(ours / theirs, theirs / ours)
    if size >= LARGE_BYTES_MIN:
        alike = ratio <= LARGE_RATIO_MAX
    else:
        alike = ratio <= SMALL_RATIO_MAX or abs(ours - theirs) <= SMALL_ADDED_US_MAX
    if alike:
        return "ok"
    overlaps = min(ours_us) <= max(theirs_us) and min(theirs_us) <= max(ours_us)
    return "**apart**, overlap" if overlaps else "**apart**"


def cell(times_us):
    return f"{statistics.median(times_us):.2f} | {min(times_us):.2f}..{max(times_us):.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+")
    found = read(parser.parse_args().folders)
    print("| operation | placement | bytes | ours us | range | nccl-tests us | range | ratio | |\n"
          "|---|---|---|---|---|---|---|---|---|")
    alike = total = 0
    for (op, placement, size), us in sorted(found.items()):
        if "nccl" in us and "nccltests" in us:
            ours, theirs = us["nccl"], us["nccltests"]
            said = verdict(size, ours, theirs)
            alike, total = alike + (said == "ok"), total + 1
            ratio = statistics.median(ours) / statistics.median(theirs)
            print(f"| {op} | {placement} | {size} | {cell(ours)} | {cell(theirs)} | {ratio:.3f} | {said} |")
    print(f"\n{alike} of {total} rows within the claim.")


if __name__ == "__main__":
    main()
