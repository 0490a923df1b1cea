/* SPDX-License-Identifier: Apache-2.0 */
/* The law of the comparison key: change any one option and the key changes exactly if the row says
 * KEY and the option applies; change any factor and it changes; the order of factors is nothing. */
#include "model/key.h"

#include "support/expect.h"
#include "support/prop.h"

#define FACTOR_COUNT 5

static const prop_range_t ranges[] = {
    {"family", 0, CX_FAMILY_COUNT - 1},
    {"op", 0, CX_COLLECTIVE_COUNT - 1},
    {"routing", 0, CX_EP_ROUTING_COUNT - 1},
    {"buffers", 0, CX_BUFFERS_COUNT - 1},
    {"regime", 0, CX_REGIME_COUNT - 1},
    {"row", 0, CX_CASE_OPTION_COUNT_MAX - 1},
    {"change", 1, 1000},
    {"factor", 0, FACTOR_COUNT - 1},
    {"rotation", 0, FACTOR_COUNT - 1},
    PROP_END,
};

static const cx_factor_t factors[FACTOR_COUNT] = {
    {"rank_count", "4"}, {"host_count", "1"}, {"cpu_model", ""}, {"a", "b"}, {"device", "x y\nz"}};

/* Another value of the same kind, within the row's limits. */
static void change_option(const cx_option_t *row, cx_case_t *one, int64_t change)
{
    char   *place = (char *)one + row->offset;
    int64_t whole;
    int32_t choice, choice_count = 0;
    double  real, span           = row->max > row->min ? row->max - row->min : 1e6;

    switch (row->kind) {
    case CX_VALUE_INT:
    case CX_VALUE_BYTES:
        memcpy(&whole, place, sizeof whole);
        whole = (double)(whole + change) <= row->max ? whole + change : whole - 1;
        memcpy(place, &whole, sizeof whole);
        break;
    case CX_VALUE_TIME:
    case CX_VALUE_RATIO:
        memcpy(&real, place, sizeof real);
        real += real < row->min + span / 2 ? span / 4e3 * (double)change / 1e3 : -span / 4e6;
        memcpy(place, &real, sizeof real);
        break;
    case CX_VALUE_BOOL:
        *(bool *)place = !*(bool *)place;
        break;
    case CX_VALUE_ENUM:
        while (row->choices[choice_count]) {
            choice_count++;
        }
        memcpy(&choice, place, sizeof choice);
        choice = (int32_t)((choice + 1 + change % (choice_count > 1 ? choice_count - 1 : 1)) %
                           choice_count);
        memcpy(place, &choice, sizeof choice);
        break;
    default: {
        const char *text = change % 2 ? "1KiB" : "1KiB:4KiB:x2";

        memcpy(place, &text, sizeof text);
    }
    }
}

static void key_of(const cx_case_t *one, const cx_factor_t *list, char out[CX_HASH_HEX_BYTES])
{
    cx_key_compute(one, "contract", 1, list, FACTOR_COUNT, out);
}

/* Pairs and limits have no mean of a loop, and are not captured; family allreduce is one operation.
 */
static bool is_refused(const cx_case_t *one)
{
    const bool is_loop = one->regime == CX_REGIME_LOOP_MEAN;

    switch (one->family) {
    case CX_FAMILY_EP:
    case CX_FAMILY_LIMITS:
        return is_loop || one->regime == CX_REGIME_GRAPH;
    case CX_FAMILY_ALLREDUCE:
        return is_loop || one->op != CX_COLLECTIVE_ALL_REDUCE || one->redop != CX_REDOP_SUM ||
               one->placement != 0;
    default:
        return false;
    }
}

static bool key_follows(const cx_case_t *one, const cx_option_t *row, int64_t change,
                        cx_arena_t *arena)
{
    char      before[CX_HASH_HEX_BYTES], after[CX_HASH_HEX_BYTES];
    cx_case_t other          = *one;
    bool      has_one_choice = row->kind == CX_VALUE_ENUM && !row->choices[1];
    bool      must_change =
        row->role == CX_OPTION_KEY && cx_case_option_applies(one, row) && !has_one_choice;

    change_option(row, &other, change);
    other.origins[row - cx_case_options] = CX_ORIGIN_COMMAND;
    key_of(one, factors, before);
    if (cx_case_seal(&other, arena) != CX_OK) {
        return is_refused(&other);
    }
    /* What selects the work may make other options neutral; it is itself in the key. */
    key_of(&other, factors, after);
    return (strcmp(before, after) != 0) == must_change;
}

static bool key_follows_factors(const cx_case_t *one, int64_t which, int64_t rotation)
{
    cx_factor_t rotated[FACTOR_COUNT], edited[FACTOR_COUNT];
    char        before[CX_HASH_HEX_BYTES], after[CX_HASH_HEX_BYTES], other[CX_HASH_HEX_BYTES];

    for (int64_t i = 0; i < FACTOR_COUNT; i++) {
        rotated[i] = factors[(i + rotation) % FACTOR_COUNT];
        edited[i]  = factors[i];
    }
    edited[which].text = "edited";
    key_of(one, factors, before);
    key_of(one, rotated, after);
    key_of(one, edited, other);
    edited[which]      = factors[which];
    edited[which].name = "renamed";
    if (strcmp(before, after) != 0 || strcmp(before, other) == 0) {
        return false;
    }
    key_of(one, edited, other);
    return strcmp(before, other) != 0;
}

/* What selects the work; quantised and balanced, where the options of that are to mean something.
 */
static void choose(const int64_t *values, cx_case_t *one)
{
    one->family             = (int32_t)values[0];
    one->op                 = (int32_t)values[1];
    one->limits.limit       = (int32_t)values[1] % CX_LIMIT_COUNT;
    one->ep.routing         = (int32_t)values[2];
    one->ep.dispatch_codec  = CX_CODEC_E4M3FN_BLOCK;
    one->ep.redundant_count = 8;
    one->buffers            = (int32_t)values[3];
    one->regime             = (int32_t)values[4];
}

static bool law_holds(cx_case_t *one, const int64_t *values, cx_arena_t *arena)
{
    size_t row_count = cx_options_count(cx_case_options);

    if (is_refused(one)) {
        return cx_case_seal(one, arena) == CX_INVALID;
    }
    return cx_case_seal(one, arena) == CX_OK &&
           key_follows(one, &cx_case_options[(size_t)values[5] % row_count], values[6], arena) &&
           key_follows_factors(one, values[7], values[8]);
}

static bool holds(const int64_t *values)
{
    cx_arena_t arena;
    cx_case_t  one;
    bool       is_good;

    cx_arena_init(&arena);
    memset(&one, 0, sizeof one);
    is_good = cx_options_defaults(cx_case_options, &one, &arena) == CX_OK;
    choose(values, &one);
    is_good = is_good && law_holds(&one, values, &arena);
    cx_arena_fini(&arena);
    return is_good;
}

static void test_key_changes_exactly_with_what_counts(void **state)
{
    (void)state;
    assert_true(prop_holds(ranges, holds));
}

/* Whether the law holds for the row in every family, and the option applies in one of them. */
static bool row_holds(const cx_option_t *row, int64_t family, int64_t op, int64_t routing)
{
    bool is_seen = false;

    for (int64_t regime = 0; regime < CX_REGIME_COUNT; regime++) {
        const int64_t values[] = {
            family, op, routing, CX_BUFFERS_ROTATED, regime, row - cx_case_options, 3, 0, 1};
        cx_case_t one = {0};

        assert_true(holds(values));
        choose(values, &one);
        is_seen |= cx_case_option_applies(&one, row);
    }
    return is_seen;
}

/* The drawn law above may miss a row: here is every one of them, on work it applies to. */
static void test_every_row_is_covered(void **state)
{
    (void)state;
    for (const cx_option_t *row = cx_case_options; row->name; row++) {
        bool is_seen = false;

        for (int64_t op = 0; op < CX_COLLECTIVE_COUNT; op++) {
            is_seen |= row_holds(row, CX_FAMILY_COLLECTIVE, op, 0);
            is_seen |= row_holds(row, CX_FAMILY_ALLREDUCE, op, 0);
            is_seen |= row_holds(row, CX_FAMILY_LIMITS, op, 0);
        }
        for (int64_t routing = 0; routing < CX_EP_ROUTING_COUNT; routing++) {
            is_seen |= row_holds(row, CX_FAMILY_EP, 0, routing);
        }
        assert_true(is_seen);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key_changes_exactly_with_what_counts),
        cmocka_unit_test(test_every_row_is_covered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
