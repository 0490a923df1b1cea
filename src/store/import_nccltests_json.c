/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON that nccl-tests and rccl-tests write with -J.
 * Its oddities: truth values and some numbers are texts, `root` is padded, a number may be a bare
 * inf or nan, and only the first device of each process is listed. */
#include "store/import_nccltests.h"

#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A copy in which inf and nan outside of texts are null. NULL when memory ran out. */
static char *mend(const char *bytes, size_t byte_count, size_t *mended_count)
{
    char  *out     = malloc(2 * byte_count + 1);
    size_t used    = 0;
    bool   is_text = false;

    for (size_t i = 0; out && i < byte_count; i++) {
        size_t word = 0;

        if (bytes[i] == '"') {
            is_text = !is_text;
        } else if (is_text && bytes[i] == '\\' && i + 1 < byte_count) {
            out[used++] = bytes[i++];
        } else if (!is_text) {
            word = bytes[i] == '-';
            word = i + word + 3 <= byte_count && (memcmp(bytes + i + word, "inf", 3) == 0 ||
                                                  memcmp(bytes + i + word, "nan", 3) == 0)
                       ? word + 3
                       : 0;
        }
        if (word > 0) {
            memcpy(out + used, "null", 4); /* NOLINT(bugprone-not-null-terminated-result) */
            used += 4;
            i += word - 1;
        } else {
            out[used++] = bytes[i];
        }
    }
    *mended_count = used;
    return out;
}

/* A number, or a text that holds one; NAN for everything else. */
static double number_of(const json_t *value)
{
    const char *text = json_string_value(value);
    double      number;
    char       *end;

    if (!text) {
        return json_is_number(value) ? json_number_value(value) : (double)NAN;
    }
    number = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(number) ? number : (double)NAN;
}

static int64_t whole_of(const json_t *value)
{
    double number = number_of(value);

    if (json_is_integer(value)) {
        return json_integer_value(value);
    }
    return fabs(number) < 9e15 && number == floor(number) ? (int64_t)number : CX_IMPORT_UNKNOWN;
}

static const char *text_of(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));

    return text ? text : "";
}

static void read_config(const json_t *config, cx_import_t *import, cx_import_run_t *run)
{
    const json_t *devices       = json_object_get(config, "devices");
    const int64_t thread_count  = whole_of(json_object_get(config, "nthreads"));
    const int64_t gpu_count     = whole_of(json_object_get(config, "ngpus"));
    const int64_t process_count = (int64_t)json_array_size(devices);

    run->warmup_iters   = whole_of(json_object_get(config, "warmup_iters"));
    run->iters          = whole_of(json_object_get(config, "iterations"));
    run->agg_iters      = whole_of(json_object_get(config, "aggregated_iterations"));
    run->graph_launches = whole_of(json_object_get(config, "graph"));
    run->is_validated   = whole_of(json_object_get(config, "validation"));
    run->max_bytes      = whole_of(json_object_get(config, "maximum_bytes"));
    run->device_model = cx_import_text(import, text_of(json_array_get(devices, 0), "device_info"));
    if (thread_count > 0 && gpu_count > 0 && thread_count < 4096 && gpu_count < 4096 &&
        process_count < 100000 / (thread_count * gpu_count)) {
        run->rank_count = (int32_t)(process_count * thread_count * gpu_count);
    }
}

static cx_import_footer_t footer_of(const json_t *document)
{
    const json_t *check = json_object_get(document, "out_of_bounds");
    const char   *okay  = text_of(check, "okay");

    if (strcmp(okay, "true") == 0) {
        return CX_IMPORT_FOOTER_OK;
    }
    if (strcmp(okay, "false") == 0) {
        return CX_IMPORT_FOOTER_FAILED;
    }
    return okay[0] ? CX_IMPORT_FOOTER_UNCHECKED : CX_IMPORT_FOOTER_ABSENT;
}

static void read_run(const json_t *document, cx_import_t *import, cx_import_run_t *run)
{
    const json_t *library = json_object_get(document, "nccl_version");
    const json_t *average = json_object_get(document, "average_bus_bandwidth");
    const char   *error = json_string_value(json_array_get(json_object_get(document, "errors"), 0));
    char         *version;

    if (!library) {
        library   = json_object_get(document, "rccl_version");
        run->tool = library ? "rccl-tests" : run->tool;
    }
    version              = json_dumps(library, JSON_ENCODE_ANY);
    run->library_version = version ? cx_import_text(import, version) : "";
    free(version);
    run->op = cx_import_program(
        import, json_is_string(json_array_get(json_object_get(document, "args"), 0))
                    ? json_string_value(json_array_get(json_object_get(document, "args"), 0))
                    : "");
    run->error  = error ? cx_import_text(import, error) : "";
    run->footer = footer_of(document);
    /* Releases before 2.17.9 spell it so. */
    average = average ? average : json_object_get(document, "average_bus_bandwidith");
    run->busbw_bytes_per_s_mean =
        1e9 * number_of(json_object_get(
                  average, json_object_get(average, "bandwidth") ? "bandwidth" : "bandwidith"));
    read_config(json_object_get(document, "config"), import, run);
}

static cx_status_t read_placement(const json_t *result, bool is_in_place, cx_import_t *import,
                                  cx_import_run_t *run)
{
    const json_t *placement = json_object_get(result, is_in_place ? "in_place" : "out_of_place");
    const json_t *time      = json_object_get(placement, "time");
    const json_t *wrong     = json_object_get(placement, "nwrong");
    cx_import_series_t like = {.op          = "",
                               .dtype       = text_of(result, "type"),
                               .redop       = text_of(result, "redop"),
                               .root_rank   = whole_of(json_object_get(result, "root")),
                               .is_in_place = is_in_place};
    cx_import_row_t    row  = {.message_bytes = whole_of(json_object_get(result, "size")),
                               .elems         = whole_of(json_object_get(result, "count")),
                               .wrong_count   = whole_of(wrong)};

    if (!json_is_object(placement)) {
        return CX_OK; /* this placement was not run */
    }
    if (!time) {
        time              = json_object_get(placement, "cpu_time");
        run->is_host_time = true;
    }
    row.time_us           = number_of(time);
    row.algbw_bytes_per_s = 1e9 * number_of(json_object_get(placement, "alg_bw"));
    row.busbw_bytes_per_s = 1e9 * number_of(json_object_get(placement, "bus_bw"));
    row.is_checked        = !isnan(number_of(wrong));
    if (row.message_bytes < 0) {
        return CX_FAIL(CX_INVALID, "a result without a size");
    }
    return cx_import_add_row(import, &like, &row);
}

static cx_status_t read_document(const char *name, const json_t *document, cx_import_t *import)
{
    const json_t    *results = json_object_get(document, "results");
    cx_import_run_t *run     = cx_import_add_run(import, "nccl-tests");

    if (!run) {
        return CX_FAIL(CX_RESOURCE, "%s: out of memory", name);
    }
    if (!json_is_array(results) || !json_is_object(json_object_get(document, "config"))) {
        return CX_FAIL(CX_INVALID, "%s: there is no \"results\" or \"config\" as of nccl-tests",
                       name);
    }
    read_run(document, import, run);
    for (size_t i = 0; i < json_array_size(results); i++) {
        CX_TRY(read_placement(json_array_get(results, i), false, import, run));
        CX_TRY(read_placement(json_array_get(results, i), true, import, run));
    }
    return CX_OK;
}

cx_status_t cx_import_nccltests_json(const char *name, const char *bytes, size_t byte_count,
                                     cx_import_t *import)
{
    json_error_t error;
    size_t       mended_count;
    char        *mended   = mend(bytes, byte_count, &mended_count);
    json_t      *document = mended ? json_loadb(mended, mended_count, 0, &error) : NULL;
    cx_status_t  status;

    free(mended);
    if (!mended) {
        return CX_FAIL(CX_RESOURCE, "%s: out of memory", name);
    }
    if (!document) {
        return CX_FAIL(CX_INVALID, "%s:%d:%d: no whole JSON document; was the run cut short?", name,
                       error.line, error.column);
    }
    status = read_document(name, document, import);
    json_decref(document);
    return status;
}
