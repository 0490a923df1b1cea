/* SPDX-License-Identifier: Apache-2.0 */
/* What a slot holds before and after an operation, as contents that a device computes by itself:
 * the same bytes as those of inputs.h, layout.h and the oracle. No memory is touched here. */
#ifndef CX_FAMILY_COLLECTIVE_CONTENTS_H
#define CX_FAMILY_COLLECTIVE_CONTENTS_H

#include "collectivex/content.h"
#include "family/collective/layout.h"

/* Spans to which each of the functions below adds some. Borrowed, with room for them. */
typedef struct cx_span_list {
    cx_span_t *spans;
    int64_t    span_count;
} cx_span_list_t;

/* The most that a slot has of all that is below. */
#define CX_COLLECTIVE_SPANS_MAX(rank_count) ((int64_t)(rank_count) + 6)

/* What cx_collective_fill writes to `buffer`, in spans that do not overlap. */
void cx_collective_add_inputs(const cx_collective_data_t *data, int32_t slot_index, void *buffer,
                              cx_span_list_t *list);
/* What cx_collective_poison writes to `recv`; nothing in place. */
void cx_collective_add_poison(const cx_collective_data_t *data, int32_t slot_index, void *recv,
                              cx_span_list_t *list);

/* What cx_collective_verify wants to see in `recv`, and in `send` where the operation leaves that
 * alone. Either may be NULL, as in a slot, and adds nothing then. */
void cx_collective_add_outputs(const cx_collective_data_t *data, int32_t slot_index, void *recv,
                               const void *send, cx_span_list_t *list);

/* What cx_collective_guard_write writes. */
void cx_collective_add_guards(const cx_collective_layout_t *layout, uint64_t seed,
                              int32_t slot_index, void *region, cx_span_list_t *list);

#endif
