/* SPDX-License-Identifier: Apache-2.0 */
/* The slow part of waiting for a peer: pausing, yielding and giving up.
 * Not the fast part, which flags.h inlines. */
#include "flags.h"

#include <sched.h>

#define SPINS_BEFORE_LOOKING_UP 1024

static inline void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static const char *operation_name(const cx_session_t *session)
{
    static const char *const collectives[] = {
#define NAME(name, slug, reduces, rooted) slug,
        CX_COLLECTIVE_MAP(NAME)
#undef NAME
    };
    static const char *const phases[] = {
#define NAME(name, slug) slug,
        CX_PHASE_MAP(NAME)
#undef NAME
    };

    return session->phase == CX_PHASE_OPERATION ? collectives[session->shape.op]
                                                : phases[session->phase];
}

cx_status_t cx_hostref_wait_slowly(const cx_session_t *session, const _Atomic uint64_t *flag,
                                   uint64_t value, int32_t rank)
{
    const cx_core_t *core = session->core;

    for (uint64_t spin = 1;; spin++) {
        if (atomic_load_explicit(flag, memory_order_acquire) >= value) {
            return CX_OK;
        }
        if (spin % SPINS_BEFORE_LOOKING_UP != 0 && !core->is_oversubscribed) {
            pause_briefly();
            continue;
        }
        (void)sched_yield(); /* the peer may be waiting for this very processor */
        if (spin % SPINS_BEFORE_LOOKING_UP == 0 && core->is_over(core)) {
            return CX_CORE_FAIL(core, CX_TIMEOUT,
                                "rank %d waited for rank %d in operation %llu (%s), which is at "
                                "%llu",
                                session->rank, rank, (unsigned long long)session->sequence,
                                operation_name(session), (unsigned long long)atomic_load(flag));
        }
    }
}
