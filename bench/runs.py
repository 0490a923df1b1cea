# SPDX-License-Identifier: Apache-2.0
"""What the scripts of this folder share: running a command and knowing what it cost, reading the
rows of a folder of records, ratios and tables."""

import argparse
import glob
import json
import math
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

OPERATIONS = ["all_reduce", "all_gather", "reduce_scatter", "all_to_all", "all_to_all_v",
              "broadcast", "reduce", "gather", "scatter", "send_recv", "barrier"]


def parser(text, repeats):
    out = argparse.ArgumentParser(description=text)
    out.add_argument("build", help="folder of the build (cmake -DCX_BENCH=ON)")
    out.add_argument("--repeats", type=int, default=repeats)
    return out


def program(build):
    path = os.path.join(build, "collectivex")
    if not os.access(path, os.X_OK):
        sys.exit(f"{path}: no such program")
    return path


def environment():
    """Open MPI refuses root unless told."""
    return {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


def check(argv, ok=(0,)):
    """The output of a command that must end with one of these codes."""
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env=environment(), check=False)
    if done.returncode not in ok:
        sys.exit(f"{' '.join(argv)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def cost(argv):
    """Wall seconds, processor seconds and peak MiB of a command, its output thrown away."""
    start = time.monotonic()
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        child = subprocess.Popen(argv, stdout=nowhere)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{' '.join(argv)}: exit {child.returncode}")
    return (time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


class Folder:
    """A folder that is gone afterwards."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="cx-bench-")
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path)


def rows(folder):
    """Median time by (backend, operation, regime, bytes asked for), where there is one."""
    out = {}
    for path in glob.glob(folder + "/records/*.json"):
        with open(path, encoding="utf-8") as file:
            record = json.load(file)
        case = {name: option["value"] for name, option in record["case"].items()}
        for row in record["rows"]:
            if row["time_us_p50"]:
                key = (case["backend"], case["op"], case["regime"], row["requested_bytes"])
                out[key] = row["time_us_p50"]
    return out


def median(values):
    return statistics.median(values) if values else math.nan


def geometric_mean(values):
    return math.exp(statistics.fmean(math.log(v) for v in values)) if values else math.nan


def size_text(count):
    for unit, factor in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= factor:
            return f"{count // factor} {unit}"
    return f"{count} B"


def print_head(title):
    """Where and when: a ratio without its machine says nothing."""
    cpu = "unknown"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                cpu = line.split(":", 1)[1].strip()
                break
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"## {title}\n")
    print(f"`{' '.join([os.path.relpath(sys.argv[0]), *sys.argv[1:]])}` · "
          f"{time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime())} · {cpu}, "
          f"{len(os.sched_getaffinity(0))} processors · Linux {platform.release()} · "
          f"load {load}\n")


def print_table(columns, lines):
    print("| " + " | ".join(columns) + " |")
    print("|" + "---|" * len(columns))
    for line in lines:
        print("| " + " | ".join(line) + " |")
    print()
