/* SPDX-License-Identifier: Apache-2.0 */
/* Names, marks and verdicts of cases and points as cells. */
#include "cli/result_cells.h"

#include "cli/result_points.h"

#include <string.h>

const char *cx_case_label(const cx_result_case_t *one, cx_case_label_t label)
{
    const char *const texts[CX_CASE_LABEL_COUNT] = {
        [CX_CASE_LABEL_BACKEND] = one->label,       [CX_CASE_LABEL_OP] = one->op,
        [CX_CASE_LABEL_DTYPE] = one->dtype,         [CX_CASE_LABEL_REDOP] = one->redop,
        [CX_CASE_LABEL_PLACEMENT] = one->placement, [CX_CASE_LABEL_DIFFERS] = one->differs,
    };

    if (label == CX_CASE_LABEL_PLACEMENT && one->placement) {
        return strcmp(one->placement, "in_place") == 0 ? "in" : "out";
    }
    return texts[label];
}

static const char *or_dash(const char *text)
{
    return text ? text : "-";
}

bool cx_case_label_varies(const cx_case_range_t *range, cx_case_label_t label)
{
    for (int64_t i = 1; i < range->count; i++) {
        if (strcmp(or_dash(cx_case_label(range->cases[i], label)),
                   or_dash(cx_case_label(range->cases[0], label))) != 0) {
            return true;
        }
    }
    return false;
}

void cx_cells_add_labels(const cx_case_range_t *range, cx_table_t *table)
{
    static const char *const titles[CX_CASE_LABEL_COUNT] = {"backend", "op",    "type",
                                                            "redop",   "place", "with"};

    for (int i = 0; i < CX_CASE_LABEL_COUNT; i++) {
        const bool is_shown = cx_case_label_varies(range, (cx_case_label_t)i);

        (void)cx_table_add_column(table, (cx_column_t){.title = titles[i], .is_hidden = !is_shown});
    }
}

void cx_cells_set_labels(cx_table_t *table, int32_t first_index, const cx_result_case_t *one,
                         cx_meaning_t meaning)
{
    for (int i = 0; i < CX_CASE_LABEL_COUNT; i++) {
        cx_table_set(table, first_index + i,
                     i == CX_CASE_LABEL_BACKEND ? meaning : CX_MEANING_PLAIN,
                     or_dash(cx_case_label(one, (cx_case_label_t)i)));
    }
}

/* ---- verdicts ---- */

bool cx_point_is_verified(const cx_result_point_t *point)
{
    return point->verified_count > 0 || !point->has_output;
}

bool cx_point_has_caveat(const cx_result_point_t *point)
{
    return cx_result_severity(point->status) == 1 || !cx_point_is_verified(point) ||
           point->findings;
}

/* "ok", "! what to mind", or the status and why; there is one reason to be unstable, and a warning
 * under the table says it. NULL when memory ran out. */
const char *cx_check_point(const cx_result_point_t *point, cx_arena_t *arena)
{
    const int   severity = cx_result_severity(point->status);
    const char *detail   = severity > 1 && point->detail ? point->detail : "";

    if (severity > 0) {
        return cx_arena_format(arena, "%s%s%s%s", severity == 1 ? "! " : "", point->status,
                               *detail ? ": " : "", detail);
    }
    if (!cx_point_has_caveat(point)) {
        return point->verified_count > 0 ? "ok" : "no output";
    }
    return cx_arena_format(arena, "! %s%s%s", cx_point_is_verified(point) ? "" : "not verified",
                           !cx_point_is_verified(point) && point->findings ? "; " : "",
                           point->findings ? point->findings : "");
}

const char *cx_check_case(const cx_result_case_t *one, cx_arena_t *arena)
{
    return one->detail ? cx_arena_format(arena, "%s: %s", one->status, one->detail) : one->status;
}

cx_mark_t cx_mark_make(int severity, cx_standing_t standing, bool is_caveat, cx_signs_t *signs)
{
    if (severity > 1) {
        signs->has_failed = true;
        return (cx_mark_t){CX_GLYPH_FAILED, CX_MEANING_FAILED, true};
    }
    signs->has_caveat = signs->has_caveat || is_caveat;
    if (standing == CX_STANDING_BEST) {
        signs->has_best = true;
        return (cx_mark_t){CX_GLYPH_BEST, CX_MEANING_BEST, true};
    }
    if (standing == CX_STANDING_TIE) {
        signs->has_tie = true;
        return (cx_mark_t){CX_GLYPH_TIE, CX_MEANING_PLAIN, true};
    }
    return is_caveat ? (cx_mark_t){CX_GLYPH_CAVEAT, CX_MEANING_CAVEAT, true} : (cx_mark_t){0};
}

void cx_cells_set_mark(cx_table_t *table, const cx_mark_t *mark)
{
    if (mark->is_set) {
        cx_table_set(table, 0, mark->meaning, cx_style_glyph(table->style, mark->glyph));
    }
}

cx_meaning_t cx_check_meaning(int severity, bool is_caveat)
{
    if (severity > 1) {
        return CX_MEANING_FAILED;
    }
    return is_caveat ? CX_MEANING_CAVEAT : CX_MEANING_PLAIN;
}

/* True when the case's own status is not told by any of its points. */
bool cx_case_failed_alone(const cx_result_case_t *one)
{
    for (int64_t i = 0; i < one->point_count; i++) {
        if (cx_result_severity(one->points[i].status) >= cx_result_severity(one->status)) {
            return false;
        }
    }
    return cx_result_severity(one->status) > 0 || one->point_count == 0;
}

bool cx_cells_have_sizes(const cx_case_range_t *range)
{
    for (int64_t i = 0; i < range->count; i++) {
        for (int64_t j = 0; j < range->cases[i]->point_count; j++) {
            if (range->cases[i]->points[j].requested_bytes > 0) {
                return true;
            }
        }
    }
    return false;
}

const char *cx_time_unit_name(const cx_style_t *style, cx_time_unit_t unit)
{
    return unit == CX_TIME_UNIT_MS ? "ms" : cx_style_glyph(style, CX_GLYPH_MICRO);
}
