/* SPDX-License-Identifier: Apache-2.0 */
/* A record's facts about itself. */
#include "run/facts.h"

#include "base/fail.h"
#include "base/units.h"
#include "measure/pairs.h"
#include "store/record.h"
#include "target/accelerators.h"

#include <math.h>
#include <string.h>

static const char *text_at(const json_t *record, const char *object, const char *member)
{
    const char *text = cx_record_text(record, object, member);

    return text ? text : "";
}

static const char *option_at(const json_t *record, const char *key)
{
    const json_t *option = json_object_get(json_object_get(record, "case"), key);
    const char   *text   = json_string_value(json_object_get(option, "value"));

    return text ? text : "";
}

static bool is_true(const json_t *record, const char *factor)
{
    return strcmp(text_at(record, "environment", factor), "true") == 0;
}

/* Family ep: outputs are looked at pair by pair, so the rows of whole pairs say how many were. */
static bool counts_outputs(const json_t *row)
{
    const char *component = json_string_value(json_object_get(row, "component"));

    return !component || cx_component_is_pair(cx_component_find(component));
}

static double real_at(const json_t *row, const char *member)
{
    const json_t *value = json_object_get(row, member);

    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static void read_row(const json_t *row, cx_judge_facts_t *facts)
{
    const char *status   = json_string_value(json_object_get(row, "status"));
    const char *findings = json_string_value(json_object_get(row, "findings"));

    if (counts_outputs(row)) {
        facts->timed_count += json_integer_value(json_object_get(row, "timed_count"));
        facts->verified_count += json_integer_value(json_object_get(row, "verified_count"));
    }
    if (status && cx_status_from_slug(status) == CX_UNSTABLE) {
        facts->is_settled = false;
    }
    if (findings) {
        facts->is_disturbed = true;
    }
    if (cx_judge_floor(real_at(row, "time_us_p50"), real_at(row, "time_us_p50_ci_high"),
                       real_at(row, "floor_us"))) {
        facts->is_under_floor = true;
    }
}

/* A build type that CMake optimises, without sanitizers. */
static bool is_release(const char *build_type)
{
    return strcmp(build_type, "Release") == 0 || strcmp(build_type, "RelWithDebInfo") == 0 ||
           strcmp(build_type, "MinSizeRel") == 0;
}

static bool is_known_commit(const char *git)
{
    return git[0] && strcmp(git, "unknown") != 0 && !strstr(git, "-dirty");
}

int64_t cx_facts_host_rank_count(const json_t *environment)
{
    const char *text  = json_string_value(json_object_get(environment, "ranks_per_host"));
    int64_t     count = 0;

    return text && cx_units_parse_int(text, &count) == NULL ? count : 0;
}

/* Of what the ranks' devices are, as far as the record describes the machine. */
static bool has_mixed_devices(const json_t *record)
{
    return cx_accelerators_are_mixed(
        json_object_get(record, "provenance"), option_at(record, "device"),
        cx_facts_host_rank_count(json_object_get(record, "environment")));
}

void cx_facts_read(const json_t *record, int64_t launch_count, cx_judge_facts_t *out)
{
    const json_t    *rows   = json_object_get(record, "rows");
    const char      *status = json_string_value(json_object_get(record, "status"));
    cx_judge_facts_t facts  = {
         .status            = status ? cx_status_from_slug(status) : CX_INTERNAL,
         .row_count         = (int64_t)json_array_size(rows),
         .launch_count      = launch_count,
         .is_verified       = strcmp(option_at(record, "verify"), "false") != 0,
         .has_output        = strcmp(option_at(record, "op"), "barrier") != 0,
         .is_imported       = strcmp(text_at(record, "identity", "origin"), "imported") == 0,
         .has_provenance    = json_is_object(json_object_get(record, "provenance")),
         .is_settled        = true,
         .is_oversubscribed = is_true(record, CX_FACTOR_OVERSUBSCRIBED),
         .is_debug_build    = !is_release(text_at(record, "program", "build_type")),
         .is_git_dirty      = !is_known_commit(text_at(record, "program", "git")),
         .is_mixed          = has_mixed_devices(record),
    };

    facts.is_fast = strcmp(option_at(record, "family"), "ep") == 0 &&
                    strcmp(option_at(record, "sampling"), "fast") == 0;
    facts.moves_no_data =
        is_true(record, CX_FACTOR_MOVES_NO_DATA) || is_true(record, CX_FACTOR_VIRTUAL_TIME);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        read_row(json_array_get(rows, i), &facts);
    }
    *out = facts;
}

json_t *cx_facts_publication(const cx_publication_t *publication)
{
    json_t *reasons = json_array();

    for (int i = 0; i < CX_REASON_COUNT; i++) {
        if (publication->reasons & UINT32_C(1) << i) {
            json_array_append_new(reasons, json_string(cx_reason_slugs[i]));
        }
    }
    return json_pack("{ss,so}", "class", cx_publication_slugs[publication->level], "reasons",
                     reasons);
}
