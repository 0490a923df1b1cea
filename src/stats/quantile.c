/* SPDX-License-Identifier: Apache-2.0 */
/* Order statistics of an array.
 * Not their uncertainty (ci.c). */
#include "stats/quantile.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FEW_COUNT_MAX 16

static int compare_doubles(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;

    return (a > b) - (a < b);
}

/* By insertion: a batch of five is sorted for every five samples there are. */
static void sort_few(double *values, int64_t count)
{
    for (int64_t i = 1; i < count; i++) {
        const double value = values[i];
        int64_t      at    = i;

        for (; at > 0 && values[at - 1] > value; at--) {
            values[at] = values[at - 1];
        }
        values[at] = value;
    }
}

void cx_sort(double *values, int64_t count)
{
    if (count <= FEW_COUNT_MAX) {
        sort_few(values, count);
    } else {
        qsort(values, (size_t)count, sizeof *values, compare_doubles);
    }
}

void cx_sort_copy(const double *values, int64_t count, double *sorted)
{
    if (count > 0) {
        memcpy(sorted, values, (size_t)count * sizeof *sorted);
        cx_sort(sorted, count);
    }
}

/* In doubles 0.07 * 100 is a little more than 7 and its ceiling 8; q and the product are each off
 * by half an ulp at most, so a product that close above an integer is that integer. */
static int64_t nearest_rank(int64_t count, double q)
{
    const double  exact = q * (double)count * (1.0 - 2.0 * DBL_EPSILON);
    const int64_t rank  = (int64_t)ceil(exact);

    if (rank < 1) {
        return 1;
    }
    return rank > count ? count : rank;
}

double cx_quantile_nearest_rank(const double *sorted, int64_t count, double q)
{
    return count < 1 ? NAN : sorted[nearest_rank(count, q) - 1];
}

bool cx_quantile_is_supported(int64_t count, double q)
{
    if (q == 0.5) {
        return count >= 1;
    }
    const int64_t rank = nearest_rank(count, q);

    return rank > 1 && rank < count;
}

int64_t cx_thin(const double *values, int64_t count, int64_t limit_count, double *out)
{
    const int64_t out_count = count < limit_count ? count : limit_count;

    for (int64_t i = 0; i < out_count; i++) {
        out[i] = values[(2 * i + 1) * count / (2 * out_count)];
    }
    return out_count;
}
