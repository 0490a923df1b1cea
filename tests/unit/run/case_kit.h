/* SPDX-License-Identifier: Apache-2.0 */
/* A bench on which one rank alone runs cases, and cases that forked ranks run together.
 * Not a run: nothing supervises the ranks and nothing is written. */
#ifndef TESTS_UNIT_RUN_CASE_KIT_H
#define TESTS_UNIT_RUN_CASE_KIT_H

#include "run/run_case.h"
#include "unit/peers/ranks.h"
#include "unit/run/kit.h"

static cx_arena_t  arena;
static kit_alone_t kit;
static cx_bench_t  bench;

static inline int open_bench(void **state)
{
    (void)state;
    cx_arena_init(&arena);
    kit_alone_open(&kit);
    cx_bench_init(&bench, &kit.context);
    return 0;
}

static inline int close_bench(void **state)
{
    (void)state;
    cx_bench_fini(&bench);
    kit_alone_close(&kit);
    cx_arena_fini(&arena);
    return 0;
}

/* The next event on the bench, which must be of that kind; the caller releases. */
static inline json_t *next(const char *kind)
{
    json_t *event = kit_event(&kit);

    assert_non_null(event);
    assert_string_equal(kit_text(event, "event"), kind);
    return event;
}

/* Of the running test; ranks are forked after they are set. */
static const char *among_words; /* the case */
static double among_offset_ns;  /* so much later is the clock of each rank than the last one's */
static void (*among_note)(world_t *world, const char *event, size_t bytes); /* on rank 0 */

/* For run_ranks: one rank's part of a case. Rank 0 hears every event. */
static inline cx_status_t run_among(world_t *world)
{
    cx_rank_context_t context;
    cx_bench_t        own_bench;
    cx_arena_t        own_arena;
    cx_wire_inbox_t   inbox = {0};
    cx_wire_kind_t    kind;
    const char       *payload;
    size_t            bytes;
    int               ends[2] = {-1, -1};
    bool              is_closed;
    cx_case_t         one;

    cx_arena_init(&own_arena);
    if (world->meeting.rank == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) {
        return CX_FAIL(CX_RESOURCE, "no channel");
    }
    kit_context(&context, world->ops, world->peers, ends[1]);
    context.clock.offset_ns = world->meeting.rank * among_offset_ns;
    cx_bench_init(&own_bench, &context);
    one = kit_case(&own_arena, among_words);
    CX_TRY(cx_run_case(&own_bench, &one, 0));
    cx_detail_clear();
    if (world->meeting.rank == 0) {
        CX_TRY(cx_wire_receive(&inbox, ends[0], &is_closed));
        while (cx_wire_next(&inbox, &kind, &payload, &bytes)) {
            if (kind == CX_WIRE_JSON) {
                among_note(world, payload, bytes);
            }
            cx_wire_pop(&inbox);
        }
        cx_wire_fini(&inbox);
        close(ends[0]);
        close(ends[1]);
    }
    cx_bench_fini(&own_bench);
    kit_context_close(&context);
    cx_arena_fini(&own_arena);
    return CX_OK;
}

#endif
