/* SPDX-License-Identifier: Apache-2.0 */
/* Plans as JSON. */
#include "run/plan_text.h"

#include "store/case_json.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SCHEMA "collectivex-plan/1"

static json_t *case_to_json(const cx_case_t *one)
{
    return json_pack("{ss,ss,so}", "case_id", one->case_id, "case_digest", one->digest, "options",
                     cx_case_to_texts(one));
}

json_t *cx_plan_to_json(const cx_plan_t *plan, int64_t launch_count, int64_t seed)
{
    json_t *cases = json_array();

    for (size_t i = 0; i < plan->case_count; i++) {
        json_array_append_new(cases, case_to_json(&plan->cases[i]));
    }
    return json_pack("{ss,ss,ss,sI,sI,so}", "schema", SCHEMA, "suite", plan->suite, "summary",
                     plan->summary, "launch_count", (json_int_t)launch_count, "seed",
                     (json_int_t)seed, "cases", cases);
}

static cx_status_t case_from_json(const json_t *object, const char *place, cx_arena_t *arena,
                                  cx_case_t *out)
{
    const char *digest = json_string_value(json_object_get(object, "case_digest"));

    CX_TRY(cx_case_from_json(json_object_get(object, "options"), place, arena, out));
    if (!digest || strcmp(digest, out->digest) != 0) {
        return CX_FAIL(CX_INVALID, "%s: the digest of case %s does not match its options", place,
                       out->case_id);
    }
    return CX_OK;
}

cx_status_t cx_plan_from_json(const json_t *document, const char *place, cx_arena_t *arena,
                              cx_plan_t *out)
{
    const char *schema = json_string_value(json_object_get(document, "schema"));
    json_t     *cases  = json_object_get(document, "cases");
    const char *suite  = json_string_value(json_object_get(document, "suite"));
    cx_plan_t   plan   = {.case_count = json_array_size(cases)};

    if (!schema || strcmp(schema, SCHEMA) != 0 || !suite || plan.case_count == 0) {
        return CX_FAIL(CX_INVALID, "%s: not a plan of schema %s", place, SCHEMA);
    }
    plan.suite   = cx_arena_text(arena, suite);
    plan.summary = "";
    plan.cases   = cx_arena_grab(arena, plan.case_count * sizeof *plan.cases);
    if (!plan.suite || !plan.cases) {
        return CX_FAIL(CX_RESOURCE, "%s: out of memory", place);
    }
    for (size_t i = 0; i < plan.case_count; i++) {
        CX_TRY(case_from_json(json_array_get(cases, i), place, arena, &plan.cases[i]));
    }
    *out = plan;
    return CX_OK;
}

cx_status_t cx_plan_to_fd(const json_t *document, int *fd_out)
{
    int fd = memfd_create("collectivex-plan", MFD_CLOEXEC);

    if (fd < 0 || json_dumpfd(document, fd, JSON_COMPACT) != 0) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return CX_FAIL(CX_RESOURCE, "cannot hand the plan to the ranks: %s", strerror(errno));
    }
    *fd_out = fd;
    return CX_OK;
}

cx_status_t cx_plan_document_from_fd(int fd, json_t **out)
{
    /* The descriptor is shared by all ranks, so its position must not be: read through a mapping.
     */
    off_t        bytes = lseek(fd, 0, SEEK_END);
    void        *text = bytes > 0 ? mmap(NULL, (size_t)bytes, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    json_error_t error;

    if (!text || text == MAP_FAILED) {
        return CX_FAIL(CX_INVALID, "descriptor %d holds no plan", fd);
    }
    *out = json_loadb(text, (size_t)bytes, JSON_REJECT_DUPLICATES, &error);
    (void)munmap(text, (size_t)bytes);
    if (!*out) {
        return CX_FAIL(CX_INVALID, "plan:%d:%d: %s", error.line, error.column, error.text);
    }
    return CX_OK;
}

cx_status_t cx_plan_from_fd(int fd, cx_arena_t *arena, cx_plan_t *out)
{
    json_t     *document;
    cx_status_t status;

    CX_TRY(cx_plan_document_from_fd(fd, &document));
    status = cx_plan_from_json(document, "plan", arena, out);
    json_decref(document);
    return status;
}
