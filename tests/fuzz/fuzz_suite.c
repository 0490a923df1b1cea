/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes a suite: reading the document and expanding it to cases. */
#include "model/plan.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t byte_count);

static cx_status_t rows_of(void *context, const char *backend, const char *place,
                           const cx_option_t **rows_out, size_t *options_bytes_out)
{
    (void)context;
    if (strlen(backend) > 64) {
        return CX_FAIL(CX_INVALID, "%s: no such backend", place);
    }
    *rows_out          = NULL;
    *options_bytes_out = 0;
    return CX_OK;
}

static cx_status_t auto_choice(void *context, cx_family_t family, cx_plan_choice_t *in_out)
{
    (void)context;
    (void)family;
    *in_out = (cx_plan_choice_t){"hostref", "host"};
    return CX_OK;
}

static cx_status_t check_device(void *context, const char *device, const char *place)
{
    (void)context;
    return strlen(device) > 64 ? CX_FAIL(CX_INVALID, "%s: no such device", place) : CX_OK;
}

static cx_status_t shape_of(void *context, const char *shape, const char *place,
                            cx_plan_shape_t *out)
{
    (void)context;
    if (strlen(shape) > 64) {
        return CX_FAIL(CX_INVALID, "%s: no such shape", place);
    }
    *out = (cx_plan_shape_t){.hidden_elems = 7168, .topk = 8, .expert_count = 256};
    return CX_OK;
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t byte_count)
{
    cx_arena_t        arena;
    cx_plan_request_t request = {.suite_path    = "fuzz.yaml",
                                 .auto_choice   = auto_choice,
                                 .backend_rows  = rows_of,
                                 .check_device  = check_device,
                                 .shape_numbers = shape_of};
    cx_node_t        *root;
    cx_plan_t         plan;

    cx_detail_clear();
    cx_arena_init(&arena);
    if (cx_document_parse("fuzz.yaml", (const char *)bytes, byte_count, &arena, &root) == CX_OK) {
        request.suite = root;
        (void)cx_plan_expand(&request, &arena, &plan);
    }
    cx_arena_fini(&arena);
    return 0;
}
