/* SPDX-License-Identifier: Apache-2.0 */
/* Ladders as rows of cells. */
#include "cli/sparkline.h"

#include <math.h>
#include <string.h>

#define LEVEL_COUNT 8

cx_spark_scale_t cx_spark_scale_empty(void)
{
    return (cx_spark_scale_t){.low = NAN, .high = NAN};
}

void cx_spark_scale_widen(cx_spark_scale_t *scale, const double *rungs, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        if (rungs[i] > 0) {
            scale->low  = fmin(scale->low, rungs[i]);
            scale->high = fmax(scale->high, rungs[i]);
        }
    }
}

static int level_of(const cx_spark_scale_t *scale, double value)
{
    const double range = log(scale->high / scale->low);
    const double place = range > 0 ? log(value / scale->low) / range : 0;
    const int    level = (int)(place * LEVEL_COUNT);

    return level < 0 ? 0 : level >= LEVEL_COUNT ? LEVEL_COUNT - 1 : level;
}

static const char *cell_of(const cx_style_t *style, const cx_spark_scale_t *scale, double rung)
{
    static const char *const bars[2][LEVEL_COUNT] = {
        {".", ":", "-", "=", "+", "*", "#", "@"},
        {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
    };

    if (rung == CX_RUNG_FAILED) {
        return "x";
    }
    if (!(rung > 0)) {
        return style->is_utf8 ? "·" : "_";
    }
    return bars[style->is_utf8][level_of(scale, rung)];
}

char *cx_sparkline_print(const cx_style_t *style, const cx_spark_scale_t *scale,
                         const double *rungs, int64_t count, char *out, size_t out_bytes)
{
    size_t length = 0;

    for (int64_t i = 0; i < count; i++) {
        const char  *cell       = cell_of(style, scale, rungs[i]);
        const size_t cell_bytes = strlen(cell);

        if (length + cell_bytes >= out_bytes) {
            break;
        }
        memcpy(out + length, cell, cell_bytes);
        length += cell_bytes;
    }
    out[length] = '\0';
    return out;
}
