/* SPDX-License-Identifier: Apache-2.0 */
/* An expert-parallel workload as JSON, CSV, .npy or a trace file, in memory.
 * Not where it goes (cmd_workload.c). */
#ifndef CX_CLI_WORKLOAD_FORMS_H
#define CX_CLI_WORKLOAD_FORMS_H

#include "family/ep/shape.h"
#include "family/ep/workload.h"

typedef enum cx_workload_what {
    CX_WORKLOAD_ROUTING,
    CX_WORKLOAD_WEIGHTS,
    CX_WORKLOAD_ACTIVATIONS,
    CX_WORKLOAD_STATS,
    CX_WORKLOAD_WHAT_COUNT
} cx_workload_what_t;

typedef enum cx_workload_form {
    CX_WORKLOAD_JSON,
    CX_WORKLOAD_CSV,
    CX_WORKLOAD_NPY,
    CX_WORKLOAD_TRACE,
    CX_WORKLOAD_FORM_COUNT
} cx_workload_form_t;

extern const char *const cx_workload_what_slugs[];
extern const char *const cx_workload_form_slugs[];

typedef struct cx_workload_request {
    cx_workload_what_t   what;
    cx_workload_form_t   form;
    const cx_ep_shape_t *shape; /* NULL when hidden, topk and experts were given */
    int64_t              rank;  /* whose tokens; -1: of all ranks */
} cx_workload_request_t;

/**
 * The bytes that were asked for, in the arena.
 *
 * JSON  the description, the digests and the data
 * CSV   routing, weights, activations: one line per token, its global index, then the values in
 * slot or column order. stats: NAME,VALUE, and for lists NAME,INDEX,VALUE npy   routing int64,
 * weights float32, activations float32: [tokens][topk or hidden] trace routing and weights of all
 * ranks as a trace file (family/ep/trace.h)
 *
 * errors  CX_INVALID a form that what was asked for does not have, or more than 1 GiB of it ·
 *         CX_RESOURCE memory
 */
cx_status_t cx_workload_form(const cx_workload_request_t *request, const cx_ep_work_t *work,
                             cx_arena_t *arena, const char **bytes_out, size_t *byte_count_out);

#endif
