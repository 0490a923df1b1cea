/* SPDX-License-Identifier: Apache-2.0 */
/* The cases that a backend is put to: which there are, which of them are tried, and the walk along
 * those. Not what is done with each (the files of the checks).
 *
 * Of all cases so many are tried that any two choices meet in one of them, if they may meet at all:
 * each type in each operation, each reduction of each type, each of them in place. A backend that
 * breaks its word for two choices is found; what only three of them together bring about need not
 * be. The product of all choices would take minutes where a session takes half a second to close,
 * as a communicator between GPUs does.
 * source: pairwise covering arrays, greedily: D. Cohen et al., "The AETG System", IEEE Transactions
 *         on Software Engineering 23 (7), 1997 */
#include "run/conform_kit.h"

#include "run/support.h"

#include <stdio.h>
#include <string.h>

/* ---- a case, and its place ------------------------------------------------------------------- */

/* What is chosen of a case. Work is an operation, an algorithm of family allreduce, or a limit;
 * turn is the first root or the last one, of a limit one mover or all. */
enum { TURN, REDOP, DTYPE, PLACEMENT, WORK, CHOICE_COUNT };
enum {
    TURN_COUNT      = 2,
    PLACEMENT_COUNT = 2,
    FIRST_ALGORITHM = CX_COLLECTIVE_COUNT,
    FIRST_LIMIT     = FIRST_ALGORITHM + CX_ALGORITHM_COUNT - 1, /* default is all_reduce itself */
    WORK_COUNT      = FIRST_LIMIT + CX_LIMIT_COUNT,
    PLACE_COUNT     = WORK_COUNT * PLACEMENT_COUNT * CX_DTYPE_COUNT * CX_REDOP_COUNT * TURN_COUNT,
    VALUE_COUNT     = WORK_COUNT + PLACEMENT_COUNT + CX_DTYPE_COUNT + CX_REDOP_COUNT + TURN_COUNT
};

/* A case's place in the walk is one number, whose digits are the choices, that of the work first.
 */
static void read_place(int32_t place, int32_t *choices)
{
    static const int32_t counts[CHOICE_COUNT] = {[TURN]      = TURN_COUNT,
                                                 [REDOP]     = CX_REDOP_COUNT,
                                                 [DTYPE]     = CX_DTYPE_COUNT,
                                                 [PLACEMENT] = PLACEMENT_COUNT,
                                                 [WORK]      = WORK_COUNT};

    for (int i = 0; i < CHOICE_COUNT; i++) {
        choices[i] = place % counts[i];
        place /= counts[i];
    }
}

static bool has_family(const cx_conform_t *conform, cx_family_t family)
{
    return (conform->caps.families & CX_BIT(family)) != 0;
}

/* A backend of family allreduce without collective has its all_reduce there. */
static void set_work(const cx_conform_t *conform, const int32_t *choices, cx_case_t *out)
{
    const int32_t work      = choices[WORK];
    const int32_t last_rank = conform->context->core.rank_count - 1;

    if (work >= FIRST_LIMIT) {
        out->family        = CX_FAMILY_LIMITS;
        out->limits.limit  = work - FIRST_LIMIT;
        out->limits.movers = choices[TURN] > 0 ? CX_MOVERS_ALL : CX_MOVERS_ONE;
        out->op = cx_limit_moves_bytes((cx_limit_t)out->limits.limit) ? CX_COLLECTIVE_ALL_TO_ALL_V
                                                                      : CX_COLLECTIVE_BARRIER;
    } else if (work >= FIRST_ALGORITHM) {
        out->family    = CX_FAMILY_ALLREDUCE;
        out->op        = CX_COLLECTIVE_ALL_REDUCE;
        out->algorithm = CX_ALGORITHM_DEFAULT + 1 + work - FIRST_ALGORITHM;
    } else {
        out->op     = work;
        out->root   = (int64_t)choices[TURN] * last_rank;
        out->family = work == CX_COLLECTIVE_ALL_REDUCE &&
                              !has_family(conform, CX_FAMILY_COLLECTIVE) &&
                              has_family(conform, CX_FAMILY_ALLREDUCE)
                          ? CX_FAMILY_ALLREDUCE
                          : CX_FAMILY_COLLECTIVE;
    }
}

/* Whether the second of two turns is another case than the first. */
static bool takes_turns(const cx_case_t *one)
{
    return one->family == CX_FAMILY_LIMITS ? one->op == CX_COLLECTIVE_ALL_TO_ALL_V
                                           : cx_collective_is_rooted((cx_collective_t)one->op);
}

/* False where the choices make no case: a reduction for an operation without arithmetic, a second
 * root where there is none, a barrier of some type, a family of which the backend says nothing. */
static bool has_meaning(const cx_conform_t *conform, const int32_t *choices, const cx_case_t *one)
{
    const int32_t rank_count = conform->context->core.rank_count;
    const bool    is_limit   = one->family == CX_FAMILY_LIMITS;
    cx_shape_t    shape      = cx_case_shape(one);
    bool          is_so;

    if (choices[TURN] > 0 && (rank_count < 2 || !takes_turns(one))) {
        return false;
    }
    if (one->family != CX_FAMILY_COLLECTIVE &&
        (!has_family(conform, (cx_family_t)one->family) || choices[PLACEMENT] > 0)) {
        return false;
    }
    if (one->algorithm != CX_ALGORITHM_DEFAULT && rank_count < 2) {
        return false; /* one rank reduces with nobody */
    }
    if (is_limit ? choices[DTYPE] != CX_DTYPE_FP32
                 : one->op == CX_COLLECTIVE_BARRIER && choices[DTYPE] > 0) {
        return false;
    }
    is_so = cx_collective_reduces((cx_collective_t)one->op) == (one->redop != CX_REDOP_NONE) &&
            cx_collective_check_shape(&shape, rank_count) == CX_OK;
    cx_detail_clear();
    return is_so;
}

static bool case_at(const cx_conform_t *conform, int32_t place, cx_case_t *out)
{
    int32_t choices[CHOICE_COUNT];

    read_place(place, choices);
    memset(out, 0, sizeof *out);
    out->redop     = choices[REDOP];
    out->dtype     = choices[DTYPE];
    out->placement = choices[PLACEMENT];
    set_work(conform, choices, out);
    out->seed               = 1 + choices[WORK];
    out->traffic            = "";
    out->traffic_skew_ratio = conform->context->core.rank_count > 1 ? 0.5 : 0;
    out->is_verified        = true;
    return has_meaning(conform, choices, out);
}

bool cx_conform_is_offered(const cx_conform_t *conform, const cx_case_t *one)
{
    cx_shape_t shape = cx_case_shape(one);
    bool       is_so =
        cx_backend_supports(conform->ops, &conform->caps, &shape, &conform->context->core,
                            conform->context->device_name, conform->context->host_count) == CX_OK;

    cx_detail_clear();
    return is_so;
}

bool cx_conform_find_case(cx_conform_t *conform, int32_t op, cx_case_t *out)
{
    for (int32_t place = 0; place < PLACE_COUNT; place++) {
        if (case_at(conform, place, out) &&
            (op < 0 || (out->op == op && out->family != CX_FAMILY_LIMITS)) &&
            cx_conform_is_offered(conform, out)) {
            return true;
        }
    }
    return false;
}

/* ---- which are tried ------------------------------------------------------------------------- */

/* The choices of a place, each with a number of its own among those of all kinds. */
static void number_choices(int32_t place, int32_t *numbers)
{
    static const int32_t firsts[CHOICE_COUNT] = {[TURN]  = 0,
                                                 [REDOP] = TURN_COUNT,
                                                 [DTYPE] = TURN_COUNT + CX_REDOP_COUNT,
                                                 [PLACEMENT] =
                                                     TURN_COUNT + CX_REDOP_COUNT + CX_DTYPE_COUNT,
                                                 [WORK] = VALUE_COUNT - WORK_COUNT};

    read_place(place, numbers);
    for (int i = 0; i < CHOICE_COUNT; i++) {
        numbers[i] += firsts[i];
    }
}

typedef struct pairs {
    bool have_met[VALUE_COUNT][VALUE_COUNT];
} pairs_t;

/* The type of a barrier and of a limit is nobody's choice: it meets nothing there. */
static bool has_type(int32_t place)
{
    int32_t choices[CHOICE_COUNT];

    read_place(place, choices);
    return choices[WORK] != CX_COLLECTIVE_BARRIER && choices[WORK] < FIRST_LIMIT;
}

/* How many pairs of choices meet at a place that have not met yet; for good, or to see. */
static int32_t meet(pairs_t *pairs, int32_t place, bool is_for_good)
{
    int32_t numbers[CHOICE_COUNT], count = 0;

    number_choices(place, numbers);
    for (int i = has_type(place) ? 0 : WORK; i < CHOICE_COUNT; i++) {
        for (int j = 0; j < i; j++) {
            bool *have_met = &pairs->have_met[numbers[i]][numbers[j]];

            count += !*have_met;
            *have_met = *have_met || is_for_good;
        }
    }
    return count;
}

/* The first of those places at which most pairs meet for the first time; -1 where none do. */
static int32_t find_best(pairs_t *pairs, const bool *is_wanted)
{
    int32_t best = -1, most = 0;

    for (int32_t place = 0; place < PLACE_COUNT; place++) {
        int32_t count = is_wanted[place] ? meet(pairs, place, false) : 0;

        if (count > most) {
            best = place;
            most = count;
        }
    }
    return best;
}

/* Where what is not offered is wanted, choices that meet in something offered are no news. */
static void choose_pairs(const cx_conform_t *conform, bool wants_offered, bool *is_chosen)
{
    bool      is_wanted[PLACE_COUNT];
    pairs_t   pairs;
    cx_case_t one;
    int32_t   best;

    memset(&pairs, 0, sizeof pairs);
    for (int32_t place = 0; place < PLACE_COUNT; place++) {
        bool is_case  = case_at(conform, place, &one);
        bool is_there = is_case && cx_conform_is_offered(conform, &one);

        is_wanted[place] = is_case && is_there == wants_offered;
        if (is_there && !wants_offered) {
            (void)meet(&pairs, place, true);
        }
    }
    while ((best = find_best(&pairs, is_wanted)) >= 0) {
        is_chosen[best] = true;
        (void)meet(&pairs, best, true);
    }
}

/* fp32 where there is a choice, as its arithmetic depends on the order. */
static bool is_typical(const cx_conform_t *conform, const cx_case_t *one)
{
    bool has_fp32 = (conform->caps.dtypes & CX_BIT(CX_DTYPE_FP32)) != 0;

    return one->op == CX_COLLECTIVE_BARRIER || !has_fp32 || one->dtype == CX_DTYPE_FP32;
}

/* The first of each work. */
static void choose_typical(const cx_conform_t *conform, bool wants_offered, bool *is_chosen)
{
    const int32_t per_work = PLACE_COUNT / WORK_COUNT;
    cx_case_t     one;

    for (int32_t work = 0; work < WORK_COUNT; work++) {
        for (int32_t place = work * per_work; place < (work + 1) * per_work; place++) {
            if (case_at(conform, place, &one) && is_typical(conform, &one) &&
                cx_conform_is_offered(conform, &one) == wants_offered) {
                is_chosen[place] = true;
                break;
            }
        }
    }
}

/* ---- the walk -------------------------------------------------------------------------------- */

/* A walk that goes on behind failures which all ranks know of, and tells of the first. */
typedef struct walk {
    cx_conform_t      *conform;
    cx_conform_case_fn visit;
    int64_t            case_count, failed_count, refused_count;
    cx_status_t        status;
    cx_detail_t        first; /* failure, or where there is none, refusal */
} walk_t;

static cx_status_t name_failure(cx_status_t status, const cx_case_t *one)
{
    if (one->family == CX_FAMILY_LIMITS) {
        return cx_conform_blame(status, "limit %s%s", cx_limit_slugs[one->limits.limit],
                                one->limits.movers == CX_MOVERS_ALL ? " by all" : "");
    }
    return cx_conform_blame(
        status, "%s %s%s%s%s%s%s", cx_collective_slugs[one->op],
        one->algorithm != CX_ALGORITHM_DEFAULT ? cx_algorithm_slugs[one->algorithm] : "",
        one->algorithm != CX_ALGORITHM_DEFAULT ? " " : "", cx_dtype_slugs[one->dtype],
        one->redop != CX_REDOP_NONE ? " " : "",
        one->redop != CX_REDOP_NONE ? cx_redop_slugs[one->redop] : "",
        one->placement == 1 ? " in place" : "");
}

static void note(walk_t *walk, cx_status_t status, bool is_refusal)
{
    bool is_first = walk->failed_count == 0 && (!is_refusal || walk->refused_count == 0);

    if (is_first) {
        walk->status = status;
        walk->first  = *cx_detail();
    }
    walk->refused_count += is_refusal;
    walk->failed_count += !is_refusal;
    cx_detail_clear();
}

/* Whether a device can do what a limit asks for, a backend says at open: that breaks no promise. */
static cx_status_t visit_case(walk_t *walk, const cx_case_t *one)
{
    const int64_t session_count = walk->conform->session_count;
    cx_status_t   status        = walk->visit(walk->conform, one);
    bool          is_refusal    = status == CX_UNSUPPORTED && one->family == CX_FAMILY_LIMITS &&
                      walk->conform->session_count == session_count && cx_detail()->text[0];

    walk->case_count++;
    if (status == CX_OK) {
        return CX_OK;
    }
    (void)name_failure(status, one);
    if (cx_conform_is_out_of_step(status)) {
        return status;
    }
    note(walk, status, is_refusal);
    return CX_OK;
}

static cx_status_t conclude_walk(const walk_t *walk)
{
    const bool is_nothing_left = walk->refused_count == walk->case_count && walk->case_count > 0;

    if (walk->failed_count == 0 && !is_nothing_left) {
        return CX_OK;
    }
    cx_fail_record(walk->first.status, walk->first.file, walk->first.line,
                   "%lld of %lld cases%s, the first: %s",
                   (long long)(is_nothing_left ? walk->refused_count : walk->failed_count),
                   (long long)walk->case_count, is_nothing_left ? " are refused" : "",
                   walk->first.text);
    return walk->status;
}

cx_status_t cx_conform_each_case(cx_conform_t *conform, cx_conform_range_t range,
                                 bool wants_offered, cx_conform_case_fn visit)
{
    bool      is_chosen[PLACE_COUNT] = {false};
    walk_t    walk                   = {.conform = conform, .visit = visit};
    cx_case_t one;

    if (range == CX_CONFORM_EVERY_PAIR) {
        choose_pairs(conform, wants_offered, is_chosen);
    } else {
        choose_typical(conform, wants_offered, is_chosen);
    }
    for (int32_t place = 0; place < PLACE_COUNT; place++) {
        if (is_chosen[place] && case_at(conform, place, &one)) {
            CX_TRY(visit_case(&walk, &one));
        }
    }
    return conclude_walk(&walk);
}
