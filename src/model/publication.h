/* SPDX-License-Identifier: Apache-2.0 */
/* How far a record may be trusted by a reader who was not there: classes, and the closed list of
 * reasons that lower one. Not the derivation (judge/publication.h). */
#ifndef CX_MODEL_PUBLICATION_H
#define CX_MODEL_PUBLICATION_H

/* name, slug; from the best to the worst */
#define CX_PUBLICATION_MAP(X)   \
    X(OFFICIAL, "official")     \
    X(COMPARABLE, "comparable") \
    X(DIAGNOSTIC, "diagnostic") \
    X(INVALID, "invalid")       \
    X(FAILED, "failed")

typedef enum cx_publication_class {
#define CX_PUBLICATION_ENUM(name, slug) CX_PUBLICATION_##name,
    CX_PUBLICATION_MAP(CX_PUBLICATION_ENUM)
#undef CX_PUBLICATION_ENUM
        CX_PUBLICATION_COUNT
} cx_publication_class_t;

/* name, slug, the best class it leaves possible, sentence */
#define CX_REASON_MAP(X)                                                                         \
    X(DID_NOT_COMPLETE, "did-not-complete", FAILED, "the case did not run to its end")           \
    X(NO_ROWS, "no-rows", FAILED, "there is no number")                                          \
    X(BREAKS_RULE, "breaks-rule", INVALID, "the status is invalid: a rule was broken")           \
    X(INCORRECT, "incorrect", INVALID, "the output of a timed operation was wrong")              \
    X(NO_EVIDENCE, "no-evidence", INVALID, "outputs were to be checked, and none was")           \
    X(UNDER_FLOOR, "under-floor", INVALID, "a time is shorter than the machine's limits allow")  \
    X(NOT_SETTLED, "not-settled", DIAGNOSTIC, "a series never settled")                          \
    X(NOT_VERIFIED, "not-verified", DIAGNOSTIC, "verification was switched off")                 \
    X(MOVES_NO_DATA, "moves-no-data", DIAGNOSTIC, "the backend or device only pretends to work") \
    X(DISTURBED, "disturbed", DIAGNOSTIC, "a disturbance of the machine stayed in the data")     \
    X(OVERSUBSCRIBED, "oversubscribed", DIAGNOSTIC, "more ranks than processors")                \
    X(MIXED_DEVICES, "mixed-devices", DIAGNOSTIC, "the ranks had devices of different models")   \
    X(DEBUG_BUILD, "debug-build", DIAGNOSTIC, "the program was built for debugging")             \
    X(GIT_DIRTY, "git-dirty", DIAGNOSTIC, "the program's source is not a known commit")          \
    X(PARTLY_VERIFIED, "partly-verified", COMPARABLE, "not every timed operation was checked")   \
    X(IMPORTED, "imported", COMPARABLE, "another tool took the numbers")                         \
    X(NO_PROVENANCE, "no-provenance", COMPARABLE, "the machine is not described")                \
    X(FAST_SAMPLING, "fast-sampling", COMPARABLE, "sampling fast takes few samples, for a look") \
    X(FEW_LAUNCHES, "few-launches", COMPARABLE, "fewer launches than an official number needs")

typedef enum cx_reason {
#define CX_REASON_ENUM(name, slug, best, text) CX_REASON_##name,
    CX_REASON_MAP(CX_REASON_ENUM)
#undef CX_REASON_ENUM
        CX_REASON_COUNT
} cx_reason_t;

/* NULL-terminated, in the order of the enums. */
extern const char *const cx_publication_slugs[];
extern const char *const cx_reason_slugs[];

const char            *cx_reason_text(cx_reason_t reason);
cx_publication_class_t cx_reason_best(cx_reason_t reason);

#endif
