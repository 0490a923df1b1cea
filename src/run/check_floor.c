/* SPDX-License-Identifier: Apache-2.0 */
/* A row's floor by the same functions that made it, and limits against nominal ones. */
#include "run/check_floor.h"

#include "judge/publication.h"
#include "run/ep_floor.h"
#include "run/row.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void forget(cx_row_t *row)
{
    row->floor_us     = (double)NAN;
    row->floor_ratio  = (double)NAN;
    row->floor_source = NULL;
}

static void compare(const cx_check_frame_t *frame, const cx_row_t *row, const cx_row_t *again,
                    cx_check_report_t *report)
{
    char place[48];

    (void)snprintf(place, sizeof place, "%" PRId64 " B%s%s", row->requested_bytes,
                   row->component ? " " : "", row->component ? row->component : "");
    for (const cx_field_t *field = cx_row_fields; field->name; field++) {
        if (strncmp(field->name, "floor_", strlen("floor_")) == 0) {
            cx_check_field(frame, place, field, row, again, report);
        }
    }
}

static const cx_limits_t *limits_of(const cx_check_frame_t *frame)
{
    return frame->moves_no_data ? NULL : frame->limits;
}

static void fill_again(const cx_check_frame_t *frame, const cx_row_t *row, double *room,
                       cx_row_t *again)
{
    cx_shape_t      shape  = cx_case_shape(frame->one);
    cx_floor_work_t work   = {.shape      = &shape,
                              .elems      = row->elems,
                              .rank_count = frame->rank_count,
                              .regime     = (cx_regime_t)frame->one->regime};
    cx_series_t     series = {.column = room, .scratch = room + frame->rank_count};

    cx_row_fill_floor(limits_of(frame), &work, &series, again);
    if (frame->limits && shape.op == CX_COLLECTIVE_ALL_TO_ALL_V) {
        again->floor_us     = row->floor_us;
        again->floor_ratio  = row->time_us_p50 / row->floor_us;
        again->floor_source = row->floor_source;
    }
}

void cx_check_floor(const cx_check_frame_t *frame, const cx_row_t *row, cx_check_report_t *report)
{
    cx_row_t   again = *row;
    cx_arena_t arena;
    double    *room;

    if (frame->rank_count < 1 || frame->one->family == CX_FAMILY_EP) {
        return;
    }
    cx_arena_init(&arena);
    room = cx_arena_grab(&arena, 2 * (size_t)frame->rank_count * sizeof *room);
    if (room) {
        forget(&again);
        fill_again(frame, row, room, &again);
    }
    cx_arena_fini(&arena);
    compare(frame, row, &again, report);
}

void cx_check_ep_floor(const cx_check_frame_t *frame, const cx_ep_point_t *point,
                       const cx_row_t *row, cx_check_report_t *report)
{
    cx_row_t again = *row;

    if (frame->rank_count < 1) {
        return;
    }
    forget(&again);
    cx_ep_floor_fill(limits_of(frame), frame->one, frame->rank_count, point, &again);
    compare(frame, row, &again, report);
}

void cx_check_limits(const cx_check_frame_t *frame, cx_check_report_t *report)
{
    const cx_limits_t *limits = frame->limits;

    if (!limits) {
        return;
    }
    const struct {
        const char *name;
        double      measured_bytes_per_s, nominal_bytes_per_s;
    } pairs[] = {
        {"link_store", limits->link_store_bytes_per_s, limits->link_nominal_bytes_per_s},
        {"link_load", limits->link_load_bytes_per_s, limits->link_nominal_bytes_per_s},
        {"link_copy", limits->link_copy_bytes_per_s, limits->link_nominal_bytes_per_s},
        {"memory_copy", limits->memory_copy_bytes_per_s, limits->memory_nominal_bytes_per_s},
    };

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (pairs[i].measured_bytes_per_s >
            pairs[i].nominal_bytes_per_s * (1 + CX_FLOOR_TOLERANCE_RATIO)) {
            cx_check_add(report, CX_CHECK_OVER_NOMINAL, frame->name,
                         "its limit %s_bytes_per_s is %.12g, but that is built for %.12g",
                         pairs[i].name, pairs[i].measured_bytes_per_s,
                         pairs[i].nominal_bytes_per_s);
        }
    }
}
