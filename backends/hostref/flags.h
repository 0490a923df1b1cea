/* SPDX-License-Identifier: Apache-2.0 */
/* Flags between processes: each rank writes its own, the others wait for a value to be reached.
 * No locks, no resets: values are numbers of operations and only grow. */
#ifndef CX_HOSTREF_FLAGS_H
#define CX_HOSTREF_FLAGS_H

#include "hostref.h"

#include <stdatomic.h>

/* Two lines of 64 bytes: processors fetch the neighbour of a missed line with it. */
#define CX_HOSTREF_LINE_BYTES 128u

typedef struct cx_hostref_flag {
    _Alignas(CX_HOSTREF_LINE_BYTES) _Atomic uint64_t sequence;
} cx_hostref_flag_t;

/* The head of every rank's control segment. */
typedef struct cx_hostref_flags {
    cx_hostref_flag_t ready; /* last operation entered: this rank's buffers may be touched */
    cx_hostref_flag_t done;  /* last operation in which this rank stopped touching peers' memory */
} cx_hostref_flags_t;

static inline cx_hostref_flags_t *cx_hostref_flags(const cx_session_t *session, int32_t rank)
{
    return session->control.bases[rank];
}

/* The rest of a wait, once it turned out not to be short. CX_TIMEOUT names `rank`. */
cx_status_t cx_hostref_wait_slowly(const cx_session_t *session, const _Atomic uint64_t *flag,
                                   uint64_t value, int32_t rank);

/**
 * Waits until `flag`, which `rank` writes, is at least `value`. The first looks are not spaced by
 * pause instructions: one of those costs as much as the whole transfer of a line.
 *
 * errors  CX_TIMEOUT the phase is over and the rank stayed silent
 */
static inline cx_status_t cx_hostref_wait(const cx_session_t *session, const _Atomic uint64_t *flag,
                                          uint64_t value, int32_t rank)
{
    for (uint64_t spin = 0; spin < session->spin_count; spin++) {
        if (atomic_load_explicit(flag, memory_order_acquire) >= value) {
            return CX_OK;
        }
    }
    return cx_hostref_wait_slowly(session, flag, value, rank);
}

/* This rank has entered the operation: its memory may be touched, and it waits for its partners. */
static inline cx_status_t cx_hostref_enter(const cx_session_t *session)
{
    atomic_store_explicit(&cx_hostref_flags(session, session->rank)->ready.sequence,
                          session->sequence, memory_order_release);
    for (int32_t i = 0; i < session->partner_count; i++) {
        const int32_t rank = session->partners[i];

        CX_HOSTREF_TRY(cx_hostref_wait(session, &cx_hostref_flags(session, rank)->ready.sequence,
                                       session->sequence, rank));
    }
    return CX_OK;
}

/* This rank stopped touching the memory of others: said once, at the end of every operation. */
static inline void cx_hostref_say_done(const cx_session_t *session)
{
    atomic_store_explicit(&cx_hostref_flags(session, session->rank)->done.sequence,
                          session->sequence, memory_order_release);
}

/* Waits until `rank` has ended operation `value`, and remembers how far it was seen to be. */
static inline cx_status_t cx_hostref_wait_done(cx_session_t *session, int32_t rank, uint64_t value)
{
    const _Atomic uint64_t *flag;

    if (session->done_seen[rank] >= value) {
        return CX_OK;
    }
    flag = &cx_hostref_flags(session, rank)->done.sequence;
    CX_HOSTREF_TRY(cx_hostref_wait(session, flag, value, rank));
    session->done_seen[rank] = atomic_load_explicit(flag, memory_order_acquire);
    return CX_OK;
}

/* The same of all partners: nobody touches what operation `value` lent them any more. */
static inline cx_status_t cx_hostref_wait_all_done(cx_session_t *session, uint64_t value)
{
    for (int32_t i = 0; i < session->partner_count; i++) {
        CX_HOSTREF_TRY(cx_hostref_wait_done(session, session->partners[i], value));
    }
    return CX_OK;
}

#endif
