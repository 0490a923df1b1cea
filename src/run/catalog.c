/* SPDX-License-Identifier: Apache-2.0 */
/* Backends and devices of this machine. */
#include "run/catalog.h"

#include "base/document.h"
#include "base/fail.h"
#include "base/log.h"
#include "base/patience.h"
#include "family/common/codec_ops.h"
#include "family/ep/shape.h"
#include "plugin/plugin.h"
#include "run/external.h"
#include "run/support.h"

#include <stdlib.h>
#include <string.h>

#define ENTRY_COUNT_MAX 128

static bool never_over(const cx_core_t *core)
{
    (void)core;
    return false;
}

static int64_t no_deadline(const cx_core_t *core)
{
    (void)core;
    return INT64_MAX;
}

/* Enough of a core to probe with: no device, no peers. */
cx_core_t cx_catalog_core(int32_t rank_count)
{
    cx_core_t core = {.struct_size = sizeof core,
                      .rank_count  = rank_count,
                      .fail        = cx_fail_plugin,
                      .log         = cx_log,
                      .is_over     = never_over,
                      .deadline_ns = no_deadline,
                      .codecs      = &cx_codec_ops};

    return core;
}

typedef struct list {
    cx_catalog_entry_t *entries;
    size_t              count;
} list_t;

static cx_catalog_entry_t *find_or_add(list_t *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->entries[i].name, name) == 0) {
            return &list->entries[i];
        }
    }
    list->entries[list->count] = (cx_catalog_entry_t){.name = name, .summary = ""};
    return &list->entries[list->count++];
}

static cx_status_t list_init(list_t *list, cx_arena_t *arena)
{
    list->count   = 0;
    list->entries = cx_arena_grab(arena, ENTRY_COUNT_MAX * sizeof *list->entries);
    return list->entries ? CX_OK : CX_FAIL(CX_RESOURCE, "out of memory for the catalogue");
}

static const char *member(const cx_node_t *map, const char *key)
{
    for (size_t i = 0; map->kind == CX_NODE_MAP && i < map->item_count; i++) {
        if (strcmp(map->keys[i].text, key) == 0 && map->items[i].kind == CX_NODE_SCALAR) {
            return map->items[i].text;
        }
    }
    return "";
}

/* registry/backends.json: {"backends": [{"name", "summary", "remedy"}]} in order of preference. */
static cx_status_t read_known(cx_arena_t *arena, const cx_node_t **backends)
{
    const char *path = cx_arena_format(arena, "%s/backends.json", cx_registry_folder(arena));
    cx_node_t  *document;

    CX_TRY(cx_document_read(path, arena, &document));
    if (document->kind != CX_NODE_MAP || document->item_count != 1 ||
        document->items[0].kind != CX_NODE_LIST) {
        return CX_FAIL(CX_INVALID, "%s: expected {\"backends\": [...]}", path);
    }
    *backends = &document->items[0];
    return CX_OK;
}

static cx_status_t add_known(list_t *list, cx_arena_t *arena)
{
    const cx_node_t *backends;

    CX_TRY(read_known(arena, &backends));
    for (size_t i = 0; i < backends->item_count && list->count < ENTRY_COUNT_MAX / 2; i++) {
        cx_catalog_entry_t *entry = find_or_add(list, member(&backends->items[i], "name"));

        entry->summary = member(&backends->items[i], "summary");
        entry->reason  = member(&backends->items[i], "remedy");
    }
    return CX_OK;
}

static void probe_backend(cx_catalog_entry_t *entry, const cx_core_t *core, cx_arena_t *arena)
{
    const cx_backend_ops_t *ops;
    cx_status_t             status;

    cx_detail_clear();
    memset(&entry->caps, 0, sizeof entry->caps);
    status = cx_backend_load(entry->name, "list", &ops);
    if (status == CX_OK) {
        entry->summary = ops->summary;
        status         = ops->probe(core, &entry->caps);
    }
    entry->is_usable = status == CX_OK;
    if (status != CX_OK) {
        entry->reason = cx_arena_text(arena, cx_detail()->text);
    }
    cx_detail_clear();
}

static void probe_external(cx_catalog_entry_t *entry, const cx_external_t *external,
                           cx_arena_t *arena)
{
    cx_detail_clear();
    memset(&entry->caps, 0, sizeof entry->caps);
    entry->summary   = external->summary;
    entry->is_usable = external->probe(arena, &entry->caps) == CX_OK;
    entry->reason    = cx_arena_text(arena, cx_detail()->text);
    cx_detail_clear();
}

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const cx_catalog_entry_t *)a)->name, ((const cx_catalog_entry_t *)b)->name);
}

cx_status_t cx_catalog_backends(int32_t rank_count, cx_arena_t *arena, cx_catalog_entry_t **out,
                                size_t *count_out)
{
    cx_core_t    core = cx_catalog_core(rank_count);
    const char **names;
    list_t       list;

    CX_TRY(list_init(&list, arena));
    CX_TRY(add_known(&list, arena));
    CX_TRY(cx_plugin_names(CX_PLUGIN_BACKEND, arena, &names));
    for (size_t i = 0; names[i] && list.count < ENTRY_COUNT_MAX; i++) {
        probe_backend(find_or_add(&list, names[i]), &core, arena);
    }
    for (const cx_external_t *const *at = cx_externals; *at && list.count < ENTRY_COUNT_MAX; at++) {
        probe_external(find_or_add(&list, (*at)->name), *at, arena);
    }
    qsort(list.entries, list.count, sizeof *list.entries, compare_entries);
    *out       = list.entries;
    *count_out = list.count;
    return CX_OK;
}

static void probe_device(cx_catalog_entry_t *entry, const cx_core_t *core, cx_arena_t *arena)
{
    const cx_device_ops_t *ops;
    int32_t                device_count;
    cx_status_t            status;

    cx_detail_clear();
    status = cx_device_load(entry->name, "list", &ops);
    if (status == CX_OK) {
        entry->summary = ops->summary;
        cx_patience_begin(entry->name);
        status = ops->probe(core, &device_count);
        cx_patience_end();
    }
    entry->is_usable = status == CX_OK;
    if (status != CX_OK) {
        entry->reason = cx_arena_text(arena, cx_detail()->text);
    }
    cx_detail_clear();
}

cx_status_t cx_catalog_devices(cx_arena_t *arena, cx_catalog_entry_t **out, size_t *count_out)
{
    cx_core_t    core = cx_catalog_core(1);
    const char **names;
    list_t       list;

    CX_TRY(list_init(&list, arena));
    CX_TRY(cx_plugin_names(CX_PLUGIN_DEVICE, arena, &names));
    for (size_t i = 0; names[i] && list.count < ENTRY_COUNT_MAX; i++) {
        probe_device(find_or_add(&list, names[i]), &core, arena);
    }
    *out       = list.entries;
    *count_out = list.count;
    return CX_OK;
}

/* ---- what "auto" stands for ------------------------------------------------------------------ */

/* In order of preference; the host, which is always there, comes last. */
static const char *const auto_devices[] = {"cuda", "hip", "host", NULL};

static bool is_open(const char *name)
{
    return strcmp(name, "auto") == 0;
}

bool cx_catalog_is_accelerator(const char *device)
{
    size_t i = 0;

    while (auto_devices[i] && strcmp(auto_devices[i], device) != 0) {
        i++;
    }
    return auto_devices[i] && auto_devices[i + 1];
}

int32_t cx_catalog_accelerator_count(const char *device)
{
    cx_core_t              core  = cx_catalog_core(1);
    int32_t                count = 0;
    const cx_device_ops_t *ops;

    if (!cx_catalog_is_accelerator(device)) {
        return 0;
    }
    cx_patience_begin(device);
    if (cx_device_load(device, "auto", &ops) != CX_OK || ops->probe(&core, &count) != CX_OK) {
        count = 0;
    }
    cx_patience_end();
    cx_detail_clear();
    return count;
}

/* The host's processors are shared; an accelerator is had by one rank. */
static bool has_room(const char *device, int32_t host_rank_count)
{
    return !cx_catalog_is_accelerator(device) ||
           cx_catalog_accelerator_count(device) >= host_rank_count;
}

static cx_status_t choose_backend(const char *device, const cx_core_t *core, cx_family_t family,
                                  cx_arena_t *arena, const char **out)
{
    const cx_node_t *backends;

    CX_TRY(read_known(arena, &backends));
    *out = NULL;
    for (size_t i = 0; i < backends->item_count && !*out; i++) {
        cx_catalog_entry_t entry = {.name = member(&backends->items[i], "name")};

        if (strcmp(member(&backends->items[i], "is_automatic"), "true") != 0 ||
            !cx_plugin_path(CX_PLUGIN_BACKEND, entry.name, arena)) {
            continue;
        }
        probe_backend(&entry, core, arena);
        if (entry.is_usable && (entry.caps.families & CX_BIT(family)) &&
            cx_backend_lists_device(&entry.caps, device)) {
            *out = entry.name;
        }
    }
    return CX_OK;
}

/* Of a backend that was named: it may work nowhere here, which its probe will say later. */
static cx_status_t choose_device(const cx_core_t *core, cx_arena_t *arena, const char *backend,
                                 const char **out)
{
    cx_catalog_entry_t entry = {.name = backend};

    *out = "host";
    if (cx_external_find(backend)) {
        return CX_OK;
    }
    probe_backend(&entry, core, arena);
    for (size_t i = 0; entry.is_usable && auto_devices[i]; i++) {
        if (cx_backend_lists_device(&entry.caps, auto_devices[i]) &&
            has_room(auto_devices[i], core->rank_count)) {
            *out = auto_devices[i];
            return CX_OK;
        }
    }
    return CX_OK;
}

/* A device that was named and cannot be used knows best why. */
static cx_status_t refuse_family(cx_family_t family, const char *device, const cx_core_t *core,
                                 cx_arena_t *arena)
{
    cx_catalog_entry_t entry = {.name = device};

    probe_device(&entry, core, arena);
    return CX_FAIL(CX_UNSUPPORTED,
                   "no backend can run family %s on device %s here%s%s; see: collectivex list "
                   "backends",
                   cx_family_slugs[family], device, entry.is_usable ? "" : ": ",
                   entry.is_usable || !entry.reason ? "" : entry.reason);
}

cx_status_t cx_catalog_choose(int32_t host_rank_count, cx_family_t family, cx_arena_t *arena,
                              cx_plan_choice_t *in_out)
{
    const char *const  named[]        = {in_out->device, NULL};
    const bool         is_device_open = is_open(in_out->device);
    const char *const *devices        = is_device_open ? auto_devices : named;
    cx_core_t          core           = cx_catalog_core(host_rank_count);

    if (!is_open(in_out->backend)) {
        return is_device_open ? choose_device(&core, arena, in_out->backend, &in_out->device)
                              : CX_OK;
    }
    if (!is_device_open) {
        const cx_device_ops_t *ops;

        CX_TRY(cx_device_load(in_out->device, "device", &ops));
    }
    for (; *devices; devices++) {
        const char *backend = NULL;

        if (!is_device_open || has_room(*devices, host_rank_count)) {
            CX_TRY(choose_backend(*devices, &core, family, arena, &backend));
        }
        if (backend) {
            *in_out = (cx_plan_choice_t){backend, *devices};
            return CX_OK;
        }
    }
    if (!is_device_open) {
        return refuse_family(family, in_out->device, &core, arena);
    }
    return CX_FAIL(CX_UNSUPPORTED,
                   "no backend can run family %s here; see: collectivex list backends",
                   cx_family_slugs[family]);
}

cx_status_t cx_catalog_backend_rows(void *context, const char *backend, const char *place,
                                    const cx_option_t **rows_out, size_t *options_bytes_out)
{
    const cx_external_t    *external = cx_external_find(backend);
    const cx_backend_ops_t *ops;

    (void)context;
    if (external) {
        *rows_out          = external->options;
        *options_bytes_out = external->options_bytes;
        return CX_OK;
    }
    CX_TRY(cx_backend_load(backend, place, &ops));
    *rows_out          = ops->options;
    *options_bytes_out = ops->options_bytes;
    return CX_OK;
}

cx_status_t cx_catalog_check_device(void *context, const char *device, const char *place)
{
    const cx_device_ops_t *ops;

    (void)context;
    return cx_catalog_is_accelerator(device) ? CX_OK : cx_device_load(device, place, &ops);
}

cx_status_t cx_catalog_shape(void *context, const char *shape, const char *place,
                             cx_plan_shape_t *out)
{
    cx_ep_shape_t found;
    cx_arena_t    arena;
    const char   *folder;
    cx_status_t   status;

    (void)context;
    cx_arena_init(&arena);
    folder = cx_arena_format(&arena, "%s/shapes", cx_registry_folder(&arena));
    status = CX_RESOURCE;
    if (folder) {
        status = cx_ep_shape_read(folder, shape, &arena, &found);
    }
    if (status == CX_OK) {
        *out = (cx_plan_shape_t){found.hidden_elems, found.topk, found.expert_count};
    }
    cx_arena_fini(&arena);
    if (!folder) {
        return CX_FAIL(CX_RESOURCE, "out of memory for a path");
    }
    if (status == CX_INVALID) {
        cx_detail_t why = *cx_detail();

        cx_detail_clear();
        return CX_FAIL(status, "%s: shape: %s", place, why.text);
    }
    return status;
}
