/* SPDX-License-Identifier: Apache-2.0 */
/* What may be claimed of a record: derived from plain facts, never set by hand.
 * Not the collecting of the facts (run/facts.h). */
#ifndef CX_JUDGE_PUBLICATION_H
#define CX_JUDGE_PUBLICATION_H

#include "collectivex/status.h"
#include "model/publication.h"

#include <stdbool.h>
#include <stdint.h>

#define CX_OFFICIAL_LAUNCH_COUNT_MIN 5

/* How far limits that were measured briefly may be off; docs/floors.md. */
#define CX_FLOOR_TOLERANCE_RATIO 0.02

/* Whether a time, by its whole interval, beats a floor: then one of the two is wrong. Unknown (NAN)
 * is the end of the interval where there is none, and a floor or time that nobody can beat. */
bool cx_judge_floor(double time_us, double time_us_ci_high, double floor_us);

typedef struct cx_judge_facts {
    cx_status_t status;
    int64_t     row_count, launch_count;
    int64_t     timed_count, verified_count; /* over all rows */
    bool        is_verified;                 /* checking of outputs was asked for */
    bool        has_output;                  /* false for a barrier: there is nothing to check */
    bool        is_imported, has_provenance;
    bool        moves_no_data; /* backend null, or a device of virtual time */
    bool        is_settled, is_disturbed;
    bool        is_oversubscribed, is_debug_build, is_git_dirty;
    bool        is_fast;        /* family ep: sampling is fast */
    bool        is_under_floor; /* a row is faster than the machine's limits allow */
    bool        is_mixed;       /* ranks on accelerators of different models */
} cx_judge_facts_t;

typedef struct cx_publication {
    cx_publication_class_t level;
    uint32_t               reasons; /* bits of cx_reason_t: every fact that stands against it */
} cx_publication_t;

/* The class is the worst that any reason leaves; official is what has no reason at all. */
cx_publication_t cx_judge(const cx_judge_facts_t *facts);

#endif
