/* SPDX-License-Identifier: Apache-2.0 */
/* A routing trace from CSV. Not the check of its experts (trace.c). */
#ifndef CX_FAMILY_EP_TRACE_CSV_H
#define CX_FAMILY_EP_TRACE_CSV_H

#include "family/ep/trace.h"

/**
 * Parse the CSV that trace.h describes. The first line decides what all lines have: with a number
 * in it that is written with a point or an exponent, the second half of a line is gates.
 *
 * text    NUL-terminated; `path` stands in errors
 * errors  CX_INVALID "PATH:LINE: ..." · CX_RESOURCE memory
 */
cx_status_t cx_ep_trace_parse_csv(const char *path, const char *text, cx_arena_t *arena,
                                  cx_ep_trace_t *in_out);

#endif
