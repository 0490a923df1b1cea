/* SPDX-License-Identifier: Apache-2.0 */
/* Nominal rates by model and kind. */
#include "run/bounds.h"

#include "run/catalog.h"
#include "store/fields.h"
#include "store/record.h"
#include "target/accelerators.h"

#include "base/text.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/* A row of the registry; texts are the document's. `source` is for people alone. */
typedef struct bound {
    const char *name, *kind, *model, *source;
    double      bytes_per_s;
    json_int_t  lane_count; /* of links: how many there are in bytes_per_s; memory has 1 */
} bound_t;

typedef struct bounds {
    bound_t *items;
    size_t   count;
} bounds_t;

/* ---- the registry --------------------------------------------------------------------------- */

static cx_status_t read_one(const char *path, size_t index, json_t *entry, bound_t *out)
{
    json_error_t error;
    char         text[sizeof error.text];

    *out = (bound_t){.lane_count = 1};
    if (json_unpack_ex(entry, &error, JSON_STRICT, "{s:s, s:s, s:s, s:F, s?I, s:s}", "name",
                       &out->name, "kind", &out->kind, "model", &out->model, "bytes_per_s",
                       &out->bytes_per_s, "lane_count", &out->lane_count, "source",
                       &out->source) != 0) {
        return CX_FAIL(CX_INVALID, "%s: bound %zu: %s", path, index,
                       cx_text_printable(error.text, text, sizeof text));
    }
    if (!out->model[0] || out->bytes_per_s <= 0 || out->lane_count < 1) {
        return CX_FAIL(CX_INVALID, "%s: bound %zu: needs a model, and a rate and lanes above 0",
                       path, index);
    }
    return CX_OK;
}

static cx_status_t read_all(const char *path, const json_t *document, cx_arena_t *arena,
                            bounds_t *out)
{
    const json_t *list = json_object_get(document, "bounds");

    out->count = json_array_size(list);
    out->items = cx_arena_grab(arena, (out->count + 1) * sizeof *out->items);
    if (!out->items) {
        return CX_FAIL(CX_RESOURCE, "out of memory for nominal limits");
    }
    for (size_t i = 0; i < out->count; i++) {
        CX_TRY(read_one(path, i, json_array_get(list, i), &out->items[i]));
    }
    return out->count > 0 ? CX_OK : CX_FAIL(CX_INVALID, "%s: expected {\"bounds\": [...]}", path);
}

/* As a whole word, or several: an H200 is no GH200. */
static bool is_named_in(const char *words, const char *text)
{
    const size_t length = strlen(words);

    for (const char *at = strstr(text, words); at; at = strstr(at + 1, words)) {
        if ((at == text || !isalnum((unsigned char)at[-1])) &&
            !isalnum((unsigned char)at[length])) {
            return true;
        }
    }
    return false;
}

/* The first of that kind; NULL: not known. A slice has a part of its card that nobody tells. */
static const bound_t *find(const bounds_t *bounds, const json_t *card, const char *kind)
{
    const char *model = json_string_value(json_object_get(card, "model"));

    for (size_t i = 0; i < bounds->count && model && kind; i++) {
        if (strcmp(bounds->items[i].kind, kind) == 0 &&
            is_named_in(bounds->items[i].model, model) &&
            !json_is_true(json_object_get(card, "is_slice"))) {
            return &bounds->items[i];
        }
    }
    return NULL;
}

/* ---- the description ------------------------------------------------------------------------ */

static void set_rate(json_t *object, const char *key, const bound_t *bound, json_int_t lane_count)
{
    json_t *rate = json_null();

    if (bound && lane_count > 0) {
        rate = json_pack("{s:s, s:f}", "name", bound->name, "bytes_per_s",
                         bound->bytes_per_s * (double)lane_count / (double)bound->lane_count);
    }
    json_object_set_new(object, key, rate);
}

static void describe_card(const bounds_t *bounds, json_t *card)
{
    const bound_t *memory = find(bounds, card, "memory");
    const bound_t *peer   = find(bounds, card, "nvlink");

    peer = peer ? peer : find(bounds, card, "xgmi");
    set_rate(card, "memory_nominal", memory, 1);
    set_rate(card, "peer_nominal", peer, peer ? peer->lane_count : 0);
}

static const json_t *find_card(const json_t *cards, const json_t *link)
{
    size_t  i;
    json_t *card;

    json_array_foreach((json_t *)(uintptr_t)cards, i, card)
    {
        if (json_equal(json_object_get(card, "device"), json_object_get(link, "device")) &&
            json_equal(json_object_get(card, "index"), json_object_get(link, "from_index"))) {
            return card;
        }
    }
    return NULL;
}

static void describe_all(const bounds_t *bounds, json_t *description)
{
    const json_t *cards = json_object_get(description, "accelerators");
    size_t        i;
    json_t       *one;

    json_array_foreach((json_t *)(uintptr_t)cards, i, one)
    {
        describe_card(bounds, one);
    }
    json_array_foreach(json_object_get(description, "links"), i, one)
    {
        const char *kind = json_string_value(json_object_get(one, "kind"));

        set_rate(one, "nominal", find(bounds, find_card(cards, one), kind),
                 json_integer_value(json_object_get(one, "lane_count")));
    }
}

cx_status_t cx_bounds_add(json_t *description, cx_arena_t *arena)
{
    const char *path = cx_arena_format(arena, "%s/bounds.json", cx_registry_folder(arena));
    json_t     *document;
    bounds_t    bounds;
    cx_status_t status;

    CX_TRY(cx_record_read(path, &document));
    CX_TRY_OR(free_document, read_all(path, document, arena, &bounds));
    describe_all(&bounds, description);

free_document:
    json_decref(document);
    return status;
}

/* ---- the record ----------------------------------------------------------------------------- */

static json_t *highest(const json_t *list, const char *key, const char *device,
                       const char *index_key, int64_t rank_count)
{
    double  bytes_per_s = (double)NAN;
    size_t  i;
    json_t *one;

    json_array_foreach((json_t *)(uintptr_t)list, i, one)
    {
        const json_t *rate = json_object_get(json_object_get(one, key), "bytes_per_s");

        if (!cx_accelerators_is_of(one, device, index_key, rank_count)) {
            continue;
        }
        if (!rate) {
            return json_null();
        }
        bytes_per_s = fmax(bytes_per_s, json_number_value(rate));
    }
    return cx_real_to_json(bytes_per_s);
}

void cx_bounds_set(const json_t *description, const char *device, int64_t rank_count,
                   json_t *limits)
{
    const json_t *cards = json_object_get(description, "accelerators");
    const json_t *links = json_object_get(description, "links");

    json_object_set_new(limits, "link_nominal_bytes_per_s",
                        highest(links, "nominal", device, "to_index", rank_count));
    json_object_set_new(limits, "memory_nominal_bytes_per_s",
                        highest(cards, "memory_nominal", device, "index", rank_count));
}
