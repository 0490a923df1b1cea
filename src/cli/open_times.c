/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of the times that backends took to open. */
#include "cli/open_times.h"

#include "cli/numbers.h"
#include "cli/result_cells.h"

#include <math.h>
#include <string.h>

#define NUMBER_BYTES 32

typedef struct extent {
    double low_us, high_us; /* NAN: nothing is known */
} extent_t;

static void widen(extent_t *extent, const cx_result_case_t *one)
{
    for (int64_t i = 0; i < one->launch_count; i++) {
        const double time_us =
            cx_json_real(json_object_get(one->launches[i], "time"), "backend_open_us");

        extent->low_us  = fmin(extent->low_us, time_us); /* the other one of a NAN */
        extent->high_us = fmax(extent->high_us, time_us);
    }
}

static bool is_first(const cx_result_view_t *view, int64_t index)
{
    int64_t i = 0;

    while (strcmp(view->cases[i]->label, view->cases[index]->label) != 0) {
        i++;
    }
    return i == index;
}

static void print_extent(const cx_page_t *page, const char *label, extent_t extent)
{
    const cx_time_unit_t unit = cx_time_unit_of(&extent.low_us, 1);
    const char          *name = cx_time_unit_name(page->style, unit);
    char                 low[NUMBER_BYTES], high[NUMBER_BYTES];
    cx_text_t            line;

    (void)cx_number_print_time(extent.low_us, unit, low, sizeof low);
    (void)cx_number_print_time(extent.high_us, unit, high, sizeof high);
    cx_page_begin(&line);
    cx_text_format(&line, "backend open: %s %s", low, name);
    if (strcmp(low, high) != 0) {
        cx_text_format(&line, " to %s %s", high, name);
    }
    cx_text_format(&line, " %s, slowest rank", label);
    cx_page_finish(page, CX_MEANING_DIM, &line);
}

void cx_open_times_print(const cx_page_t *page, const cx_result_view_t *view)
{
    for (int64_t i = 0; i < view->case_count; i++) {
        extent_t extent = {(double)NAN, (double)NAN};

        for (int64_t j = i; is_first(view, i) && j < view->case_count; j++) {
            if (strcmp(view->cases[j]->label, view->cases[i]->label) == 0) {
                widen(&extent, view->cases[j]);
            }
        }
        if (!isnan(extent.low_us)) {
            print_extent(page, view->cases[i]->label, extent);
        }
    }
}
