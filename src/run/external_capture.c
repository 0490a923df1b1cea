/* SPDX-License-Identifier: Apache-2.0 */
/* Capture, made publishable, written. */
#include "run/external_capture.h"

#include "base/file.h"
#include "target/redact.h"

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

#define JSON_BYTES_MAX ((size_t)64 << 20)

static cx_status_t out_of_memory(void)
{
    return CX_FAIL(CX_RESOURCE, "out of memory for what a program said");
}

/* The JSON of the program; NULL: it left none that is whole. */
static json_t *read_file(const char *path)
{
    json_t *document = NULL;
    char   *bytes;
    size_t  byte_count;

    if (path && cx_file_read(path, JSON_BYTES_MAX, &bytes, &byte_count) == CX_OK) {
        document = json_loadb(bytes, byte_count, 0, NULL);
        free(bytes);
    }
    cx_detail_clear();
    if (!json_is_object(document)) {
        json_decref(document);
        return NULL;
    }
    json_object_del(document, "env");
    return document;
}

/* Both streams as one text in a list of one. NULL when memory ran out. */
static json_t *read_streams(const cx_command_result_t *result)
{
    size_t  byte_count = result->output_bytes + result->errors_bytes;
    char   *text       = malloc(byte_count + 1);
    json_t *list;

    if (!text) {
        return NULL;
    }
    memcpy(text, result->output, result->output_bytes);
    memcpy(text + result->output_bytes, result->errors, result->errors_bytes);
    for (size_t i = 0; i < byte_count; i++) {
        bool is_text = (text[i] >= ' ' && text[i] <= '~') || strchr("\t\r\n", text[i]);

        text[i] = is_text && text[i] ? text[i] : '?';
    }
    list = json_pack("[s%]", text, byte_count);
    free(text);
    return list;
}

static cx_status_t print(const json_t *document, cx_arena_t *arena, cx_external_capture_t *out)
{
    const json_t *text = json_array_get(document, 0);
    char         *dump = json_is_array(document) ? NULL : json_dumps(document, JSON_COMPACT);

    out->bytes = cx_arena_text(arena, dump ? dump : json_string_value(text));
    free(dump);
    if (!out->bytes) {
        return out_of_memory();
    }
    out->byte_count = strlen(out->bytes);
    (void)cx_hash_hex(out->bytes, out->byte_count, out->digest);
    return CX_OK;
}

static cx_status_t write_capture(const cx_capture_request_t *request, json_t *document,
                                 cx_arena_t *arena, cx_external_capture_t *out)
{
    const char *folder = cx_arena_format(arena, "%s/captures", request->folder);
    const char *path;

    if (request->is_redacted) {
        CX_TRY(cx_redact(document, NULL));
    }
    CX_TRY(print(document, arena, out));
    out->file =
        cx_arena_format(arena, "%s.%s", request->name, json_is_array(document) ? "txt" : "json");
    path = cx_arena_format(arena, "%s/%s", folder, out->file);
    if (!folder || !out->file || !path) {
        return out_of_memory();
    }
    CX_TRY(cx_folder_make(folder));
    return cx_file_write(path, out->bytes, out->byte_count);
}

cx_status_t cx_external_capture(const cx_capture_request_t *request, cx_arena_t *arena,
                                cx_external_capture_t *out)
{
    cx_external_capture_t capture  = {.file = NULL};
    json_t               *document = read_file(request->file);
    cx_status_t           status;

    capture.is_file = document != NULL;
    document        = document ? document : read_streams(request->result);
    if (!document) {
        return out_of_memory();
    }
    status = write_capture(request, document, arena, &capture);
    json_decref(document);
    CX_TRY(status);
    *out = capture;
    return CX_OK;
}
