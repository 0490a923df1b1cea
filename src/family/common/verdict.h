/* SPDX-License-Identifier: Apache-2.0 */
/* What a check of outputs concluded: right, or wrong with one diagnosis in words.
 * Not a status: wrong data is the answer of a check, not its failure. */
#ifndef CX_FAMILY_COMMON_VERDICT_H
#define CX_FAMILY_COMMON_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

/* name, slug, what it says about the wrong elements */
#define CX_WRONG_MAP(X)                                                                      \
    X(NEVER_WRITTEN, "never-written", "they still hold what was there before the operation") \
    X(STALE, "stale", "they hold the right answer of another slot or an earlier filling")    \
    X(ROOT, "wrong-root", "they hold what another root would have sent")                     \
    X(RANK, "wrong-rank", "they hold the data of another rank")                              \
    X(BLOCK, "wrong-block", "right sender, but the block meant for another place")           \
    X(SWAPPED, "swapped", "two blocks have changed places")                                  \
    X(SHIFTED, "shifted", "they hold their neighbours' values, some elements off")           \
    X(MISSING, "missing", "a rank's contribution is not in the reduction")                   \
    X(TYPE, "wrong-type", "they were reduced in another type")                               \
    X(BIT_FLIP, "bit-flip", "one bit differs")                                               \
    X(INPUT_MODIFIED, "input-modified", "the operation changed a buffer it may only read")   \
    X(GUARD, "guard", "the operation wrote outside its buffer")                              \
    X(CORRUPTED, "corrupted", "they differ in a way that fits no explanation")

typedef enum cx_wrong {
#define CX_WRONG_ENUM(name, slug, text) CX_WRONG_##name,
    CX_WRONG_MAP(CX_WRONG_ENUM)
#undef CX_WRONG_ENUM
        CX_WRONG_COUNT
} cx_wrong_t;

/* Plain bytes, so that ranks can gather each other's. */
typedef struct cx_verdict {
    bool    is_right;
    int64_t wrong_count, checked_count; /* elements; bytes for a guard */
    int64_t first_index;                /* of the first wrong element; -1 when right */
    char    kind[24];                   /* slug of CX_WRONG_MAP; empty when right */
    char    text[256];                  /* one sentence; empty when right */
} cx_verdict_t;

void cx_verdict_init(cx_verdict_t *verdict);
/* Wrong, of that kind; the counts and the index stay the caller's. */
void cx_verdict_blame(cx_verdict_t *verdict, cx_wrong_t wrong, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Whether `found` tells more than `known` does: anything more than right, a cause more than
 * corrupted, a wrong root more than its effects. */
bool        cx_verdict_says_more(const cx_verdict_t *found, const cx_verdict_t *known);
const char *cx_wrong_slug(cx_wrong_t wrong);

#endif
