#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The coverage gates: lines covered per folder, from gcovr's summary. Not the measurement itself."""

import collections
import json
import sys

GATES_PERCENT = {"src/measure": 95, "src/stats": 95, "src/family": 95, "src/judge": 95}
GATE_PERCENT_ELSEWHERE = 85


def folder_of(path):
    return "/".join(path.split("/")[:2])


def main(summary_path):
    with open(summary_path, encoding="utf-8") as stream:
        files = json.load(stream)["files"]
    covered, total = collections.Counter(), collections.Counter()
    for entry in files:
        covered[folder_of(entry["filename"])] += entry["line_covered"]
        total[folder_of(entry["filename"])] += entry["line_total"]
    is_short = False
    for folder in sorted(total):
        percent = 100.0 * covered[folder] / max(total[folder], 1)
        gate = GATES_PERCENT.get(folder, GATE_PERCENT_ELSEWHERE)
        verdict = "" if percent >= gate else f"  under the gate of {gate} %"
        is_short |= percent < gate
        print(f"{folder:24} {percent:5.1f} % of {total[folder]:6} lines{verdict}")
        if verdict:
            for entry in sorted(files, key=lambda e: e["line_covered"] - e["line_total"]):
                missed = entry["line_total"] - entry["line_covered"]
                if folder_of(entry["filename"]) == folder and missed:
                    print(f"    {entry['filename']}: {missed} lines not run")
    return 1 if is_short else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
