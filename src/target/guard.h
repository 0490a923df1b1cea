/* SPDX-License-Identifier: Apache-2.0 */
/* Was the machine disturbed while a block ran: a cheap sample before and after, and what differs.
 * Not the decision to repeat the block (measure/), and not the accelerator's telemetry (device.h).
 */
#ifndef CX_TARGET_GUARD_H
#define CX_TARGET_GUARD_H

#include "collectivex/status.h"

#include <stdint.h>

/* Totals since some past moment, but for clock_mhz. Unknown is NAN or -1. */
typedef struct cx_guard {
    int64_t taken_ns;       /* CLOCK_MONOTONIC */
    int32_t cpu_index;      /* the processor the caller is on */
    int32_t cpu_count;      /* online processors of the host */
    double  steal_us;       /* all processors: time the hypervisor gave to others */
    double  busy_us;        /* all processors: user, nice, system and interrupts */
    double  tick_us;        /* steal_us and busy_us are multiples of this */
    double  own_busy_us;    /* this process, all threads */
    double  wait_us;        /* the main thread was runnable but had no processor */
    double  clock_mhz;      /* of cpu_index, now */
    int64_t throttle_count; /* thermal events of the core and package of cpu_index */
    int64_t preemption_count;
    int64_t major_fault_count;
} cx_guard_t;

/* What a block may see. NAN (of a count: -1) switches a guard off. */
typedef struct cx_guard_limits {
    double  steal_ratio;       /* of all processors' time */
    double  other_busy_ratio;  /* likewise, by processes that are neither this one nor siblings */
    double  wait_ratio;        /* of the block */
    double  clock_drop_ratio;  /* of the clock before; 1 - after/before */
    int64_t throttle_count;    /* allowed events */
    int64_t major_fault_count; /* likewise */
    /* Not a limit: what the other ranks of this host used between the two samples, the sum of
     * their own_busy_us differences. NAN: unknown, and other-load is not judged. */
    double siblings_busy_us;
} cx_guard_limits_t;

extern const cx_guard_limits_t cx_guard_limits_default; /* a single rank on the host */

/* name, id */
#define CX_GUARD_MAP(X)      \
    X(STEAL, "host-steal")   \
    X(LOAD, "other-load")    \
    X(WAIT, "preempted")     \
    X(CLOCK, "clock-drop")   \
    X(THROTTLE, "throttled") \
    X(FAULTS, "page-faults")

typedef enum cx_guard_kind {
#define CX_GUARD_ENUM(name, id) CX_GUARD_##name,
    CX_GUARD_MAP(CX_GUARD_ENUM)
#undef CX_GUARD_ENUM
        CX_GUARD_KIND_COUNT
} cx_guard_kind_t;

typedef struct cx_guard_finding {
    const char *id;    /* stable; one of CX_GUARD_MAP */
    double      value; /* in the unit of `limit` */
    double      limit;
    char        text[160]; /* a sentence with numbers */
} cx_guard_finding_t;

/**
 * Open what cx_guard_sample reads, once per process and before warm-up: the state of a machine has
 * one reader. After fork, because the files of the process are the opener's. `root` as in probe.h.
 * A file that is not there makes its reading unknown; clocks are known of the first 16 processors
 * this thread may run on.
 *
 * window  never: it opens files
 * errors  CX_INVALID already open, or no such root
 */
cx_status_t cx_guard_open(const char *root);
void        cx_guard_close(void);

/**
 * Take a sample. Without cx_guard_open only this process' own counts are known.
 *
 * window  between blocks, never inside: system calls without allocation, about 20 us, more on a
 *         host with hundreds of processors (the kernel prints all of /proc/stat)
 */
void cx_guard_sample(cx_guard_t *out);

/**
 * What happened between two samples that exceeds the limits, in the order of CX_GUARD_MAP.
 *
 * The kernel counts steal and busy time in ticks of 10 ms, so a difference must exceed its limit by
 * more than the ticks' rounding to be found. The clock is compared only on the same processor.
 * A reading that is unknown on either side is never a finding.
 *
 * returns how many were written, at most `count`; CX_GUARD_KIND_COUNT is always enough
 */
uint32_t cx_guard_compare(const cx_guard_t *before, const cx_guard_t *after,
                          const cx_guard_limits_t *limits, cx_guard_finding_t out[],
                          uint32_t count);

#endif
