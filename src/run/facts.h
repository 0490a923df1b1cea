/* SPDX-License-Identifier: Apache-2.0 */
/* The facts a record holds about itself, for the judge: the same when it is written and when it is
 * checked. Not the judgement (judge/publication.h). */
#ifndef CX_RUN_FACTS_H
#define CX_RUN_FACTS_H

#include "judge/publication.h"

#include <jansson.h>

/* Members of a record's environment that are facts; "true" or "false", absent is false. */
#define CX_FACTOR_MOVES_NO_DATA "moves_no_data"
#define CX_FACTOR_VIRTUAL_TIME "is_virtual_time"
#define CX_FACTOR_OVERSUBSCRIBED "is_oversubscribed"
/* "device" where ranks meet on their devices; absent where they meet on their hosts alone. */
#define CX_FACTOR_ALIGNMENT "alignment"

/* From a record that validates (store/record.h); its member publication is not looked at. */
void cx_facts_read(const json_t *record, int64_t launch_count, cx_judge_facts_t *out);

/* How many ranks the reporter's host had, of a record's environment; 0 when it does not say. */
int64_t cx_facts_host_rank_count(const json_t *environment);

/* The member "publication" of a record: {"class", "reasons"}. A new reference. */
json_t *cx_facts_publication(const cx_publication_t *publication);

#endif
