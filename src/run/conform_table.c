/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of what a backend says of itself: its table, its name, its options, its probe. */
#include "run/conform_kit.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define ROW_COUNT_MAX 256

cx_status_t cx_conform_abi(cx_conform_t *conform)
{
    const cx_backend_ops_t *ops = conform->ops;

    if (!ops) {
        return CX_FAIL(CX_INVALID, "%s", conform->why_not);
    }
    if (!ops->probe || !ops->open || !ops->prepare || !ops->enqueue || !ops->release ||
        !ops->close) {
        return CX_FAIL(CX_INVALID, "a function that every backend has is missing: "
                                   "probe, open, prepare, enqueue, release, close");
    }
    if (!ops->name || !ops->name[0] || !ops->summary || !ops->summary[0]) {
        return CX_FAIL(CX_INVALID, "name or summary is missing");
    }
    if ((ops->options != NULL) != (ops->options_bytes > 0)) {
        return CX_FAIL(CX_INVALID, "options are described in %s, but take %zu bytes",
                       ops->options ? "rows" : "no rows", ops->options_bytes);
    }
    return CX_OK;
}

cx_status_t cx_conform_name(cx_conform_t *conform)
{
    if (strcmp(conform->ops->name, conform->backend) != 0) {
        return CX_FAIL(CX_INVALID, "the file is cx-backend-%s.so, the table says \"%s\"",
                       conform->backend, conform->ops->name);
    }
    return CX_OK;
}

/* ---- options --------------------------------------------------------------------------------- */

static size_t bytes_of_kind(cx_value_kind_t kind)
{
    static const size_t bytes[CX_VALUE_KIND_COUNT] = {
        [CX_VALUE_INT] = sizeof(int64_t), [CX_VALUE_BYTES] = sizeof(int64_t),
        [CX_VALUE_TIME] = sizeof(double), [CX_VALUE_RATIO] = sizeof(double),
        [CX_VALUE_BOOL] = sizeof(bool),   [CX_VALUE_ENUM] = sizeof(int32_t),
        [CX_VALUE_TEXT] = sizeof(char *),
    };

    return (unsigned)kind < CX_VALUE_KIND_COUNT ? bytes[kind] : 0;
}

static bool is_slug(const char *text)
{
    for (; *text; text++) {
        if (!islower((unsigned char)*text) && !isdigit((unsigned char)*text) && *text != '-') {
            return false;
        }
    }
    return true;
}

static cx_status_t check_row(const cx_conform_t *conform, const cx_option_t *row)
{
    size_t length      = strlen(conform->backend);
    size_t value_bytes = bytes_of_kind(row->kind);

    if (strncmp(row->name, conform->backend, length) != 0 || row->name[length] != '-' ||
        !is_slug(row->name)) {
        return CX_FAIL(CX_INVALID, "option \"%s\" is not called \"%s-...\", in lower case",
                       row->name, conform->backend);
    }
    if (value_bytes == 0 || row->offset + value_bytes > conform->ops->options_bytes) {
        return CX_FAIL(CX_INVALID, "option \"%s\" lies outside of the %zu bytes of options",
                       row->name, conform->ops->options_bytes);
    }
    if (!row->default_text || !row->help || !row->help[0]) {
        return CX_FAIL(CX_INVALID, "option \"%s\" has no %s", row->name,
                       row->default_text ? "help" : "default");
    }
    if (row->kind == CX_VALUE_ENUM && (!row->choices || !row->choices[0])) {
        return CX_FAIL(CX_INVALID, "option \"%s\" has no choices", row->name);
    }
    return CX_OK;
}

/* What is printed of a default must be read as the same value, or a record would not repeat it. */
static cx_status_t check_default(cx_conform_t *conform, const cx_option_t *row, void *object)
{
    char first[CX_OPTION_TEXT_BYTES_MAX], second[CX_OPTION_TEXT_BYTES_MAX];

    CX_TRY(cx_option_set(row, object, row->default_text, "default", &conform->arena));
    (void)cx_option_print(row, object, first, sizeof first);
    CX_TRY(cx_option_set(row, object, first, "default", &conform->arena));
    (void)cx_option_print(row, object, second, sizeof second);
    if (strcmp(first, second) != 0) {
        return CX_FAIL(CX_INVALID,
                       "option \"%s\": the default \"%s\" is printed \"%s\", and that "
                       "is read as \"%s\"",
                       row->name, row->default_text, first, second);
    }
    return CX_OK;
}

cx_status_t cx_conform_options(cx_conform_t *conform)
{
    const cx_option_t *rows = conform->ops->options;
    void              *object;

    if (!rows) {
        return cx_conform_skip(conform, "the backend has no options");
    }
    object = cx_arena_grab(&conform->arena, conform->ops->options_bytes + 1);
    if (!object) {
        return CX_FAIL(CX_RESOURCE, "out of memory for %zu bytes of options",
                       conform->ops->options_bytes);
    }
    for (size_t i = 0; rows[i].name; i++) {
        if (i == ROW_COUNT_MAX) {
            return CX_FAIL(CX_INVALID, "the rows of options do not end with CX_OPTION_END");
        }
        CX_TRY(check_row(conform, &rows[i]));
        CX_TRY(check_default(conform, &rows[i], object));
        if (cx_options_find(rows, rows[i].name) != &rows[i]) {
            return CX_FAIL(CX_INVALID, "option \"%s\" is there twice", rows[i].name);
        }
    }
    return CX_OK;
}

/* ---- probe ----------------------------------------------------------------------------------- */

typedef struct answer {
    cx_status_t status;
    cx_caps_t   caps;
    char        reason[CX_CONFORM_REASON_BYTES];
} answer_t;

static void ask(cx_conform_t *conform, answer_t *out)
{
    memset(out, 0, sizeof *out);
    cx_detail_clear();
    out->status = conform->ops->probe(&conform->context->core, &out->caps);
    (void)snprintf(out->reason, sizeof out->reason, "%s", cx_detail()->text);
    cx_detail_clear();
}

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool has_same_sets(const cx_caps_t *a, const cx_caps_t *b)
{
    return a->families == b->families && a->collectives == b->collectives &&
           a->in_place_collectives == b->in_place_collectives && a->dtypes == b->dtypes &&
           a->reduce_dtypes == b->reduce_dtypes && a->redops == b->redops;
}

static bool is_same(const cx_caps_t *a, const cx_caps_t *b)
{
    return has_same_sets(a, b) && a->memory == b->memory &&
           a->rank_count_min == b->rank_count_min && a->rank_count_max == b->rank_count_max &&
           a->message_bytes_max == b->message_bytes_max && a->spans_hosts == b->spans_hosts &&
           a->is_thread_bound == b->is_thread_bound && a->moves_no_data == b->moves_no_data &&
           is_same_text(a->library_version, b->library_version) &&
           is_same_text(a->library_path, b->library_path) && is_same_text(a->devices, b->devices);
}

/* Bits that belong to no value, or that contradict each other. */
static cx_status_t check_caps(const cx_caps_t *caps)
{
    const uint64_t collective      = CX_BIT(CX_FAMILY_COLLECTIVE) | CX_BIT(CX_FAMILY_ALLREDUCE);
    const bool     has_collectives = (caps->families & collective) != 0;
    const struct {
        const char *what;
        uint64_t    bits, allowed;
    } sets[] = {
        {"families", caps->families, CX_BIT(CX_FAMILY_COUNT) - 1},
        {"collectives", caps->collectives, CX_BIT(CX_COLLECTIVE_COUNT) - 1},
        {"in_place_collectives", caps->in_place_collectives, caps->collectives},
        {"dtypes", caps->dtypes, CX_BIT(CX_DTYPE_COUNT) - 1},
        {"reduce_dtypes", caps->reduce_dtypes, caps->dtypes},
        {"redops", caps->redops, CX_BIT(CX_REDOP_COUNT) - 1},
    };

    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        if (sets[i].bits & ~sets[i].allowed) {
            return CX_FAIL(CX_INVALID, "caps.%s has bits (0x%llx) that mean nothing there",
                           sets[i].what, (unsigned long long)(sets[i].bits & ~sets[i].allowed));
        }
    }
    if (!caps->families || (!caps->collectives && has_collectives) || !caps->devices ||
        !caps->devices[0]) {
        return CX_FAIL(CX_INVALID, "caps name no family, no collective or no device");
    }
    if ((unsigned)caps->memory >= CX_MEMORY_COUNT || caps->message_bytes_max < 0 ||
        (caps->rank_count_max > 0 && caps->rank_count_max < caps->rank_count_min)) {
        return CX_FAIL(CX_INVALID, "caps.memory, message_bytes_max or the bounds of the rank count "
                                   "mean nothing");
    }
    return CX_OK;
}

cx_status_t cx_conform_probing(cx_conform_t *conform)
{
    answer_t first, second;

    ask(conform, &first);
    ask(conform, &second);
    if (first.status != second.status || strcmp(first.reason, second.reason) != 0) {
        return CX_FAIL(CX_INVALID, "the first answer is %s (%s), the second %s (%s)",
                       cx_status_slug(first.status), first.reason, cx_status_slug(second.status),
                       second.reason);
    }
    if (first.status != CX_OK) {
        return first.reason[0] ? CX_OK
                               : CX_FAIL(CX_INVALID, "the answer is %s, without a sentence",
                                         cx_status_slug(first.status));
    }
    if (!is_same(&first.caps, &second.caps)) {
        return CX_FAIL(CX_INVALID, "the second answer has other caps than the first");
    }
    return check_caps(&first.caps);
}
