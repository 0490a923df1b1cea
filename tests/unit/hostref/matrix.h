/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of exercises that both ways of moving messages have to pass.
 * Not how one exercise runs (exercise.h). */
#ifndef CX_TESTS_HOSTREF_MATRIX_H
#define CX_TESTS_HOSTREF_MATRIX_H

#include "exercise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* How messages travel. */
typedef struct way {
    bool    is_eager;         /* the plugin's limit is just what the exercise needs, else zero */
    int64_t last_cache_bytes; /* of the fake device; 1 makes every direct message a streamed one */
} way_t;

typedef struct matrix {
    const cx_backend_ops_t *ops;
    way_t                   way;
} matrix_t;

static const int32_t matrix_rank_counts[] = {1, 2, 3, 5};

static inline bool matrix_reduces(cx_collective_t op)
{
    return op == CX_COLLECTIVE_ALL_REDUCE || op == CX_COLLECTIVE_REDUCE ||
           op == CX_COLLECTIVE_REDUCE_SCATTER;
}

static inline bool matrix_has_in_place(cx_collective_t op)
{
    return op != CX_COLLECTIVE_SEND_RECV && op != CX_COLLECTIVE_ALL_TO_ALL_V;
}

/* Out of place and, where there is such a thing, in place. */
static inline int matrix_run_both(fake_core_t *fake, const matrix_t *matrix, exercise_t what)
{
    int failed_count;

    what.eager_bytes =
        matrix->way.is_eager ? what.elems * (int64_t)exercise_elem_bytes[what.shape.dtype] : 0;
    what.last_cache_bytes = matrix->way.last_cache_bytes;
    what.shape.root_rank  = fake->core.rank_count / 2;
    failed_count          = exercise_rank(fake, matrix->ops, &what);
    if (matrix_has_in_place(what.shape.op)) {
        what.shape.is_in_place = true;
        failed_count += exercise_rank(fake, matrix->ops, &what);
    }
    return failed_count;
}

/* A dtype matters to the moves only by its width. */
static inline int matrix_moves_of(fake_core_t *fake, const matrix_t *matrix, cx_collective_t op)
{
    static const cx_dtype_t dtypes[]     = {CX_DTYPE_INT8, CX_DTYPE_FP16, CX_DTYPE_FP32,
                                            CX_DTYPE_INT64};
    static const int64_t    elems[]      = {0, 1, 7, 8, 1031};
    int                     failed_count = 0;

    for (size_t i = 0; i < sizeof elems / sizeof *elems; i++) {
        for (size_t j = 0; j < sizeof dtypes / sizeof *dtypes; j++) {
            const exercise_t what = {
                .shape = {.op = op, .dtype = dtypes[j]}, .elems = elems[i], .call_count = 4};

            failed_count += matrix_run_both(fake, matrix, what);
        }
    }
    return failed_count;
}

static inline int matrix_moves(fake_core_t *fake, void *argument)
{
    int failed_count = 0;

    for (int i = 0; i < CX_COLLECTIVE_BARRIER && failed_count == 0; i++) {
        const cx_collective_t op = (cx_collective_t)i;

        if (!matrix_reduces(op)) {
            failed_count += matrix_moves_of(fake, argument, op);
        }
    }
    return failed_count;
}

static inline int matrix_reductions(fake_core_t *fake, void *argument)
{
    static const cx_collective_t ops[]        = {CX_COLLECTIVE_ALL_REDUCE, CX_COLLECTIVE_REDUCE,
                                                 CX_COLLECTIVE_REDUCE_SCATTER};
    const int                    kind_count   = (CX_REDOP_COUNT - 1) * CX_DTYPE_COUNT;
    int                          failed_count = 0;

    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        for (int kind = 0; kind < kind_count && failed_count == 0; kind++) {
            const exercise_t what = {
                .shape      = {.op    = ops[i],
                               .dtype = (cx_dtype_t)(kind % CX_DTYPE_COUNT),
                               .redop = (cx_redop_t)(1 + kind / CX_DTYPE_COUNT)},
                .elems      = 1 + 2 * (kind % 3) * 517,
                .call_count = 2,
            };

            failed_count += matrix_run_both(fake, argument, what);
        }
    }
    return failed_count;
}

/* Long enough for every eager entry to be reused often, and for ranks to drift apart. */
static inline int matrix_repeats(fake_core_t *fake, void *argument)
{
    int failed_count = 0;

    for (int i = 0; i < CX_COLLECTIVE_BARRIER && failed_count == 0; i++) {
        const cx_collective_t op   = (cx_collective_t)i;
        const exercise_t      what = {
                 .shape      = {.op    = op,
                                .dtype = CX_DTYPE_INT32,
                                .redop = matrix_reduces(op) ? CX_REDOP_SUM : CX_REDOP_NONE},
                 .elems      = 33,
                 .call_count = 100,
        };

        failed_count += matrix_run_both(fake, argument, what);
    }
    return failed_count;
}

static inline void matrix_check(void **state, const way_t *way, fake_rank_fn body)
{
    matrix_t matrix = {.ops = *state, .way = *way};

    for (size_t i = 0; i < sizeof matrix_rank_counts / sizeof *matrix_rank_counts; i++) {
        assert_int_equal(fake_ranks_run(matrix_rank_counts[i], EXERCISE_BUDGET_NS, body, &matrix),
                         0);
    }
}

#endif
