/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of slices: every item once, in its slice, with or without enough work for all. */
#include "base/parallel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>

#include <cmocka.h>

#define ITEM_COUNT_MAX 100

typedef struct seen {
    atomic_int items[ITEM_COUNT_MAX];
    size_t     firsts[CX_PARALLEL_SLICE_COUNT_MAX], ends[CX_PARALLEL_SLICE_COUNT_MAX];
    atomic_int slices[CX_PARALLEL_SLICE_COUNT_MAX];
} seen_t;

static void mark(void *context, size_t slice, size_t first, size_t end)
{
    seen_t *seen = context;

    atomic_fetch_add(&seen->slices[slice], 1);
    seen->firsts[slice] = first;
    seen->ends[slice]   = end;
    for (size_t i = first; i < end; i++) {
        atomic_fetch_add(&seen->items[i], 1);
    }
}

static void every_item_is_worked_on_once(void **state)
{
    static const struct {
        size_t count, slice_count;
    } rows[] = {{0, 1}, {0, 4}, {1, 1}, {1, 3}, {7, 2}, {16, 16}, {100, 16}, {100, 3}};

    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        seen_t seen = {.items = {0}};
        size_t next = 0;

        cx_parallel(rows[row].count, rows[row].slice_count, mark, &seen);
        for (size_t i = 0; i < ITEM_COUNT_MAX; i++) {
            assert_int_equal(atomic_load(&seen.items[i]), i < rows[row].count);
        }
        for (size_t slice = 0; slice < rows[row].slice_count; slice++) {
            assert_int_equal(atomic_load(&seen.slices[slice]), 1);
            assert_int_equal(seen.firsts[slice], next);
            next = seen.ends[slice];
        }
        assert_int_equal(next, rows[row].count);
    }
}

static void slices_are_nearly_equal(void **state)
{
    seen_t seen = {.items = {0}};

    (void)state;
    cx_parallel(10, 4, mark, &seen);
    for (size_t slice = 0; slice < 4; slice++) {
        size_t length = seen.ends[slice] - seen.firsts[slice];

        assert_true(length == 2 || length == 3);
    }
}

static void there_is_at_least_one_slice_and_not_too_many(void **state)
{
    (void)state;
    assert_in_range(cx_parallel_slice_count(), 1, CX_PARALLEL_SLICE_COUNT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_is_worked_on_once),
        cmocka_unit_test(slices_are_nearly_equal),
        cmocka_unit_test(there_is_at_least_one_slice_and_not_too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
