/* SPDX-License-Identifier: Apache-2.0 */
/* Facts to reasons, reasons to a class. */
#include "judge/publication.h"

#include <math.h>

bool cx_judge_floor(double time_us, double time_us_ci_high, double floor_us)
{
    double high_us = isnan(time_us_ci_high) ? time_us : time_us_ci_high;

    return high_us < floor_us * (1 - CX_FLOOR_TOLERANCE_RATIO);
}

/* Whether the case ended with something to judge; the rest never got there. */
static bool did_complete(cx_status_t status)
{
    return status == CX_OK || status == CX_INVALID || status == CX_INCORRECT ||
           status == CX_UNSTABLE;
}

static bool stands(const cx_judge_facts_t *facts, cx_reason_t reason)
{
    bool wants_evidence = facts->is_verified && facts->has_output && !facts->is_imported;

    switch (reason) {
    case CX_REASON_DID_NOT_COMPLETE:
        return !did_complete(facts->status);
    case CX_REASON_NO_ROWS:
        return facts->row_count == 0;
    case CX_REASON_BREAKS_RULE:
        return facts->status == CX_INVALID;
    case CX_REASON_INCORRECT:
        return facts->status == CX_INCORRECT;
    case CX_REASON_NO_EVIDENCE:
        return wants_evidence && !facts->moves_no_data && facts->verified_count == 0;
    case CX_REASON_UNDER_FLOOR:
        return facts->is_under_floor;
    case CX_REASON_NOT_SETTLED:
        return !facts->is_settled || facts->status == CX_UNSTABLE;
    case CX_REASON_NOT_VERIFIED:
        return !facts->is_verified;
    case CX_REASON_MOVES_NO_DATA:
        return facts->moves_no_data;
    case CX_REASON_DISTURBED:
        return facts->is_disturbed;
    case CX_REASON_OVERSUBSCRIBED:
        return facts->is_oversubscribed;
    case CX_REASON_MIXED_DEVICES:
        return facts->is_mixed;
    case CX_REASON_DEBUG_BUILD:
        return facts->is_debug_build;
    case CX_REASON_GIT_DIRTY:
        return facts->is_git_dirty;
    case CX_REASON_PARTLY_VERIFIED:
        return wants_evidence && facts->verified_count > 0 &&
               facts->verified_count < facts->timed_count;
    case CX_REASON_IMPORTED:
        return facts->is_imported;
    case CX_REASON_NO_PROVENANCE:
        return !facts->has_provenance;
    case CX_REASON_FAST_SAMPLING:
        return facts->is_fast;
    default:
        return facts->launch_count < CX_OFFICIAL_LAUNCH_COUNT_MIN;
    }
}

cx_publication_t cx_judge(const cx_judge_facts_t *facts)
{
    cx_publication_t publication = {CX_PUBLICATION_OFFICIAL, 0};

    for (int i = 0; i < CX_REASON_COUNT; i++) {
        cx_reason_t            reason = (cx_reason_t)i;
        cx_publication_class_t best   = cx_reason_best(reason);

        if (stands(facts, reason)) {
            publication.reasons |= UINT32_C(1) << i;
            publication.level = best > publication.level ? best : publication.level;
        }
    }
    return publication;
}
