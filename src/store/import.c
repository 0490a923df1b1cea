/* SPDX-License-Identifier: Apache-2.0 */
/* Collecting runs, series and rows in an arena. */
#include "store/import.h"

#include "base/text.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#define COUNT_MAX 1000000
#define SERIES_COUNT_MAX 4096
#define TEXT_BYTES_MAX 256

void cx_import_init(cx_import_t *import)
{
    memset(import, 0, sizeof *import);
    cx_arena_init(&import->arena);
}

void cx_import_fini(cx_import_t *import)
{
    cx_arena_fini(&import->arena);
}

/* Room for one item more; the old place stays in the arena. NULL when there is none. */
static void *grow(cx_import_t *import, void *items, int32_t count, int32_t *capacity,
                  size_t item_bytes)
{
    int32_t larger = *capacity ? *capacity * 2 : 8;
    void   *grown;

    if (count < *capacity) {
        return items;
    }
    if (count >= COUNT_MAX) {
        return NULL;
    }
    grown = cx_arena_grab(&import->arena, (size_t)larger * item_bytes);
    if (grown && count > 0) {
        memcpy(grown, items, (size_t)count * item_bytes);
    }
    *capacity = grown ? larger : *capacity;
    return grown;
}

static cx_status_t refuse_growth(void)
{
    return CX_FAIL(CX_RESOURCE, "more rows than any such file has, or out of memory");
}

cx_import_run_t *cx_import_add_run(cx_import_t *import, const char *tool)
{
    cx_import_run_t *runs =
        grow(import, import->runs, import->run_count, &import->run_capacity, sizeof *import->runs);

    if (!runs) {
        return NULL;
    }
    import->runs            = runs;
    runs[import->run_count] = (cx_import_run_t){
        .tool                   = tool,
        .version                = "",
        .library_version        = "",
        .op                     = "",
        .device_model           = "",
        .error                  = "",
        .warmup_iters           = CX_IMPORT_UNKNOWN,
        .iters                  = CX_IMPORT_UNKNOWN,
        .agg_iters              = CX_IMPORT_UNKNOWN,
        .graph_launches         = CX_IMPORT_UNKNOWN,
        .is_validated           = CX_IMPORT_UNKNOWN,
        .reduced_max_bytes      = CX_IMPORT_UNKNOWN,
        .max_bytes              = CX_IMPORT_UNKNOWN,
        .busbw_bytes_per_s_mean = (double)NAN,
    };
    return &runs[import->run_count++];
}

static bool are_alike(const cx_import_series_t *a, const cx_import_series_t *b)
{
    return a->run_index == b->run_index && a->root_rank == b->root_rank &&
           a->is_in_place == b->is_in_place && strcmp(a->op, b->op) == 0 &&
           strcmp(a->dtype, b->dtype) == 0 && strcmp(a->redop, b->redop) == 0;
}

static cx_import_series_t *find_series(cx_import_t *import, const cx_import_series_t *like)
{
    cx_import_series_t *series;

    for (int32_t i = import->series_count - 1; i >= 0; i--) {
        if (are_alike(&import->series[i], like)) {
            return &import->series[i];
        }
    }
    series = import->series_count < SERIES_COUNT_MAX
                 ? grow(import, import->series, import->series_count, &import->series_capacity,
                        sizeof *import->series)
                 : NULL;
    if (!series) {
        return NULL;
    }
    import->series = series;
    series += import->series_count++;
    *series = (cx_import_series_t){
        .run_index   = like->run_index,
        .op          = cx_import_text(import, like->op),
        .dtype       = cx_import_text(import, like->dtype),
        .redop       = cx_import_text(import, like->redop),
        .root_rank   = like->root_rank,
        .is_in_place = like->is_in_place,
    };
    return series;
}

cx_status_t cx_import_add_row(cx_import_t *import, const cx_import_series_t *like,
                              const cx_import_row_t *row)
{
    cx_import_series_t  wanted = *like;
    cx_import_series_t *series;
    cx_import_row_t    *rows = NULL;

    wanted.run_index = import->run_count - 1;
    series           = find_series(import, &wanted);
    if (series) {
        rows = grow(import, series->rows, series->row_count, &series->row_capacity, sizeof *rows);
    }
    if (!rows) {
        return refuse_growth();
    }
    series->rows              = rows;
    rows[series->row_count++] = *row;
    return CX_OK;
}

cx_status_t cx_import_add_lost(cx_import_t *import, int64_t message_bytes)
{
    cx_import_run_t *run  = &import->runs[import->run_count - 1];
    int64_t         *lost = grow(import, run->lost_bytes, run->lost_count, &run->lost_capacity,
                                 sizeof *run->lost_bytes);

    if (!lost) {
        return refuse_growth();
    }
    run->lost_bytes         = lost;
    lost[run->lost_count++] = message_bytes;
    return CX_OK;
}

const char *cx_import_text(cx_import_t *import, const char *text)
{
    char        printable[TEXT_BYTES_MAX];
    const char *copy;

    cx_text_printable(text, printable, sizeof printable);
    for (char *c = printable; *c; c++) {
        *c = *c & 0x80 ? '?' : *c; /* may be no UTF-8, and then it could be in no record */
    }
    copy = cx_arena_text(&import->arena, printable);
    return copy ? copy : "";
}

const char *cx_import_program(cx_import_t *import, const char *text)
{
    const char *end   = strstr(text, "_perf");
    const char *start = end;
    char        word[TEXT_BYTES_MAX];
    size_t      length;

    while (start && start > text && (isalnum((unsigned char)start[-1]) || start[-1] == '_')) {
        start--;
    }
    length = start ? (size_t)(end - start) : 0;
    if (length == 0 || length >= sizeof word) {
        return "";
    }
    memcpy(word, start, length);
    word[length] = '\0';
    return cx_import_text(import, word);
}
