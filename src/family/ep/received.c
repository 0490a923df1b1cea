/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of a receive: which rows came, what they carry, and what stands beside them.
 * Not bounds and decoding (reader.c), and not what combine makes of the rows (combined.c). */
#include "base/fail.h"
#include "family/common/codec_recipe.h"
#include "family/common/halves.h"
#include "family/ep/reader.h"
#include "family/ep/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A unit is what a row must be there for: a token, or (token-expert) a slot of a token. */
typedef struct receive {
    cx_ep_reader_t       reader;
    const cx_ep_work_t  *work;
    const cx_ep_trace_t *trace;
    cx_ep_report_t      *report;
    cx_ep_row_t          due; /* the row that a token must have become */
    bool                 is_token_rank;
    int64_t              unit_count;  /* of a token */
    int64_t             *places;      /* [token][unit_count]: 1 + where its row lies, 0: nowhere */
    uint16_t            *got, *right; /* bf16 [hidden_elems], for sentences */
    int32_t              rank;
} receive_t;

typedef struct words {
    char text[160];
} words_t;

/* "token 5 of rank 1 on rank 2, expert 9 (row 12)"; the expert where a row has one. */
static words_t name_row(const receive_t *receive, int64_t token, int64_t unit, int64_t at)
{
    const cx_ep_token_name_t name       = cx_ep_token_name(receive->work, token);
    char                     expert[32] = "";
    words_t                  words;

    if (!receive->is_token_rank) {
        (void)snprintf(expert, sizeof expert, ", expert %lld",
                       (long long)receive->trace->experts[token * receive->trace->topk + unit]);
    }
    (void)snprintf(words.text, sizeof words.text, "%s on rank %d%s (row %lld)", name.text,
                   (int)receive->rank, expert, (long long)at);
    return words;
}

/* The unit that a row is there for; -1 when it is for none of this rank's. */
static int64_t unit_of(const receive_t *receive, int64_t token, int64_t list)
{
    const cx_ep_reader_t *reader = &receive->reader;

    if (receive->is_token_rank) {
        return cx_ep_reader_local_count(reader, token) > 0 ? 0 : -1;
    }
    return cx_ep_reader_slot(reader, token, reader->first_expert + list);
}

static void blame_stranger(const receive_t *receive, int64_t token, int64_t list, int64_t at)
{
    const cx_ep_token_name_t name   = cx_ep_token_name(receive->work, token);
    const int64_t            expert = receive->reader.first_expert + list;

    if (receive->is_token_rank) {
        cx_ep_report_blame(receive->report, CX_EP_CHECK_SOURCE_SET, at,
                           "row %lld on rank %d is %s, which has no expert there", (long long)at,
                           (int)receive->rank, name.text);
    } else {
        cx_ep_report_blame(receive->report, CX_EP_CHECK_SOURCE_SET, at,
                           "row %lld on rank %d is %s, which does not go to expert %lld",
                           (long long)at, (int)receive->rank, name.text, (long long)expert);
    }
}

static void place_row(receive_t *receive, int64_t list, int64_t at)
{
    const int64_t token = cx_ep_reader_token(&receive->reader, at);
    const int64_t unit  = token < 0 ? -1 : unit_of(receive, token, list);
    int64_t      *place;

    if (token < 0) {
        cx_ep_report_blame(receive->report, CX_EP_CHECK_SOURCE_SET, at,
                           "row %lld on rank %d spells no token of this workload", (long long)at,
                           (int)receive->rank);
        return;
    }
    if (unit < 0) {
        blame_stranger(receive, token, list, at);
        return;
    }
    place = &receive->places[token * receive->unit_count + unit];
    if (*place > 0) {
        cx_ep_report_blame(receive->report, CX_EP_CHECK_SOURCE_SET, at,
                           "%s is a second one, after row %lld",
                           name_row(receive, token, unit, at).text, (long long)*place - 1);
        return;
    }
    *place = 1 + at;
}

static void place_rows(receive_t *receive)
{
    const cx_ep_reader_t *reader = &receive->reader;

    for (int64_t list = 0; list < reader->list_count; list++) {
        const int64_t count = cx_ep_reader_readable(reader, list);

        for (int64_t k = 0; k < count; k++) {
            place_row(receive, list, cx_ep_reader_at(reader, list, k));
        }
    }
}

static void find_missing(const receive_t *receive)
{
    for (int64_t unit = 0; unit < receive->trace->token_count * receive->unit_count; unit++) {
        const int64_t token = unit / receive->unit_count;
        const int64_t slot  = unit % receive->unit_count;
        const bool    is_due =
            receive->is_token_rank
                   ? cx_ep_reader_local_count(&receive->reader, token) > 0
                   : cx_ep_reader_is_local(&receive->reader, receive->trace->experts[unit]);

        if (!is_due || receive->places[unit] > 0) {
            continue;
        }
        if (receive->is_token_rank) {
            cx_ep_report_blame(receive->report, CX_EP_CHECK_SOURCE_SET, -1,
                               "%s never came to rank %d",
                               cx_ep_token_name(receive->work, token).text, (int)receive->rank);
        } else {
            cx_ep_report_blame(
                receive->report, CX_EP_CHECK_SOURCE_SET, -1,
                "%s never came to expert %lld of rank %d",
                cx_ep_token_name(receive->work, token).text,
                (long long)receive->trace->experts[token * receive->trace->topk + slot],
                (int)receive->rank);
        }
    }
}

static void check_source_set(receive_t *receive)
{
    const cx_ep_view_t *view = receive->reader.view;

    cx_ep_report_checked(receive->report, CX_EP_CHECK_SOURCE_SET, receive->reader.due_row_count);
    if (!receive->reader.has_rows && receive->reader.due_row_count > 0) {
        cx_ep_report_blame(receive->report, CX_EP_CHECK_PAYLOAD, -1,
                           "the view of rank %d has no memory that could hold rows of %s",
                           (int)receive->rank,
                           cx_codec_slugs[receive->reader.truth->problem->dispatch_codec]);
    }
    place_rows(receive);
    find_missing(receive);
    if (view->row_count != receive->reader.due_row_count) {
        cx_ep_report_blame(receive->report, CX_EP_CHECK_SOURCE_SET, -1,
                           "rank %d has %lld rows, %lld are due", (int)receive->rank,
                           (long long)view->row_count, (long long)receive->reader.due_row_count);
    }
}

/* The first byte of one area that differs; `count` when none does. */
static int64_t first_difference(const unsigned char *got, const unsigned char *right, int64_t count)
{
    int64_t i = 0;

    while (i < count && got[i] == right[i]) {
        i++;
    }
    return i;
}

static void blame_payload(receive_t *receive, const char *name, int64_t at)
{
    cx_ep_row_t         *due      = &receive->due;
    const unsigned char *payload  = cx_ep_reader_payload(&receive->reader, at);
    const unsigned char *scales   = cx_ep_reader_scales(&receive->reader, at);
    int64_t              byte     = first_difference(payload, due->payload, due->payload_bytes);
    const bool           is_scale = byte == due->payload_bytes;
    int64_t              column   = 0;

    if (is_scale) {
        payload = scales;
        byte    = first_difference(scales, due->scales, due->scale_bytes);
    }
    cx_ep_reader_values(&receive->reader, at, receive->got);
    cx_ep_row_decode(due, due->payload, due->scales, due->hidden_elems, receive->right);
    while (column < due->hidden_elems && receive->got[column] == receive->right[column]) {
        column++;
    }
    if (column < due->hidden_elems) {
        const double got   = (double)cx_bf16_to_float(receive->got[column]);
        const double right = (double)cx_bf16_to_float(receive->right[column]);

        cx_ep_report_blame(receive->report, CX_EP_CHECK_PAYLOAD, at,
                           "%s: column %lld is %.9g, expected %.9g (%s byte %lld)", name,
                           (long long)column, got, right, is_scale ? "scale" : "payload",
                           (long long)byte);
    } else {
        const unsigned char *expected = is_scale ? due->scales : due->payload;

        cx_ep_report_blame(
            receive->report, CX_EP_CHECK_PAYLOAD, at, "%s: %s byte %lld is 0x%02x, expected 0x%02x",
            name, is_scale ? "scale" : "payload", (long long)byte, payload[byte], expected[byte]);
    }
}

/* Every row of a token is the same; it is encoded once. */
static void check_payload(receive_t *receive, int64_t token)
{
    const cx_ep_row_t *due       = &receive->due;
    bool               is_filled = false;

    for (int64_t unit = 0; unit < receive->unit_count; unit++) {
        const int64_t at = receive->places[token * receive->unit_count + unit] - 1;

        if (at < 0) {
            continue;
        }
        if (!is_filled) {
            cx_ep_row_fill(&receive->due, &receive->reader.truth->activation, token);
            is_filled = true;
        }
        cx_ep_report_checked(receive->report, CX_EP_CHECK_PAYLOAD, 1);
        if (memcmp(cx_ep_reader_payload(&receive->reader, at), due->payload,
                   (size_t)due->payload_bytes) != 0 ||
            (due->scale_bytes > 0 && memcmp(cx_ep_reader_scales(&receive->reader, at), due->scales,
                                            (size_t)due->scale_bytes) != 0)) {
            blame_payload(receive, name_row(receive, token, unit, at).text, at);
        }
    }
}

/* Where a row names an expert; -1 when it does not. */
static int64_t find_expert(const receive_t *receive, const int32_t *experts, int64_t expert)
{
    for (int64_t i = 0; i < receive->trace->topk; i++) {
        if (experts[i] == expert) {
            return i;
        }
    }
    return -1;
}

static void check_gate(const receive_t *receive, int64_t token, int64_t at, float got, float right)
{
    const double error = fabs((double)got - (double)right);

    /* Bits, so that a NaN is not its own equal; but of a gate that must be 0 the sign is free. */
    if (cx_float_bits(got) == cx_float_bits(right) || (right == 0 && got == 0)) {
        return;
    }
    receive->report->gate_error_max =
        fmax(receive->report->gate_error_max, isnan(error) ? INFINITY : error);
    cx_ep_report_blame(receive->report, CX_EP_CHECK_WEIGHTS, at,
                       "%s: gate %.9g, expected %.9g (off by %.3g)",
                       name_row(receive, token, 0, at).text, (double)got, (double)right, error);
}

/* Experts of this rank that the token has, and the row must name, with their gates. */
static void check_due_experts(const receive_t *receive, int64_t token, int64_t at)
{
    const int64_t  topk    = receive->trace->topk;
    const int32_t *experts = receive->reader.view->row_experts + at * topk;
    const float   *gates   = receive->reader.view->row_gates;

    for (int64_t slot = 0; slot < topk; slot++) {
        const int64_t expert = receive->trace->experts[token * topk + slot];
        int64_t       i;

        if (!cx_ep_reader_is_local(&receive->reader, expert)) {
            continue;
        }
        i = find_expert(receive, experts, expert);
        if (i < 0) {
            cx_ep_report_blame(receive->report, CX_EP_CHECK_METADATA, at,
                               "%s does not name its expert %lld",
                               name_row(receive, token, 0, at).text, (long long)expert);
        } else if (gates) {
            check_gate(receive, token, at, gates[at * topk + i],
                       receive->trace->weights[token * topk + slot]);
        }
    }
}

static void check_named_experts(const receive_t *receive, int64_t token, int64_t at)
{
    const int64_t  topk       = receive->trace->topk;
    const int32_t *experts    = receive->reader.view->row_experts + at * topk;
    const float   *gates      = receive->reader.view->row_gates;
    const int64_t  due_count  = cx_ep_reader_local_count(&receive->reader, token);
    int64_t        name_count = 0;

    for (int64_t i = 0; i < topk; i++) {
        if (experts[i] < 0) {
            if (gates) {
                check_gate(receive, token, at, gates[at * topk + i], 0);
            }
            continue;
        }
        name_count++;
        if (!cx_ep_reader_is_local(&receive->reader, experts[i]) ||
            cx_ep_reader_slot(&receive->reader, token, experts[i]) < 0 ||
            find_expert(receive, experts, experts[i]) != i) {
            cx_ep_report_blame(receive->report, CX_EP_CHECK_METADATA, at,
                               "%s names expert %d, which is not its own here or named twice",
                               name_row(receive, token, 0, at).text, (int)experts[i]);
        }
    }
    if (name_count != due_count) {
        cx_ep_report_blame(receive->report, CX_EP_CHECK_MULTIPLICITY, at,
                           "%s names %lld experts, it has %lld here",
                           name_row(receive, token, 0, at).text, (long long)name_count,
                           (long long)due_count);
    }
}

static void check_metadata(const receive_t *receive, int64_t token)
{
    const int64_t at = receive->places[token] - 1;

    if (at < 0) {
        return;
    }
    cx_ep_report_checked(receive->report, CX_EP_CHECK_METADATA, 1);
    cx_ep_report_checked(receive->report, CX_EP_CHECK_WEIGHTS, 1);
    cx_ep_report_checked(receive->report, CX_EP_CHECK_MULTIPLICITY, 1);
    check_due_experts(receive, token, at);
    check_named_experts(receive, token, at);
}

static void check_counts(const receive_t *receive)
{
    const cx_ep_reader_t *reader = &receive->reader;

    cx_ep_report_checked(receive->report, CX_EP_CHECK_COUNTS, reader->expert_count);
    for (int64_t e = 0; e < reader->expert_count; e++) {
        const int64_t expert = reader->first_expert + e;
        const int64_t got =
            reader->view->expert_row_counts ? reader->view->expert_row_counts[e] : -1;

        if (got != reader->due_experts[e]) {
            cx_ep_report_blame(receive->report, CX_EP_CHECK_COUNTS, e,
                               "expert %lld of rank %d has %lld rows, %lld are due",
                               (long long)expert, (int)receive->rank, (long long)got,
                               (long long)reader->due_experts[e]);
        }
    }
}

static void check_all(receive_t *receive)
{
    const cx_ep_view_t *view         = receive->reader.view;
    const bool          has_metadata = receive->is_token_rank && view->row_experts;

    receive->report->row_count = view->row_count;
    check_source_set(receive);
    if (receive->is_token_rank && receive->reader.due_row_count > 0) {
        if (!view->row_experts) {
            cx_ep_report_blame(receive->report, CX_EP_CHECK_METADATA, -1,
                               "rank %d does not say which experts its rows are for",
                               (int)receive->rank);
        }
        if (!view->row_gates) {
            cx_ep_report_blame(receive->report, CX_EP_CHECK_WEIGHTS, -1,
                               "rank %d does not have the gates of its rows", (int)receive->rank);
        }
    }
    for (int64_t token = 0; token < receive->trace->token_count; token++) {
        check_payload(receive, token);
        if (has_metadata) {
            check_metadata(receive, token);
        }
    }
    check_counts(receive);
}

cx_status_t cx_ep_check_received(const cx_ep_truth_t *truth, const cx_ep_view_t *view,
                                 cx_ep_report_t *report)
{
    const size_t elems   = (size_t)truth->problem->hidden_elems;
    receive_t    receive = {.work          = truth->work,
                            .trace         = &truth->work->physical,
                            .report        = report,
                            .is_token_rank = truth->caps.layout == CX_EP_LAYOUT_TOKEN_RANK,
                            .rank          = truth->rank};
    cx_arena_t   arena;
    cx_status_t  status;

    cx_arena_init(&arena);
    receive.unit_count = receive.is_token_rank ? 1 : receive.trace->topk;
    CX_TRY_OR(fini_arena, cx_ep_reader_init(truth, view, &arena, &receive.reader));
    CX_TRY_OR(fini_arena,
              cx_ep_row_init(truth, truth->problem->dispatch_codec, &arena, &receive.due));
    receive.places = cx_arena_grab(
        &arena, (size_t)(receive.trace->token_count * receive.unit_count) * sizeof *receive.places);
    receive.got   = cx_arena_grab(&arena, elems * sizeof *receive.got);
    receive.right = cx_arena_grab(&arena, elems * sizeof *receive.right);
    if (!receive.places || !receive.got || !receive.right) {
        status = CX_FAIL(CX_RESOURCE, "out of memory for an index of the received rows");
        goto fini_arena;
    }
    check_all(&receive);
fini_arena:
    cx_arena_fini(&arena);
    return status;
}
