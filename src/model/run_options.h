/* SPDX-License-Identifier: Apache-2.0 */
/* Options of a whole run: who runs it, how often, where results go and how they are shown.
 * Not what is measured (case.h): none of these may move a number except as it says. */
#ifndef CX_MODEL_RUN_OPTIONS_H
#define CX_MODEL_RUN_OPTIONS_H

#include "model/options.h"

typedef struct cx_run_options {
    int64_t     ranks, nodes, node_index, launches, order_seed, width;
    const char *rendezvous, *output, *summary;
    double      grace_us;
    int32_t     format, color, progress;
    bool        takes_mixed_devices;
    bool        is_resumed, is_audited, is_redacted, is_ascii, is_quiet, is_verbose;
} cx_run_options_t;

extern const cx_option_t cx_run_options[];

extern const char *const cx_format_slugs[];
extern const char *const cx_color_slugs[];
extern const char *const cx_progress_slugs[];

#endif
