/* SPDX-License-Identifier: Apache-2.0 */
/* The text of the OSU micro-benchmarks. */
#include "store/import_osu.h"

#include "store/import_line.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define COLUMN_COUNT_MAX 32

typedef enum column { COLUMN_SIZE, COLUMN_AVERAGE, COLUMN_VALIDATION, COLUMN_OTHER } column_t;

typedef struct reader {
    cx_import_t     *import;
    cx_import_run_t *run; /* the last of import; NULL before the first */
    const char      *dtype;
    column_t         columns[COLUMN_COUNT_MAX];
    size_t           column_count; /* 0: no header yet */
} reader_t;

/* "# OSU MPI-CUDA Allreduce Latency Test v7.4": the words between the library and "Latency". */
static cx_status_t read_title(reader_t *reader, const char *line)
{
    const char *title = strstr(line, "OSU ");
    const char *end   = strstr(line, " Latency Test");
    const char *mark  = strstr(line, " v");
    char        op[128];

    title += strlen("OSU ");
    title += strcspn(title, " ");
    title += strspn(title, " ");
    reader->run = cx_import_add_run(reader->import, "osu");
    if (!reader->run) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the capture");
    }
    reader->dtype        = "";
    reader->column_count = 0;
    reader->run->footer  = CX_IMPORT_FOOTER_NONE;
    /* The tool's variant says which library was measured. */
    reader->run->tool    = strstr(line, "OSU NCCL")   ? "osu-nccl"
                           : strstr(line, "OSU RCCL") ? "osu-rccl"
                                                      : "osu";
    reader->run->version = mark ? cx_import_text(reader->import, mark + 2) : "";
    if (end && end > title && (size_t)(end - title) < sizeof op) {
        memcpy(op, title, (size_t)(end - title));
        op[end - title] = '\0';
        reader->run->op = cx_import_text(reader->import, op);
    }
    return CX_OK;
}

/* "# Size  Avg Latency(us)  Min Latency(us) ...": names of several words, so by their places. */
static void read_header(reader_t *reader, const char *line)
{
    static const struct {
        const char *name;
        column_t    column;
    } names[] = {
        {"Size", COLUMN_SIZE},        {"Avg Lat", COLUMN_AVERAGE},
        {"Min Lat", COLUMN_OTHER},    {"Max Lat", COLUMN_OTHER},
        {"Iterations", COLUMN_OTHER}, {"P50", COLUMN_OTHER},
        {"P90", COLUMN_OTHER},        {"P95", COLUMN_OTHER},
        {"P99", COLUMN_OTHER},        {"Validation", COLUMN_VALIDATION},
    };

    reader->column_count = 0;
    for (; *line; line++) {
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            if (strncmp(line, names[i].name, strlen(names[i].name)) == 0 &&
                reader->column_count < COLUMN_COUNT_MAX) {
                reader->columns[reader->column_count++] = names[i].column;
            }
        }
    }
}

static void read_datatype(reader_t *reader, const char *line)
{
    char word[64];

    (void)snprintf(word, sizeof word, "%s", line + strspn(line, " "));
    word[strcspn(word, " .")] = '\0';
    reader->dtype             = cx_import_text(reader->import, word);
}

static cx_status_t read_comment(reader_t *reader, const char *line)
{
    const char *datatype = strstr(line, "Datatype:");

    if (strstr(line, "OSU ") && strstr(line, " Test")) {
        return read_title(reader, line);
    }
    if (reader->run && datatype) {
        read_datatype(reader, datatype + strlen("Datatype:"));
    } else if (reader->run && strstr(line, "Avg Lat")) {
        read_header(reader, line);
    }
    return CX_OK;
}

static cx_status_t read_row(reader_t *reader, char *line)
{
    char              *words[CX_LINE_WORD_COUNT_MAX];
    size_t             count = cx_line_split(line, words);
    cx_import_series_t like  = {
         .op = reader->run->op, .dtype = reader->dtype, .redop = "", .root_rank = -1};
    cx_import_row_t row = {.elems             = CX_IMPORT_UNKNOWN,
                           .time_us           = (double)NAN,
                           .algbw_bytes_per_s = (double)NAN,
                           .busbw_bytes_per_s = (double)NAN,
                           .wrong_count       = CX_IMPORT_UNKNOWN};

    if (count != reader->column_count) {
        return CX_OK;
    }
    for (size_t i = 0; i < count; i++) {
        if (reader->columns[i] == COLUMN_SIZE &&
            !cx_word_is_whole(words[i], 0, &row.message_bytes)) {
            return CX_OK;
        }
        if (reader->columns[i] == COLUMN_AVERAGE && !cx_word_is_number(words[i], &row.time_us)) {
            return CX_OK;
        }
        if (reader->columns[i] == COLUMN_VALIDATION) {
            row.is_checked  = strcmp(words[i], "Pass") == 0 || strcmp(words[i], "Fail") == 0;
            row.wrong_count = !row.is_checked ? CX_IMPORT_UNKNOWN : strcmp(words[i], "Fail") == 0;
        }
    }
    return cx_import_add_row(reader->import, &like, &row);
}

static cx_status_t read_all(const char *name, const char *bytes, size_t byte_count,
                            cx_import_t *import)
{
    reader_t    reader = {.import = import, .dtype = ""};
    const char *at     = bytes;
    char        line[CX_LINE_BYTES_MAX];

    while (cx_line_next(&at, bytes + byte_count, line)) {
        if (line[0] == '#') {
            CX_TRY(read_comment(&reader, line));
        } else if (reader.run && reader.column_count > 0) {
            CX_TRY(read_row(&reader, line));
        }
    }
    return import->series_count > 0
               ? CX_OK
               : CX_FAIL(CX_INVALID, "%s: there is no row of an OSU collective in it", name);
}

cx_status_t cx_import_osu(const char *name, const char *bytes, size_t byte_count, cx_import_t *out)
{
    cx_import_t import;
    cx_status_t status;

    cx_import_init(&import);
    status = read_all(name, bytes, byte_count, &import);
    if (status != CX_OK) {
        cx_import_fini(&import);
        return status;
    }
    *out = import;
    return CX_OK;
}
