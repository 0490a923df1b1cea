/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a record and of a plan; reading and writing of both. */
#include "store/record.h"

#include "base/file.h"
#include "base/text.h"
#include "model/case.h"
#include "model/ep_point.h"
#include "model/publication.h"
#include "model/record.h"
#include "store/rules.h"

#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX ((size_t)256 * 1024 * 1024)
#define REAL_DIGITS 12
#define DRAFT "https://json-schema.org/draft/2020-12/schema"

static const char *const record_schemas[] = {"collectivex-record/1", NULL};
static const char *const plan_schemas[]   = {"collectivex-plan/1", NULL};
static const char *const origins[]        = {"measured", "imported", NULL};
/* by component: measure/pairs.h */
static const char *const over_ranks[]   = {"max", "median", "mean", "by component", NULL};
static const char *const status_slugs[] = {
#define SLUG(name, slug, text) slug,
    CX_STATUS_MAP(SLUG)
#undef SLUG
        NULL};
/* "imported": the value is what the other tool printed, or null where it did not say. */
static const char *const option_origins[] = {
#define SLUG(name, slug) slug,
    CX_ORIGIN_MAP(SLUG)
#undef SLUG
        "imported",
    NULL};

#define END          \
    {                \
        .name = NULL \
    }
#define TEXT(id, ...)                                 \
    {                                                 \
        .name = id, .kind = CX_RULE_TEXT, __VA_ARGS__ \
    }
#define COUNT(id, ...)                                 \
    {                                                  \
        .name = id, .kind = CX_RULE_COUNT, __VA_ARGS__ \
    }
#define DIGEST(id, ...)                                 \
    {                                                   \
        .name = id, .kind = CX_RULE_DIGEST, __VA_ARGS__ \
    }
#define OBJECT(id, rows, ...)                                            \
    {                                                                    \
        .name = id, .kind = CX_RULE_OBJECT, .members = rows, __VA_ARGS__ \
    }

static const cx_rule_t source_rules[] = {
    TEXT("tool", .help = "Name of the other tool."),
    TEXT("version", .is_nullable = true, .help = "Its version, as it printed it."),
    TEXT("file", .help = "Name of the file that was read, without its folder."),
    DIGEST("file_blake2b", .help = "BLAKE2b-128 of that file."),
    END,
};

static const cx_rule_t identity_rules[] = {
    TEXT("suite", .help = "The request the case belongs to."),
    TEXT("case_id", .help = "Readable name, unique within a plan."),
    DIGEST("case_digest", .help = "Of every option."),
    DIGEST("comparison_key", .help = "Numbers with different keys never stand in one column."),
    COUNT("attempt", .help = "How often the case was begun before, on this launch."),
    COUNT("launch", .help = "Which process start, from 0."),
    TEXT("origin", .choices = origins, .help = "Whether CollectiveX took the numbers."),
    OBJECT("source", source_rules, .is_nullable = true, .help = "Of imported numbers."),
    END,
};

static const cx_rule_t publication_rules[] = {
    TEXT("class", .choices = cx_publication_slugs, .help = "What a reader may do with it."),
    TEXT("reasons", .choices = cx_reason_slugs, .is_list = true, .help = "Why it is no better."),
    END,
};

static const cx_rule_t failure_rules[] = {
    COUNT("rank", .is_nullable = true, .help = "The rank that failed first."),
    TEXT("phase", .help = "What it was doing."),
    COUNT("requested_bytes", .is_nullable = true, .help = "The size it was at."),
    COUNT("operation_index", .is_nullable = true, .help = "The operation of the block."),
    END,
};

static const cx_rule_t contract_rules[] = {
    TEXT("name", .help = "The measurement contract."),
    COUNT("version", .help = "Rises with any change that can move a number."),
    END,
};

static const cx_rule_t definition_rules[] = {
    TEXT("sample", .help = "What one sample is."),
    TEXT("over_ranks", .choices = over_ranks, .help = "How ranks become one number."),
    TEXT("percentile", .help = "The rule of percentiles."),
    TEXT("interval", .help = "The rule of the interval."),
    TEXT("clock", .help = "What took the time stamps."),
    TEXT("alignment", .help = "How ranks start together."),
    {.name        = "busbw_factor",
     .kind        = CX_RULE_NUMBER,
     .is_nullable = true,
     .help        = "busbw over algbw; null where there is none."},
    END,
};

static const cx_rule_t option_value_rules[] = {
    TEXT("value", .is_nullable = true, .help = "Null: an imported number whose tool did not say."),
    TEXT("origin", .choices = option_origins, .help = "Who set it."),
    END,
};
static const cx_rule_t option_value = OBJECT(NULL, option_value_rules, .help = NULL);
static const cx_rule_t option_text  = TEXT(NULL, .help = NULL);

/* Those that came after the first records were published: a case without one has its default. */
static const char *const later_options[] = {"algorithm", "graph_ops", "limit",
                                            "movers",    "blocks",    NULL};

static const cx_rule_t left_out_rules[] = {
    COUNT("requested_bytes", .help = "A size of the ladder without a row."),
    TEXT("reason", .help = "Why."),
    END,
};

static const cx_rule_t samples_rules[] = {
    TEXT("file", .help = "The sidecar, from the folder of the plan."),
    DIGEST("blake2b", .help = "BLAKE2b-128 of its bytes."),
    END,
};

static const cx_rule_t time_rules[] = {
    TEXT("started_utc", .help = "Of the case."),
    {.name        = "backend_open_us",
     .kind        = CX_RULE_NUMBER,
     .is_nullable = true,
     .is_later    = true,
     .help        = "Opening the backend's session (a communicator), on the slowest rank."},
    {.name = "wall_s", .kind = CX_RULE_NUMBER, .help = "From its start to its end."},
    END,
};

static const cx_rule_t program_rules[] = {
    TEXT("version", .help = "Of CollectiveX."),
    TEXT("git", .help = "git describe of its source."),
    TEXT("compiler", .help = "That built it."),
    TEXT("build_type", .help = "Of CMake, with sanitizers."),
    COUNT("abi", .help = "Of backends."),
    END,
};

static const cx_rule_t record_rules[] = {
    TEXT("schema", .choices = record_schemas, .help = NULL),
    OBJECT("identity", identity_rules, .help = "Which number this is."),
    TEXT("status", .choices = status_slugs, .help = "What to conclude."),
    TEXT("detail", .is_nullable = true, .help = "Why the status is not ok."),
    OBJECT("publication", publication_rules, .help = "How far it may be trusted."),
    OBJECT("failure", failure_rules, .is_nullable = true, .help = "Where the case ended early."),
    OBJECT("contract", contract_rules, .help = "How the numbers were taken."),
    OBJECT("definition", definition_rules, .help = "What the numbers are."),
    {.name    = "case",
     .kind    = CX_RULE_OPTIONS,
     .options = cx_case_options,
     .later   = later_options,
     .members = &option_value,
     .help    = "Every option, with who set it."},
    {.name = "environment",
     .kind = CX_RULE_TEXTS_BY_NAME,
     .help = "Every factor of the comparison key that is no option."},
    {.name        = "harness",
     .kind        = CX_RULE_FIELDS,
     .fields      = cx_harness_fields,
     .is_nullable = true,
     .help        = "What measuring itself costs here."},
    {.name        = "limits",
     .kind        = CX_RULE_FIELDS,
     .fields      = cx_limits_fields,
     .is_nullable = true,
     .is_later    = true,
     .help        = "What the machine can do at all, measured in the same run."},
    {.name    = "rows",
     .kind    = CX_RULE_FIELDS,
     .fields  = cx_row_fields,
     .is_list = true,
     .help    = "One per size, in family ep one per size and component."},
    {.name    = "points",
     .kind    = CX_RULE_FIELDS,
     .fields  = cx_ep_point_fields,
     .is_list = true,
     .help    = "Family ep: one per size with rows; else empty."},
    OBJECT("left_out", left_out_rules, .is_list = true, .help = "Sizes without a row."),
    OBJECT("samples", samples_rules, .is_nullable = true, .help = "Where the raw samples are."),
    {.name        = "provenance",
     .kind        = CX_RULE_ANY_OBJECT,
     .is_nullable = true,
     .help        = "The machine, redacted."},
    OBJECT("time", time_rules, .help = "When."),
    OBJECT("program", program_rules, .help = "Which CollectiveX."),
    TEXT("command", .is_list = true, .help = "The command line."),
    END,
};
static const cx_rule_t record_rule = OBJECT(NULL, record_rules, .help = "A CollectiveX record.");

static const cx_rule_t plan_case_rules[] = {
    TEXT("case_id", .help = "Readable name, unique within the plan."),
    DIGEST("case_digest", .help = "Of every option."),
    {.name    = "options",
     .kind    = CX_RULE_OPTIONS,
     .options = cx_case_options,
     .later   = later_options,
     .members = &option_text,
     .help    = "Every option."},
    END,
};

static const cx_rule_t plan_rules[] = {
    TEXT("schema", .choices = plan_schemas, .help = NULL),
    TEXT("suite", .help = "Name of the request."),
    TEXT("summary", .help = "What it is for."),
    COUNT("launch_count", .help = "Process starts per case."),
    COUNT("seed", .help = "Of the order of the cases."),
    OBJECT("cases", plan_case_rules, .is_list = true, .help = "What was asked for."),
    END,
};
static const cx_rule_t plan_rule = OBJECT(NULL, plan_rules, .help = "A CollectiveX plan.");

cx_status_t cx_record_parse(const char *name, const char *bytes, size_t byte_count, json_t **out)
{
    json_error_t error;
    char         text[sizeof error.text];
    json_t      *document = json_loadb(bytes, byte_count, JSON_REJECT_DUPLICATES, &error);

    if (!document) {
        return CX_FAIL(CX_INVALID, "%s:%d:%d: %s", name, error.line, error.column,
                       cx_text_printable(error.text, text, sizeof text));
    }
    *out = document;
    return CX_OK;
}

const char *cx_record_text(const json_t *document, const char *object, const char *member)
{
    return json_string_value(json_object_get(json_object_get(document, object), member));
}

cx_status_t cx_record_read(const char *path, json_t **out)
{
    char       *bytes;
    size_t      byte_count;
    cx_status_t status;

    CX_TRY(cx_file_read(path, FILE_BYTES_MAX, &bytes, &byte_count));
    status = cx_record_parse(path, bytes, byte_count, out);
    free(bytes);
    return status;
}

/* A row's status is a text of the field table, which has no choices. */
static cx_status_t check_row_statuses(const json_t *record, const char *place)
{
    const json_t *rows = json_object_get(record, "rows");

    for (size_t i = 0; i < json_array_size(rows); i++) {
        const char *slug = json_string_value(json_object_get(json_array_get(rows, i), "status"));

        if (!slug || cx_status_from_slug(slug) == CX_STATUS_COUNT) {
            return CX_FAIL(CX_INVALID, "%s: rows[%zu]: status: not one of its values", place, i);
        }
    }
    return CX_OK;
}

cx_status_t cx_record_validate(const json_t *record, const char *place)
{
    CX_TRY(cx_rules_check(&record_rule, record, place));
    return check_row_statuses(record, place);
}

cx_status_t cx_plan_validate(const json_t *plan, const char *place)
{
    return cx_rules_check(&plan_rule, plan, place);
}

static json_t *document_schema(const cx_rule_t *rule)
{
    json_t *schema = json_pack("{ss}", "$schema", DRAFT);
    json_t *body   = cx_rules_schema(rule);

    if (!schema || json_object_update(schema, body) != 0) {
        json_decref(schema);
        schema = NULL;
    }
    json_decref(body);
    return schema;
}

json_t *cx_record_schema(void)
{
    return document_schema(&record_rule);
}

json_t *cx_plan_schema(void)
{
    return document_schema(&plan_rule);
}

cx_status_t cx_record_write(const char *path, const json_t *record)
{
    char       *text   = json_dumps(record, JSON_INDENT(1) | JSON_REAL_PRECISION(REAL_DIGITS));
    cx_status_t status = CX_OK;
    size_t      length;

    if (!text) {
        return CX_FAIL(CX_RESOURCE, "%s: out of memory for the record", path);
    }
    length       = strlen(text);
    text[length] = '\n'; /* the NUL is not written */
    status       = cx_file_write(path, text, length + 1);
    free(text);
    return status;
}
