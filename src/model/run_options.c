/* SPDX-License-Identifier: Apache-2.0 */
/* The table of everything that can be asked of a run. */
#include "model/run_options.h"

const char *const cx_format_slugs[]   = {"table", "json", "ndjson", "csv", "md", NULL};
const char *const cx_color_slugs[]    = {"auto", "always", "never", NULL};
const char *const cx_progress_slugs[] = {"auto", "bar", "line", "none", NULL};

#define FREE CX_OPTION_FREE

const cx_option_t cx_run_options[] = {
    CX_OPTION_INT(cx_run_options_t, ranks, "ranks", FREE, "0", 0, 1024,
                  "Rank processes to start on this host (-n); 0: one per processor, 2 to 8."),
    CX_OPTION_BOOL(cx_run_options_t, takes_mixed_devices, "mixed-devices", FREE, "false",
                   "Accept devices of different models; the numbers are diagnostic then."),
    CX_OPTION_INT(cx_run_options_t, nodes, "nodes", FREE, "1", 1, 4096,
                  "Hosts on which this command is started by hand, each with --ranks ranks."),
    CX_OPTION_INT(cx_run_options_t, node_index, "node-index", FREE, "0", 0, 4095,
                  "Which of the hosts this is."),
    CX_OPTION_TEXT(cx_run_options_t, rendezvous, "rendezvous", FREE, false, "",
                   "HOST:PORT of rank 0, for --nodes over 1."),
    CX_OPTION_INT(
        cx_run_options_t, launches, "launches", FREE, "1", 1, 1000,
        "Fresh starts of all processes; the order of cases is shuffled from the second on."),
    CX_OPTION_INT(cx_run_options_t, order_seed, "order-seed", FREE, "1", 0, 9e15,
                  "Seed of that shuffling."),
    CX_OPTION_TEXT(cx_run_options_t, output, "output", FREE, false, "",
                   "Folder for records (-o); empty: cx-results/<suite>-<time> below this one."),
    CX_OPTION_BOOL(cx_run_options_t, is_resumed, "resume", FREE, "false",
                   "Continue the plan in --output: cases that ended ok are not run again."),
    CX_OPTION_TIME(cx_run_options_t, grace_us, "grace", FREE, "5s", 0, 3.6e9,
                   "How long after a phase's --timeout silent ranks are killed."),
    CX_OPTION_BOOL(cx_run_options_t, is_audited, "audit", FREE, "false",
                   "Count allocations and file operations inside timed windows; any is invalid."),
    CX_OPTION_BOOL(cx_run_options_t, is_redacted, "redact", FREE, "true",
                   "Replace names of hosts, users and addresses in records by stable hashes."),
    CX_OPTION_ENUM(cx_run_options_t, shown.format, "format", FREE, "table", cx_format_slugs,
                   "What stdout gets."),
    CX_OPTION_TEXT(cx_run_options_t, summary, "summary", FREE, false, "",
                   "Also write a Markdown summary to this file (for a CI job)."),
    CX_OPTION_ENUM(cx_run_options_t, progress, "progress", FREE, "auto", cx_progress_slugs,
                   "Progress on stderr."),
    CX_STYLE_OPTIONS(cx_run_options_t, shown.style),
    CX_OPTION_BOOL(cx_run_options_t, is_quiet, "quiet", FREE, "false",
                   "No progress and no hints (-q)."),
    CX_OPTION_BOOL(cx_run_options_t, shown.is_verbose, "verbose", FREE, "false",
                   "Every row of every case (-v)."),
    CX_OPTION_END,
};
