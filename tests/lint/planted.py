# SPDX-License-Identifier: Apache-2.0
"""A small clean checkout, and for every rule of tools/lint.py the violations it must find in it."""

SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"
HEAD = SPDX + "/* What it is for. */\n"
HASH = "# SPDX-License-Identifier: Apache-2.0\n"


def c(body):
    return HEAD + body


def header(body):
    return HEAD + "#ifndef CX_X_H\n#define CX_X_H\n" + body + "\n#endif\n"


# Code that comes near to every rule and breaks none.
CLEAN = {
    "README.md": "# A program\n\nSee [where](docs/where.md#where-things-are) and `src/stats/mean.c:cx_mean()`.\n",
    "docs/where.md": "# Where things are\n\n| Where is ... | Look in |\n|---|---|\n"
                     "| the mean | `src/stats/mean.c:cx_mean()` |\n",
    "include/collectivex/README.md": "# The ABI\n",
    "include/collectivex/device.h":
        SPDX + "/* A device. */\n#ifndef CX_DEVICE_H\n#define CX_DEVICE_H\n"
        "#ifdef __cplusplus\nextern \"C\" {\n#endif\n"
        "typedef struct cx_ops {\n    unsigned struct_size;\n    void (*mark)(int index);\n} cx_ops_t;\n"
        "#ifdef __cplusplus\n}\n#endif\n#endif\n",
    "src/base/README.md": "# src/base\n",
    "src/base/text.h": header("double cx_text_seconds(const char *text, double default_s);"),
    "src/base/text.c": c('#include "base/text.h"\n\n'
                         "double cx_text_seconds(const char *text, double default_s)\n{\n"
                         "    /* sprintf() and exit() in a comment */\n"
                         "    return text[0] == '{' || text[0] == '\"' ? default_s : 0;\n}\n"),
    "src/stats/README.md": "# src/stats\n",
    "src/stats/mean.c": c('#include "base/text.h"\n\ndouble cx_mean(const double *values_us, int count);\n\n'
                          "double cx_mean(const double *values_us, int count)\n{\n"
                          "    return count ? values_us[0] : 0;\n}\n"),
    "src/measure/README.md": "# src/measure\n",
    "src/measure/window.c": c('#include "collectivex/device.h"\n\nvoid cx_window_run(const cx_ops_t *ops);\n\n'
                              "void cx_window_run(const cx_ops_t *ops)\n{\n    ops->mark(0);\n}\n"),
    "tests/unit/stats/test_mean.c": c("int main(void)\n{\n    return 0;\n}\n"),
    "tests/unit/measure/test_window.c": c("int main(void)\n{\n    return 0;\n}\n"),
    "tools/README.md": "# tools\n",
    "tools/greet.sh": "#!/usr/bin/env bash\n" + HASH + "echo \"hello\"\n",
}


def function_with(body, params="void"):
    return c(f"int cx_f({params});\n\nint cx_f({params})\n{{\n{body}}}\n")


NESTED = "    if (a) {\n" * 1 + "    while (a) {\n" * 4 + "    a = 0;\n" + "    }\n" * 5 + "    return a;\n"
BRANCHES = "".join(f"    if (a == {i}) {{\n        return {i};\n    }}\n" for i in range(16))

# rule, files laid over CLEAN, the path of the finding, words of the finding
PLANTED = [
    ("layers", {"src/stats/a.c": c('#include "model/case.h"\n')}, "src/stats/a.c", "stats may not include"),
    ("layers", {"src/family/copy/a.c": c('#include "family/ep/ep.h"\n')}, "src/family/copy/a.c", "may not include"),
    ("layers", {"src/measure/a.c": c('#include "family/family.h"\n')}, "src/measure/a.c", "may not include"),
    ("layers", {"src/base/a.c": c('#include "text.h"\n')}, "src/base/a.c", "from src/"),
    ("layers", {"src/base/a.c": c("#include <hwloc.h>\n")}, "src/base/a.c", "<hwloc.h>"),
    ("layers", {"src/fresh/a.c": c("")}, "src/fresh/a.c", "no row"),
    ("abi-only", {"backends/x/x.c": c('#include "base/fail.h"\n')}, "backends/x/x.c", "may not include"),
    ("abi-only", {"backends/x/x.c": c('#include "../../src/base/text.h"\n')}, "backends/x/x.c", "may not include"),
    ("abi-only", {"backends/x/x.c": c('#include "../y/y.h"\n'), "backends/y/y.h": header("")},
     "backends/x/x.c", "may not include"),
    ("vendor", {"src/target/a.c": c("#include <cuda_runtime.h>\n")}, "src/target/a.c", "cuda_runtime.h"),
    ("vendor", {"src/peers/a.c": c("#include <mpi.h>\n")}, "src/peers/a.c", "mpi.h"),
    ("banned", {"src/base/a.c": function_with("    sprintf(0, 0);\n    return 0;\n")}, "src/base/a.c", "snprintf"),
    ("banned", {"backends/x/x.c": function_with("    return system (0);\n")}, "backends/x/x.c", "execvp"),
    ("banned", {"tests/unit/base/test_a.c": function_with("    return rand();\n")},
     "tests/unit/base/test_a.c", "prng.h"),
    ("homes", {"src/stats/a.c": function_with("    return !malloc(8);\n")}, "src/stats/a.c", "memory that"),
    ("homes", {"src/measure/window.c": function_with("    free(0);\n    return 0;\n")},
     "src/measure/window.c", "allocates nothing"),
    ("homes", {"src/run/a.c": function_with("    return printf(0);\n")}, "src/run/a.c", "src/cli"),
    ("homes", {"src/run/a.c": function_with("    return fputs(0, stdout);\n")}, "src/run/a.c", "src/cli"),
    ("homes", {"backends/x/x.c": function_with("    exit(1);\n")}, "backends/x/x.c", "a status"),
    ("homes", {"src/peers/local.c": function_with("    return !getenv(0);\n")}, "src/peers/local.c", "reads the environment"),
    ("homes", {"src/measure/a.c": function_with("    return clock_gettime(0, 0);\n")}, "src/measure/a.c", "cx_now_ns"),
    ("homes", {"src/target/a.c": function_with("    return !dlopen(0, 0);\n")}, "src/target/a.c", "cx_plugin_load"),
    ("mark", {"src/measure/a.c": function_with("    ops->mark(0);\n    return 0;\n")}, "src/measure/a.c", "window.c"),
    ("mark", {"backends/x/x.c": function_with("    ops.mark (0);\n    return 0;\n")}, "backends/x/x.c", "window.c"),
    ("units", {"src/base/a.h": header("struct cx_a {\n    double latency;\n};")}, "src/base/a.h", "latency"),
    ("units", {"src/base/a.h": header("void cx_a(int x, int64_t buffer_size);")}, "src/base/a.h", "buffer_size"),
    ("units", {"src/base/a.h": header("struct cx_a {\n    double first_us, sizes[4];\n};")}, "src/base/a.h", "sizes"),
    ("units", {"src/base/a.c": function_with("    return 0;\n", "double timeout")}, "src/base/a.c", "timeout"),
    ("parameters", {"src/base/a.c": function_with("    return 0;\n", ", ".join(f"int a{i}" for i in range(7)))},
     "src/base/a.c", "7 parameters"),
    ("nesting", {"src/base/a.c": function_with(NESTED, "int a")}, "src/base/a.c", "nests 5"),
    ("file-length", {"src/base/a.c": c("/* */\n" * 500)}, "src/base/a.c", "502 lines"),
    ("file-length", {"src/model/a_options.c": c("/* */\n" * 800)}, "src/model/a_options.c", "802 lines"),
    ("complexity", {"src/base/a.c": function_with("    a++;\n" * 80, "int a")}, "src/base/a.c", "lines"),
    ("complexity", {"src/base/a.c": function_with(BRANCHES + "    return a;\n", "int a")}, "src/base/a.c", "complexity"),
    ("spdx", {"src/base/a.c": "/* No licence. */\n"}, "src/base/a.c", "SPDX"),
    ("spdx", {"tools/a": "#!/bin/sh\necho\n"}, "tools/a", "SPDX"),
    ("head", {"src/base/a.c": SPDX + "int a;\n"}, "src/base/a.c", "what the file is for"),
    ("readme", {"devices/x/x.c": c("")}, "devices/x/README.md", "missing"),
    ("readme", {"src/base/README.md": "\n" * 21}, "src/base/README.md", "more than 20"),
    ("unfinished", {"src/base/a.c": c("/* FIXME: later */\n")}, "src/base/a.c", "FIXME"),
    ("unfinished", {"docs/a.md": "A TODO list.\n"}, "docs/a.md", "TODO"),
    ("machine", {"docs/a.md": "Look into /home/somebody/notes.\n"}, "docs/a.md", "belongs to one machine"),
    ("machine", {"docs/a.md": "Log in to login7.cluster.internal first.\n"}, "docs/a.md", "login7"),
    ("whitespace", {"docs/a.md": "A blank \n"}, "docs/a.md", "blank"),
    ("whitespace", {"src/base/a.c": c("\tint a;\n")}, "src/base/a.c", "tab"),
    ("whitespace", {"docs/a.md": "no newline"}, "docs/a.md", "newline"),
    ("tests-exist", {"src/judge/a.c": c("")}, "src/judge/a.c", "tests/unit/judge/test_a.c"),
    ("tests-exist", {"src/family/ep/a.c": c("")}, "src/family/ep/a.c", "tests/unit/family/ep/test_a.c"),
    ("where", {"docs/where.md": "| the median | `src/stats/mean.c:cx_median()` |\n"}, "docs/where.md", "cx_median"),
    ("where", {"docs/where.md": "| the median | `src/stats/median.c:cx_median()` |\n"}, "docs/where.md", "median.c"),
    ("where", {"docs/where.md": "| the median | somewhere |\n"}, "docs/where.md", "no file"),
    ("where", {"docs/tour.md": "Then `src/stats/mean.c:cx_gone()`.\n"}, "docs/tour.md", "cx_gone"),
    ("links", {"docs/a.md": "[gone](gone.md)\n"}, "docs/a.md", "gone.md"),
    ("links", {"docs/a.md": "[gone](where.md#nowhere)\n"}, "docs/a.md", "#nowhere"),
    ("headers", {"src/base/a.h": header("int64_t cx_a(void);")}, "src/base/a.h", "int64_t"),
    ("headers", {"include/collectivex/a.h": header("typedef struct cx_a { int class; } cx_a_t;")},
     "include/collectivex/a.h", "declaration does not declare"),
    ("format", {"src/base/a.c": c("int  cx_a( void );\n")}, "src/base/a.c", "clang-format -i"),
    ("spelling", {"docs/a.md": "We recieve it.\n"}, "docs/a.md", "receive"),
    ("shell", {"tools/a.sh": "#!/usr/bin/env bash\n" + HASH + "rm $1\n"}, "tools/a.sh", "SC2086"),
]

# rule `commits`: message, touched file, whether it must be refused
COMMITS = [
    ("stats: new median\n\nWhy.\n", ["src/stats/mean.c"], True),
    ("stats: new median\n\nMeasurement: none\n", ["src/stats/mean.c"], False),
    ("stats: new median\n\nMeasurement: a/1 -> /2, median of pairs\n", ["src/stats/mean.c"], True),
    ("stats: new median\n\nMeasurement: a/1 -> /2, median of pairs\n",
     ["src/stats/mean.c", "registry/contracts.json"], False),
    ("docs: explain\n", ["docs/where.md"], False),
]
