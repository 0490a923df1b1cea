/* SPDX-License-Identifier: Apache-2.0 */
/* Options of a whole run: who runs it, how often, where results go and how they are shown.
 * Not what is measured (case.h): none of these may move a number except as it says. */
#ifndef CX_MODEL_RUN_OPTIONS_H
#define CX_MODEL_RUN_OPTIONS_H

#include "model/options.h"

/* --color, as a table holds it; the order is that of the option's choices. */
typedef int32_t cx_color_t;
enum { CX_COLOR_AUTO, CX_COLOR_ALWAYS, CX_COLOR_NEVER, CX_COLOR_COUNT };

/* How text on one stream is to look. All zero: decide by environment and terminal. */
typedef struct cx_style_request {
    int64_t    column_count; /* --width; 0: find out */
    cx_color_t color;
    bool       is_ascii;
} cx_style_request_t;

/* The rows of every command that prints for people; `member` of `type` is a cx_style_request_t. */
#define CX_STYLE_OPTIONS(type, member)                                                  \
    CX_OPTION_ENUM(type, member.color, "color", CX_OPTION_FREE, "auto", cx_color_slugs, \
                   "Colour; NO_COLOR and FORCE_COLOR are heeded."),                     \
        CX_OPTION_BOOL(type, member.is_ascii, "ascii", CX_OPTION_FREE, "false",         \
                       "No sign beyond ASCII."),                                        \
        CX_OPTION_INT(type, member.column_count, "width", CX_OPTION_FREE, "0", 0, 1000, \
                      "Columns of the table; 0: the terminal's.")

/* How a result is printed. */
typedef struct cx_output {
    cx_style_request_t style;
    int32_t            format;
    bool               is_verbose;
} cx_output_t;

typedef struct cx_run_options {
    int64_t     ranks, nodes, node_index, launches, order_seed;
    const char *rendezvous, *output, *summary;
    double      grace_us;
    int32_t     progress;
    bool        takes_mixed_devices;
    bool        is_resumed, is_audited, is_redacted, is_quiet;
    cx_output_t shown;
} cx_run_options_t;

extern const cx_option_t cx_run_options[];

extern const char *const cx_format_slugs[];
extern const char *const cx_color_slugs[];
extern const char *const cx_progress_slugs[];

#endif
