/* SPDX-License-Identifier: Apache-2.0 */
/* What the records say of expert parallelism in words: how long a pair takes, what it is made of,
 * whether it was right; and how much routing and EPLB matter. The first lines of the terminal and
 * `answer.ep` of the JSON form are printed from it. */
#ifndef CX_CLI_EP_ANSWER_H
#define CX_CLI_EP_ANSWER_H

#include "base/text.h"
#include "cli/ep_result.h"
#include "cli/style.h"
#include "judge/sensitivity.h"

/* name, what differs */
typedef enum cx_ep_axis { CX_EP_AXIS_ROUTING, CX_EP_AXIS_EPLB, CX_EP_AXIS_COUNT } cx_ep_axis_t;

/**
 * One thing that is another in otherwise equal works, in the same place.
 * base          routing uniform; without EPLB
 * worst         of other_count works, that with the highest ratio over the base at any size
 */
typedef struct cx_ep_contrast {
    cx_ep_axis_t          axis;
    const cx_ep_result_t *base, *worst;
    int64_t               other_count;
    cx_contrast_t         contrast; /* sizes are tokens of a rank */
} cx_ep_contrast_t;

typedef struct cx_ep_contrasts {
    int64_t           count;
    cx_ep_contrast_t *items;
} cx_ep_contrasts_t;

/* errors  CX_RESOURCE memory */
cx_status_t cx_ep_contrasts_derive(const cx_ep_results_t *view, cx_arena_t *arena,
                                   cx_ep_contrasts_t *out);

/* Each as one sentence. Texts made on the way are in the arena. */
void cx_ep_answer_say(const cx_ep_result_t *work, const cx_style_t *style, cx_arena_t *arena,
                      cx_text_t *out);
void cx_ep_contrast_say(const cx_ep_contrast_t *contrast, cx_arena_t *arena, cx_text_t *out);

/* {"works": [...], "contrasts": [...]}. NULL when memory ran out. */
json_t *cx_ep_answer_to_json(const cx_ep_results_t *view, cx_arena_t *arena);

#endif
