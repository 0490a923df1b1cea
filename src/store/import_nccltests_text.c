/* SPDX-License-Identifier: Apache-2.0 */
/* The text that nccl-tests and rccl-tests print.
 * A row is printed in pieces and other output comes between them, so a row is collected word by
 * word until it has all the columns that the header announced. */
#include "store/import_line.h"
#include "store/import_nccltests.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#define COLUMN_COUNT_MAX 48
#define HOST_COUNT_MAX 1024

typedef enum column {
    COLUMN_SIZE,
    COLUMN_COUNT,
    COLUMN_TYPE,
    COLUMN_REDOP,
    COLUMN_ROOT,
    COLUMN_TIME,
    COLUMN_ALGBW,
    COLUMN_BUSBW,
    COLUMN_WRONG,
    COLUMN_ERROR, /* until 2022: a relative error, not a count */
    COLUMN_OTHER,
} column_t;

/* What the lines of a run are known by; a second one of the same kind begins another run. */
typedef enum mark { MARK_VERSION = 1, MARK_START = 2, MARK_SETTINGS = 4, MARK_END = 8 } mark_t;

typedef struct reader {
    cx_import_t     *import;
    cx_import_run_t *run; /* the last of import; NULL before the first */
    int              marks;
    bool             has_cut_ranks; /* a process lists its devices in 2 KiB, then prints "..." */
    const char      *hosts[HOST_COUNT_MAX];
    column_t         columns[COLUMN_COUNT_MAX];
    bool             has_column_in_place[2]; /* by placement group */
    size_t           column_count;
    char             words[COLUMN_COUNT_MAX][64]; /* of the row that is not yet whole */
    size_t           word_count;
} reader_t;

static cx_status_t out_of_memory(void)
{
    return CX_FAIL(CX_RESOURCE, "out of memory for the capture");
}

/* A row that began and never became whole. */
static cx_status_t drop_row(reader_t *reader)
{
    int64_t message_bytes = 0;

    if (reader->word_count == 0) {
        return CX_OK;
    }
    reader->word_count = 0;
    (void)cx_word_is_whole(reader->words[0], 0, &message_bytes);
    return cx_import_add_lost(reader->import, message_bytes);
}

/* The run that a line of this kind belongs to. */
static cx_status_t open_run(reader_t *reader, mark_t mark)
{
    if (!reader->run || reader->marks >= (int)mark) {
        CX_TRY(drop_row(reader));
        reader->run = cx_import_add_run(reader->import, "nccl-tests");
        if (!reader->run) {
            return out_of_memory();
        }
        reader->marks         = 0;
        reader->column_count  = 0;
        reader->has_cut_ranks = false;
    }
    reader->marks |= (int)mark;
    return CX_OK;
}

/* The word behind `label`, up to a blank. */
static const char *word_after(reader_t *reader, const char *line, const char *label)
{
    const char *place = strstr(line, label);
    char        word[128];
    size_t      length;

    if (!place) {
        return "";
    }
    place += strlen(label);
    length = strcspn(place, " ");
    length = length < sizeof word ? length : sizeof word - 1;
    memcpy(word, place, length);
    word[length] = '\0';
    return cx_import_text(reader->import, word);
}

static cx_status_t read_version(reader_t *reader, const char *line, const char *label)
{
    CX_TRY(open_run(reader, MARK_VERSION));
    reader->run->tool            = strstr(label, "rccl") ? "rccl-tests" : "nccl-tests";
    reader->run->version         = word_after(reader, line, label);
    reader->run->library_version = word_after(reader, line, "ccl-library=");
    return CX_OK;
}

static cx_status_t read_settings(reader_t *reader, const char *line)
{
    const char      *warmup = strstr(line, "warmup iters: ");
    cx_import_run_t *run;

    CX_TRY(open_run(reader, MARK_SETTINGS));
    run = reader->run;
    (void)cx_line_number_after(line, "maxBytes ", &run->max_bytes);
    (void)cx_line_number_after(line, "agg iters: ", &run->agg_iters);
    (void)cx_line_number_after(line, "validation: ", &run->is_validated);
    (void)cx_line_number_after(line, "graph: ", &run->graph_launches);
    if (warmup) {
        (void)cx_line_number_after(warmup, "warmup iters: ", &run->warmup_iters);
        (void)cx_line_number_after(warmup + strlen("warmup iters: "), " iters: ", &run->iters);
    }
    return CX_OK;
}

/* "#  Rank  0 Group  0 Pid   2117 on         vm device  0 [0000:00:06] NAME" */
static void read_rank(reader_t *reader, const char *line)
{
    cx_import_run_t *run    = reader->run;
    const char      *host   = strstr(line, " on ");
    const char      *device = strstr(line, "] ");
    int64_t          rank;
    int32_t          index = 0;

    if (!cx_line_number_after(line, "Rank ", &rank) || rank < 0 || rank > 1000000 || !host) {
        return;
    }
    run->rank_count   = (int32_t)rank >= run->rank_count ? (int32_t)rank + 1 : run->rank_count;
    run->device_model = device ? cx_import_text(reader->import, device + 2) : run->device_model;
    host += strlen(" on ");
    host = word_after(reader, host + strspn(host, " "), "");
    while (index < run->host_count && strcmp(reader->hosts[index], host) != 0) {
        index++;
    }
    if (index == run->host_count && index < HOST_COUNT_MAX) {
        reader->hosts[run->host_count++] = host;
    }
}

static column_t column_of(const char *word)
{
    static const struct {
        const char *word;
        column_t    column;
    } columns[] = {
        {"size", COLUMN_SIZE},    {"count", COLUMN_COUNT}, {"type", COLUMN_TYPE},
        {"redop", COLUMN_REDOP},  {"root", COLUMN_ROOT},   {"time", COLUMN_TIME},
        {"cputime", COLUMN_TIME}, {"algbw", COLUMN_ALGBW}, {"busbw", COLUMN_BUSBW},
        {"#wrong", COLUMN_WRONG}, {"wrong", COLUMN_WRONG}, {"error", COLUMN_ERROR},
    };

    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        if (strcmp(columns[i].word, word) == 0) {
            return columns[i].column;
        }
    }
    return COLUMN_OTHER;
}

/* "#  size  count  type  redop  root  time  algbw  busbw  #wrong  time ..." */
static cx_status_t read_header(reader_t *reader, char *line)
{
    char  *words[CX_LINE_WORD_COUNT_MAX];
    size_t count = cx_line_split(line + 1, words);

    if (!reader->run || reader->marks & MARK_END) {
        CX_TRY(open_run(reader, MARK_SETTINGS));
    }
    CX_TRY(drop_row(reader));
    reader->run->rank_count = reader->has_cut_ranks ? 0 : reader->run->rank_count;
    reader->column_count    = 0;
    for (size_t i = 0; i < count && i < COLUMN_COUNT_MAX; i++) {
        if (strcasecmp(words[i], "timestamp") != 0) { /* two words at the end of the rows */
            reader->columns[reader->column_count++] = column_of(words[i]);
        }
        reader->run->is_host_time |= strcmp(words[i], "cputime") == 0;
    }
    return CX_OK;
}

/* "#      out-of-place      in-place": the order, or the only one. */
static void read_placements(reader_t *reader, const char *line)
{
    const char *out_of_place = strstr(line, "out-of-place");
    const char *in_place     = strstr(line, "in-place");

    reader->has_column_in_place[0] =
        in_place && (!out_of_place || in_place < out_of_place) ? true : false;
    reader->has_column_in_place[1] = !reader->has_column_in_place[0];
}

static cx_status_t read_footer(reader_t *reader, const char *line)
{
    reader->run->footer = strstr(line, "FAILED") ? CX_IMPORT_FOOTER_FAILED
                          : strstr(line, " OK")  ? CX_IMPORT_FOOTER_OK
                                                 : CX_IMPORT_FOOTER_UNCHECKED;
    reader->marks |= MARK_END;
    return drop_row(reader);
}

static void read_average(reader_t *reader, const char *line)
{
    const char *colon = strchr(line, ':');
    const char *word  = colon ? word_after(reader, colon + 1 + strspn(colon + 1, " "), "") : "";
    double      number;

    if (cx_word_is_number(word, &number)) {
        reader->run->busbw_bytes_per_s_mean = number * 1e9;
    }
}

/* Lines of a run that has begun. */
static cx_status_t read_run_comment(reader_t *reader, char *line)
{
    size_t length = strlen(line);

    reader->has_cut_ranks |= length > 3 && strcmp(line + length - 3, "...") == 0;
    if (strncmp(line + 1 + strspn(line + 1, " "), "Rank ", 5) == 0) {
        read_rank(reader, line);
    } else if (strncmp(line, "# Out of bounds values", 22) == 0) {
        return read_footer(reader, line);
    } else if (strncmp(line, "# Avg bus bandwidth", 19) == 0) {
        read_average(reader, line);
    } else if (strncmp(line, "# error: ", 9) == 0) {
        reader->run->error = cx_import_text(reader->import, line + 9);
    } else {
        (void)cx_line_number_after(line, "# Reducing maxBytes to ",
                                   &reader->run->reduced_max_bytes);
    }
    return CX_OK;
}

static cx_status_t read_comment(reader_t *reader, char *line)
{
    if (strstr(line, "nccl-tests version ")) {
        return read_version(reader, line, "nccl-tests version ");
    }
    if (strstr(line, "rccl-tests version ")) {
        return read_version(reader, line, "rccl-tests version ");
    }
    if (strstr(line, "Collective test starting: ")) {
        CX_TRY(open_run(reader, MARK_START));
        reader->run->op = cx_import_program(reader->import, line);
        return CX_OK;
    }
    if (strstr(line, "nThread ") && strstr(line, "maxBytes ")) {
        return read_settings(reader, line);
    }
    if (strstr(line, " size ") && strstr(line, "time ") && strstr(line, "algbw")) {
        return read_header(reader, line);
    }
    if (strstr(line, "in-place") || strstr(line, "out-of-place")) {
        read_placements(reader, line);
        return CX_OK;
    }
    return reader->run ? read_run_comment(reader, line) : CX_OK;
}

/* Whether the word can stand in that column. */
static bool fits(column_t column, const char *word)
{
    double  number;
    int64_t whole;

    if (strlen(word) >= sizeof((reader_t *)0)->words[0]) {
        return false;
    }
    switch (column) {
    case COLUMN_SIZE:
    case COLUMN_COUNT:
        return cx_word_is_whole(word, 0, &whole);
    case COLUMN_ROOT:
        return cx_word_is_whole(word, -1, &whole);
    case COLUMN_TYPE:
    case COLUMN_REDOP:
        return isalpha((unsigned char)word[0]) && word[strspn(word, "abcdefghijklmnopqrstuvwxyz"
                                                                    "0123456789_")] == '\0';
    case COLUMN_OTHER:
        return true;
    default:
        return cx_word_is_number(word, &number) || strcmp(word, "N/A") == 0;
    }
}

static bool begins_row(const reader_t *reader, char *const *words, size_t count)
{
    return count >= 3 && reader->column_count > 3 && fits(COLUMN_SIZE, words[0]) &&
           fits(COLUMN_COUNT, words[1]) && fits(COLUMN_TYPE, words[2]);
}

/* One column of a placement's group. */
static void read_result(column_t column, const char *word, cx_import_row_t *row)
{
    double number = (double)NAN;
    bool   is_set = cx_word_is_number(word, &number);

    switch (column) {
    case COLUMN_TIME:
        row->time_us = number;
        break;
    case COLUMN_ALGBW:
        row->algbw_bytes_per_s = number * 1e9;
        break;
    case COLUMN_BUSBW:
        row->busbw_bytes_per_s = number * 1e9;
        break;
    case COLUMN_WRONG:
        row->is_checked  = is_set;
        row->wrong_count = is_set && fabs(number) < 9e15 ? (int64_t)number : CX_IMPORT_UNKNOWN;
        break;
    case COLUMN_ERROR:
        row->is_checked = is_set;
        break;
    default:
        break;
    }
}

static void read_key(column_t column, const char *word, cx_import_series_t *like,
                     cx_import_row_t *row)
{
    switch (column) {
    case COLUMN_SIZE:
        (void)cx_word_is_whole(word, 0, &row->message_bytes);
        break;
    case COLUMN_COUNT:
        (void)cx_word_is_whole(word, 0, &row->elems);
        break;
    case COLUMN_TYPE:
        like->dtype = word;
        break;
    case COLUMN_REDOP:
        like->redop = word;
        break;
    case COLUMN_ROOT:
        (void)cx_word_is_whole(word, -1, &like->root_rank);
        break;
    default:
        break;
    }
}

/* The whole row: its key, then one row per placement. */
static cx_status_t take_row(reader_t *reader)
{
    cx_import_series_t like = {.op = "", .dtype = "", .redop = "", .root_rank = -1};
    cx_import_row_t    key  = {.time_us           = (double)NAN,
                               .algbw_bytes_per_s = (double)NAN,
                               .busbw_bytes_per_s = (double)NAN,
                               .wrong_count       = CX_IMPORT_UNKNOWN};
    size_t             at   = 0;

    for (; at < reader->column_count && reader->columns[at] != COLUMN_TIME; at++) {
        read_key(reader->columns[at], reader->words[at], &like, &key);
    }
    for (size_t group = 0; group < 2 && at < reader->column_count; group++) {
        cx_import_row_t row = key;

        do {
            read_result(reader->columns[at], reader->words[at], &row);
            at++;
        } while (at < reader->column_count && reader->columns[at] != COLUMN_TIME);
        like.is_in_place = reader->has_column_in_place[group];
        if (!isnan(row.time_us)) {
            CX_TRY(cx_import_add_row(reader->import, &like, &row));
        }
    }
    reader->word_count = 0;
    return CX_OK;
}

/* Words of a row, or of another program's line. */
static cx_status_t read_words(reader_t *reader, char *const *words, size_t count)
{
    size_t at = 0;

    if (begins_row(reader, words, count)) {
        CX_TRY(drop_row(reader));
    } else if (reader->word_count == 0) {
        return CX_OK;
    }
    while (at < count && reader->word_count < reader->column_count &&
           fits(reader->columns[reader->word_count], words[at])) {
        memcpy(reader->words[reader->word_count++], words[at], strlen(words[at]) + 1);
        at++;
    }
    return reader->word_count == reader->column_count ? take_row(reader) : CX_OK;
}

/* The tool's own words about its end: "host: Test NCCL failure FILE:LINE 'text'". */
static bool is_failure(const char *line)
{
    return (strstr(line, ": Test ") || strncmp(line, "Test ", 5) == 0) &&
           (strstr(line, " failure ") || strstr(line, "timeout"));
}

static cx_status_t read_line(reader_t *reader, char *line)
{
    char *words[CX_LINE_WORD_COUNT_MAX];
    char *hash = strchr(line, '#');

    if (hash == line) {
        return read_comment(reader, line);
    }
    if (strncmp(line, "rccl-tests: Version ", 20) == 0) {
        return read_version(reader, line, "rccl-tests: Version ");
    }
    if (!reader->run) {
        return CX_OK;
    }
    if (is_failure(line)) {
        const char *failure = strstr(line, "Test "); /* the host's name before it stays out */

        reader->run->error =
            reader->run->error[0] ? reader->run->error : cx_import_text(reader->import, failure);
        return CX_OK;
    }
    if (hash) {
        *hash = '\0'; /* the summary of alltoallv, on the line of a row */
    }
    return read_words(reader, words, cx_line_split(line, words));
}

cx_status_t cx_import_nccltests_text(const char *name, const char *bytes, size_t byte_count,
                                     cx_import_t *import)
{
    reader_t    reader = {.import = import, .has_column_in_place = {false, true}};
    const char *at     = bytes;
    char        line[CX_LINE_BYTES_MAX];

    (void)name;
    while (cx_line_next(&at, bytes + byte_count, line)) {
        CX_TRY(read_line(&reader, line));
    }
    return reader.run ? drop_row(&reader) : CX_OK;
}
