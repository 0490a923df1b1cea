/* SPDX-License-Identifier: Apache-2.0 */
/* The faults, one function and one row each: what breaks, on which rank, in which calls.
 * Not how the right answer is found (collect.c). */
#include "faulty.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SLOW_US 50
#define DEAF_SECONDS 600

static const uint64_t collective_reduces = 0
#define BIT(name, slug, reduces, rooted) | ((reduces) ? CX_BIT(CX_COLLECTIVE_##name) : 0)
    CX_COLLECTIVE_MAP(BIT)
#undef BIT
    ;

static const uint64_t collective_rooted = 0
#define BIT(name, slug, reduces, rooted) | ((rooted) ? CX_BIT(CX_COLLECTIVE_##name) : 0)
    CX_COLLECTIVE_MAP(BIT)
#undef BIT
    ;

/* What is sent stays that of the call before, and nothing is delivered: a lost send, seen from
 * either side. Inputs that never change would hide it. */
static cx_status_t skip(cx_session_t *session, const cx_slot_t *slot)
{
    (void)slot;
    session->is_skipped = true;
    return CX_OK;
}

/* A single element has no neighbour to take the place of, and changes. */
static cx_status_t shift(cx_session_t *session, const cx_slot_t *slot)
{
    (void)slot;
    if (session->result_bytes > session->elem_bytes) {
        memmove(session->result + session->elem_bytes, session->result,
                session->result_bytes - session->elem_bytes);
    } else {
        session->result[0] ^= 1;
    }
    return CX_OK;
}

static cx_status_t deliver_last(cx_session_t *session, const cx_slot_t *slot)
{
    unsigned char *result = session->result;

    (void)slot;
    session->result      = session->last_result;
    session->last_result = result;
    return CX_OK;
}

static cx_status_t flip_bit(cx_session_t *session, const cx_slot_t *slot)
{
    (void)slot;
    session->result[session->result_bytes - session->elem_bytes] ^= 1;
    return CX_OK;
}

static cx_status_t narrow(cx_session_t *session, const cx_slot_t *slot)
{
    (void)slot;
    cx_faulty_reduce(session, (cx_faulty_twist_t){.lost_rank = -1, .is_narrow = true});
    return CX_OK;
}

static cx_status_t round_steps(cx_session_t *session, const cx_slot_t *slot)
{
    (void)slot;
    cx_faulty_reduce(session, (cx_faulty_twist_t){.lost_rank = -1, .is_stepwise = true});
    return CX_OK;
}

/* Each rank begins with itself, as one that sums what it has while it waits for the others. */
static cx_status_t follow_ranks(cx_session_t *session, const cx_slot_t *slot)
{
    const cx_faulty_twist_t twist = {
        .lost_rank = -1, .is_stepwise = true, .first_rank = session->core->rank};

    (void)slot;
    cx_faulty_reduce(session, twist);
    return CX_OK;
}

/* In another order each time, as of sums by atomic additions. */
static cx_status_t follow_calls(cx_session_t *session, const cx_slot_t *slot)
{
    const cx_faulty_twist_t twist = {
        .lost_rank   = -1,
        .is_stepwise = true,
        .first_rank  = (int32_t)(session->call_count % session->core->rank_count)};

    (void)slot;
    cx_faulty_reduce(session, twist);
    return CX_OK;
}

/* The part of the next rank is lost: its share of a reduction, or its block, in whose place the
 * output keeps what it held. */
static cx_status_t lose_block(cx_session_t *session, const cx_slot_t *slot)
{
    int32_t lost_rank = (session->core->rank + 1) % session->core->rank_count;
    size_t  place     = 0;

    if (collective_reduces & CX_BIT(session->shape.op)) {
        cx_faulty_reduce(session, (cx_faulty_twist_t){.lost_rank = lost_rank});
        return CX_OK;
    }
    for (int32_t i = 0; i < session->piece_count; i++) {
        if (session->piece_count == 1 || i == lost_rank) {
            memcpy(session->result + place, (const unsigned char *)slot->recv + place,
                   session->pieces[i].bytes);
        }
        place += session->pieces[i].bytes;
    }
    return CX_OK;
}

/* The first and the last of rank_count equal pieces change places; a result shorter than that
 * changes its first and last element. */
static cx_status_t swap_blocks(cx_session_t *session, const cx_slot_t *slot)
{
    size_t elem_count = session->result_bytes / session->elem_bytes;
    size_t part_elems = elem_count / (size_t)session->core->rank_count;
    size_t part_bytes = (part_elems ? part_elems : 1) * session->elem_bytes;

    (void)slot;
    for (size_t i = 0; i < part_bytes && elem_count > 1; i++) {
        unsigned char *first = &session->result[i];
        unsigned char *last  = &session->result[session->result_bytes - part_bytes + i];
        unsigned char  held  = *first;
        *first               = *last;
        *last                = held;
    }
    return CX_OK;
}

/* Counts up, because a flip would undo itself at the slot's next turn. */
static cx_status_t overrun(cx_session_t *session, const cx_slot_t *slot)
{
    unsigned char *end = (unsigned char *)slot->recv + session->result_bytes;

    for (size_t i = 0; i < session->elem_bytes; i++) {
        end[i]++;
    }
    return CX_OK;
}

/* Counts up, too. */
static cx_status_t modify_input(cx_session_t *session, const cx_slot_t *slot)
{
    (void)session;
    (*(unsigned char *)(uintptr_t)slot->send)++;
    return CX_OK;
}

static cx_status_t hang(cx_session_t *session, const cx_slot_t *slot)
{
    (void)slot;
    while (!session->core->is_over(session->core)) {
        (void)sched_yield();
    }
    return CX_CORE_FAIL(session->core, CX_TIMEOUT, "injected hang, ended by the core");
}

/* Hears neither the core nor a polite signal: only SIGKILL ends it, or ten minutes. */
static cx_status_t play_deaf(cx_session_t *session, const cx_slot_t *slot)
{
    struct timespec left = {.tv_sec = DEAF_SECONDS};
    sigset_t        all;

    (void)slot;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, NULL);
    (void)nanosleep(&left, NULL);
    return CX_CORE_FAIL(session->core, CX_TIMEOUT, "injected deafness, ended by itself");
}

static cx_status_t crash(cx_session_t *session, const cx_slot_t *slot)
{
    (void)session;
    (void)slot;
    (void)raise(SIGKILL);
    return CX_OK;
}

static cx_status_t refuse(cx_session_t *session, const cx_slot_t *slot)
{
    (void)slot;
    return CX_CORE_FAIL(session->core, CX_BACKEND, "injected failure of call %lld",
                        (long long)session->call_count);
}

static cx_status_t dawdle(cx_session_t *session, const cx_slot_t *slot)
{
    const cx_core_t *core = session->core;

    (void)slot;
    return core->device_ops->spin(core->device, NULL, SLOW_US);
}

/* Volatile, so that no compiler finds out that the memory is not used. */
static cx_status_t allocate(cx_session_t *session, const cx_slot_t *slot)
{
    void *volatile memory = malloc(64);

    (void)session;
    (void)slot;
    free(memory);
    return CX_OK;
}

static cx_status_t do_nothing(cx_session_t *session, const cx_slot_t *slot)
{
    (void)session;
    (void)slot;
    return CX_OK;
}

/* RECEIVER, SENDER: the last rank that receives, or sends, anything. */
typedef enum culprit { NOBODY, RANK_1, LAST, RECEIVER, SENDER, EVERYBODY } culprit_t;
typedef enum need { ANY_OP, REDUCING_OP, ROOTED_OP } need_t;

/* name, slug, culprit, first faulty call, calls from one to the next (0: no next), needed kind of
 * operation, stage, action */
#define FAULT_MAP(X)                                                                      \
    X(NONE, "none", NOBODY, 1, 1, ANY_OP, BEFORE, do_nothing)                             \
    X(SKIPPED_SEND, "skipped_send", LAST, 5, 5, ANY_OP, BEFORE, skip)                     \
    X(WRONG_ROOT, "wrong_root", NOBODY, 1, 1, ROOTED_OP, BEFORE, do_nothing)              \
    X(OFF_BY_ONE, "off_by_one", RECEIVER, 1, 1, ANY_OP, RESULT, shift)                    \
    X(STALE_BUFFER, "stale_buffer", RECEIVER, 1, 1, ANY_OP, RESULT, deliver_last)         \
    X(CORRUPTED_BYTE, "corrupted_byte", RECEIVER, 7, 7, ANY_OP, RESULT, flip_bit)         \
    X(WRONG_TYPE, "wrong_type", RECEIVER, 1, 1, REDUCING_OP, RESULT, narrow)              \
    X(ROUNDED_STEPS, "rounded_steps", EVERYBODY, 1, 1, REDUCING_OP, RESULT, round_steps)  \
    X(ORDER_BY_RANK, "order_by_rank", EVERYBODY, 1, 1, REDUCING_OP, RESULT, follow_ranks) \
    X(ORDER_BY_CALL, "order_by_call", EVERYBODY, 1, 1, REDUCING_OP, RESULT, follow_calls) \
    X(LOST_BLOCK, "lost_block", RECEIVER, 1, 1, ANY_OP, RESULT, lose_block)               \
    X(SWAPPED_BLOCKS, "swapped_blocks", RECEIVER, 1, 1, ANY_OP, RESULT, swap_blocks)      \
    X(OVERRUN, "overrun", RECEIVER, 1, 1, ANY_OP, AFTER, overrun)                         \
    X(MODIFIED_INPUT, "modified_input", SENDER, 1, 1, ANY_OP, AFTER, modify_input)        \
    X(HANG, "hang", LAST, 3, 0, ANY_OP, BEFORE, hang)                                     \
    X(CRASH, "crash", RANK_1, 3, 0, ANY_OP, BEFORE, crash)                                \
    X(ERROR, "error", LAST, 3, 0, ANY_OP, AFTER, refuse)                                  \
    X(SLOW_RANK, "slow_rank", RANK_1, 1, 1, ANY_OP, BEFORE, dawdle)                       \
    X(ALLOC_IN_WINDOW, "alloc_in_window", LAST, 1, 1, ANY_OP, BEFORE, allocate)           \
    X(DEAF_RANK, "deaf_rank", LAST, 3, 0, ANY_OP, BEFORE, play_deaf)

enum {
#define FAULT_ENUM(name, ...) FAULT_##name,
    FAULT_MAP(FAULT_ENUM)
#undef FAULT_ENUM
};

const char *const cx_faulty_slugs[] = {
#define SLUG(name, slug, ...) slug,
    FAULT_MAP(SLUG)
#undef SLUG
        NULL};

static const struct {
    culprit_t         culprit;
    int64_t           first_call, stride;
    need_t            need;
    cx_faulty_stage_t stage;
    cx_status_t (*act)(cx_session_t *session, const cx_slot_t *slot);
} faults[] = {
#define ROW(name, slug, culprit, first, period, need, stage, act) \
    {culprit, first, period, need, CX_FAULTY_##stage, act},
    FAULT_MAP(ROW)
#undef ROW
};

cx_status_t cx_faulty_choose(cx_session_t *session)
{
    need_t   need      = faults[session->fault_index].need;
    uint64_t op        = CX_BIT(session->shape.op);
    bool     has_shift = session->fault_index == FAULT_WRONG_ROOT;

    if ((need == REDUCING_OP && !(op & collective_reduces)) ||
        (need == ROOTED_OP && !(op & collective_rooted))) {
        return CX_CORE_FAIL(
            session->core, CX_UNSUPPORTED, "the fault %s needs an operation that %s",
            cx_faulty_slugs[session->fault_index], need == ROOTED_OP ? "has a root" : "reduces");
    }
    session->root_rank = has_shift ? (session->shape.root_rank + 1) % session->core->rank_count
                                   : session->shape.root_rank;
    return CX_OK;
}

/* The root of a broadcast has what it would receive, so no fault shows there. */
static bool is_taking_part(const cx_session_t *session, culprit_t culprit, int32_t rank)
{
    switch (culprit) {
    case RECEIVER:
        return cx_faulty_is_receiver(session, rank) &&
               !(session->shape.op == CX_COLLECTIVE_BROADCAST && rank == session->root_rank);
    case SENDER:
        return cx_faulty_is_sender(session, rank);
    default:
        return true;
    }
}

static bool is_culprit(const cx_session_t *session, const cx_slot_t *slot, culprit_t culprit)
{
    int32_t rank = session->core->rank_count - 1;

    if (culprit == NOBODY || culprit == RANK_1) {
        return culprit == RANK_1 && session->core->rank == 1;
    }
    if (culprit == EVERYBODY) {
        return cx_faulty_is_receiver(session, session->core->rank);
    }
    while (rank > 0 && !is_taking_part(session, culprit, rank)) {
        rank--;
    }
    return session->core->rank == rank && (culprit != RECEIVER || slot->recv) &&
           (culprit != SENDER || slot->send);
}

cx_status_t cx_faulty_act(cx_session_t *session, cx_faulty_stage_t stage, const cx_slot_t *slot)
{
    int32_t fault  = session->fault_index;
    int64_t since  = session->call_count - faults[fault].first_call;
    int64_t stride = faults[fault].stride;
    bool    is_due = stride > 0 ? since >= 0 && since % stride == 0 : since == 0;

    if (!is_due || stage != faults[fault].stage ||
        !is_culprit(session, slot, faults[fault].culprit)) {
        return CX_OK;
    }
    return faults[fault].act(session, slot);
}
