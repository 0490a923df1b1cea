#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Claim: regime loop_mean agrees with nccl-tests run beside us with the same library: within 2 % from
16 MiB up, within 6 % or 1 us below. Reads folders of `run --backend nccl,nccltests --regime loop_mean`, in
which each number of ours is the median over loops and each of theirs is one loop."""

import argparse
import glob
import json
import os

LARGE_BYTES_MIN = 16 << 20
LARGE_RATIO_MAX, SMALL_RATIO_MAX, SMALL_ADDED_US_MAX = 1.02, 1.06, 1.0


def read(folders):
    """{(op, bytes): {backend: us}} of rows that are ok."""
    found = {}
    for folder in folders:
        for path in glob.glob(os.path.join(folder, "records", "*.json")):
            with open(path, encoding="utf-8") as file:
                record = json.load(file)
            case = {name: option["value"] for name, option in record["case"].items()}
            for row in record["rows"]:
                if row["status"] == "ok" and row["time_us_p50"]:
                    key = case["op"], row["message_bytes"]
                    found.setdefault(key, {})[case["backend"]] = row["time_us_p50"]
    return found


def is_alike(size, ours_us, theirs_us):
    ratio = max(ours_us / theirs_us, theirs_us / ours_us)
    if size >= LARGE_BYTES_MIN:
        return ratio <= LARGE_RATIO_MAX
    return ratio <= SMALL_RATIO_MAX or abs(ours_us - theirs_us) <= SMALL_ADDED_US_MAX


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+")
    found = read(parser.parse_args().folders)
    print("| operation | bytes | ours us | nccl-tests us | ratio | |\n|---|---|---|---|---|---|")
    alike = total = 0
    for (op, size), us in sorted(found.items()):
        if "nccl" in us and "nccltests" in us:
            good = is_alike(size, us["nccl"], us["nccltests"])
            alike, total = alike + good, total + 1
            print(f"| {op} | {size} | {us['nccl']:.2f} | {us['nccltests']:.2f} | "
                  f"{us['nccl'] / us['nccltests']:.3f} | {'ok' if good else '**apart**'} |")
    print(f"\n{alike} of {total} rows within the claim.")


if __name__ == "__main__":
    main()
