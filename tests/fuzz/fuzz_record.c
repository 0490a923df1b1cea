/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes a record and a plan: reading, validation, and the facts of what validates. */
#include "run/facts.h"
#include "store/case_json.h"
#include "store/record.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t byte_count);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t byte_count)
{
    json_t          *document;
    cx_judge_facts_t facts;
    cx_arena_t       arena;
    cx_case_t        one;

    cx_detail_clear();
    if (cx_record_parse("fuzz.json", (const char *)bytes, byte_count, &document) != CX_OK) {
        return 0;
    }
    cx_arena_init(&arena);
    if (cx_record_validate(document, "fuzz.json") == CX_OK) {
        cx_facts_read(document, 1, &facts);
        (void)cx_judge(&facts);
        (void)cx_case_from_json(json_object_get(document, "case"), "fuzz.json", &arena, &one);
    }
    (void)cx_plan_validate(document, "fuzz.json");
    cx_arena_fini(&arena);
    json_decref(document);
    return 0;
}
