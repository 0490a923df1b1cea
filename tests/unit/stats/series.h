/* SPDX-License-Identifier: Apache-2.0 */
/* Planted series and a comparison of doubles for the tests of stats.
 * Not a test itself. */
#ifndef CX_TESTS_STATS_SERIES_H
#define CX_TESTS_STATS_SERIES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

#define LENGTH(array) ((int64_t)(sizeof(array) / sizeof *(array)))

/* equal within an absolute tolerance; NAN equals nothing, see assert_nan */
#define assert_near(actual, expected, tolerance) \
    check_near(#actual, actual, expected, tolerance, __FILE__, __LINE__)

#define assert_nan(actual) assert_true(isnan(actual))

static inline void check_near(const char *what, double actual, double expected, double tolerance,
                              const char *file, int line)
{
    if (!(fabs(actual - expected) <= tolerance)) {
        print_error("%s is %.17g, not %.17g\n", what, actual, expected);
        _fail(file, line);
    }
}

/* the same numbers on every machine and in every run: seeded with GSL's fixed default */
static inline gsl_rng *new_generator(void)
{
    return gsl_rng_alloc(gsl_rng_mt19937);
}

static inline void fill_count_up(double *out, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        out[i] = (double)(i + 1);
    }
}

/* around `level`, with a standard deviation of `stddev` and x[i] correlated `phi` to x[i - 1] */
static inline void fill_ar1(gsl_rng *generator, double level, double stddev, double phi,
                            double *out, int64_t count)
{
    const double step = stddev * sqrt(1.0 - phi * phi);
    double       away = gsl_ran_gaussian(generator, stddev);

    for (int64_t i = 0; i < count; i++) {
        out[i] = level + away;
        away   = phi * away + gsl_ran_gaussian(generator, step);
    }
}

static inline void fill_gaussian(gsl_rng *generator, double level, double stddev, double *out,
                                 int64_t count)
{
    fill_ar1(generator, level, stddev, 0.0, out, count);
}

#endif
