/* SPDX-License-Identifier: Apache-2.0 */
/* dlopen, one symbol, and the ABI check. The only home of dlopen in the core. */
#include "base/file.h"
#include "base/text.h"
#include "plugin/plugin.h"
#include "plugin/search.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What the table of ABI 1 began with; what is added behind it is optional. */
#define DEVICE_BYTES_MIN (offsetof(cx_device_ops_t, graph_begin))
#define BACKEND_BYTES_MIN (offsetof(cx_backend_ops_t, close) + sizeof(void (*)(cx_session_t *)))
#define NAME_COUNT_MAX 256
#define NAME_BYTES_MAX 64

static const char *const kind_words[] = {"backend", "device"};

/* "cx-backend-mpi.so" to "mpi"; false when the file is no plugin of that kind. */
static bool name_of(cx_plugin_kind_t kind, const char *file, char name[NAME_BYTES_MAX])
{
    char   prefix[32];
    size_t prefix_length, length = strlen(file);

    prefix_length = (size_t)snprintf(prefix, sizeof prefix, "cx-%s-", kind_words[kind]);
    if (length <= prefix_length + 3 || strncmp(file, prefix, prefix_length) != 0 ||
        strcmp(file + length - 3, ".so") != 0 || length - prefix_length - 3 >= NAME_BYTES_MAX) {
        return false;
    }
    (void)snprintf(name, NAME_BYTES_MAX, "%.*s", (int)(length - prefix_length - 3),
                   file + prefix_length);
    return true;
}

typedef struct name_list {
    const char **names;
    size_t       count;
} name_list_t;

static void add_name(name_list_t *list, const char *name, cx_arena_t *arena)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->names[i], name) == 0) {
            return;
        }
    }
    if (list->count + 1 < NAME_COUNT_MAX) {
        list->names[list->count++] = cx_arena_text(arena, name);
    }
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

cx_status_t cx_plugin_names(cx_plugin_kind_t kind, cx_arena_t *arena, const char ***out)
{
    name_list_t list = {cx_arena_grab(arena, NAME_COUNT_MAX * sizeof *list.names), 0};
    const char *folder;

    if (!list.names) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the names of plugins");
    }
    for (size_t i = 0; (folder = cx_plugin_folder(i, arena)) != NULL; i++) {
        DIR                 *handle = opendir(folder);
        const struct dirent *entry;
        char                 name[NAME_BYTES_MAX];

        while (handle && (entry = readdir(handle)) != NULL) {
            if (name_of(kind, entry->d_name, name)) {
                add_name(&list, name, arena);
            }
        }
        if (handle) {
            (void)closedir(handle);
        }
    }
    qsort(list.names, list.count, sizeof *list.names, compare_names);
    *out = list.names;
    return CX_OK;
}

const char *cx_plugin_path(cx_plugin_kind_t kind, const char *name, cx_arena_t *arena)
{
    const char *folder;

    for (size_t i = 0; (folder = cx_plugin_folder(i, arena)) != NULL; i++) {
        const char *path = cx_arena_format(arena, "%s/cx-%s-%s.so", folder, kind_words[kind], name);

        if (path && cx_file_exists(path)) {
            return path;
        }
    }
    return NULL;
}

static cx_status_t refuse_unknown(cx_plugin_kind_t kind, const char *name, const char *place,
                                  cx_arena_t *arena)
{
    const char **names;
    const char  *nearest;
    char         shown[NAME_BYTES_MAX];

    CX_TRY(cx_plugin_names(kind, arena, &names));
    nearest = cx_text_nearest(name, names, cx_text_name_at);
    return CX_FAIL(CX_INVALID, "%s: no %s called \"%s\"%s%s%s", place, kind_words[kind],
                   cx_text_printable(name, shown, sizeof shown),
                   nearest ? "; did you mean \"" : "; see: collectivex list ",
                   nearest ? nearest : (kind == CX_PLUGIN_BACKEND ? "backends" : "devices"),
                   nearest ? "\"?" : "");
}

/* dlopen maps a truncated file and dies of it, so the segments are compared with the file first.
 * What is no ELF file at all is left to dlopen, which has the words for it. */
static cx_status_t check_whole(const char *path)
{
    FILE *file = fopen(path, "rbe");
    ElfW(Ehdr) head;
    ElfW(Phdr) segment;
    struct stat facts;
    bool        is_whole = true;

    if (!file) {
        return CX_FAIL(CX_INVALID, "%s: %s", path, strerror(errno));
    }
    if (fstat(fileno(file), &facts) == 0 && fread(&head, sizeof head, 1, file) == 1 &&
        memcmp(head.e_ident, ELFMAG, SELFMAG) == 0 && head.e_phentsize == sizeof segment) {
        is_whole = fseek(file, (long)head.e_phoff, SEEK_SET) == 0;
        for (int i = 0; i < head.e_phnum && is_whole; i++) {
            is_whole = fread(&segment, sizeof segment, 1, file) == 1 &&
                       segment.p_filesz <= (uint64_t)facts.st_size &&
                       segment.p_offset <= (uint64_t)facts.st_size - segment.p_filesz;
        }
    }
    (void)fclose(file);
    return is_whole ? CX_OK : CX_FAIL(CX_INVALID, "%s: the file is truncated", path);
}

/* The ops table of a plugin file; the first two words of every ops table are alike. */
static cx_status_t load(cx_plugin_kind_t kind, const char *path, uint32_t abi, const void **out)
{
    static const char *const symbols[] = {"cx_backend_v1", "cx_device_v1"};
    void                    *library;
    const void *(*entry)(void);
    const uint32_t *table;
    void           *symbol;

    CX_TRY(check_whole(path));
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        return CX_FAIL(CX_INVALID, "%s: cannot be loaded: %s", path,
                       dlerror()); /* NOLINT(concurrency-mt-unsafe): loading is single-threaded */
    }
    symbol = dlsym(library, symbols[kind]);
    if (!symbol) {
        return CX_FAIL(CX_INVALID, "%s: exports no %s, so it was built for another ABI", path,
                       symbols[kind]);
    }
    memcpy(&entry, &symbol, sizeof entry);
    table = entry();
    if (!table || table[0] != abi) {
        return CX_FAIL(CX_INVALID, "%s: is of ABI %u, this program needs %u", path,
                       table ? table[0] : 0, abi);
    }
    *out = table;
    return CX_OK;
}

static cx_status_t find_and_load(cx_plugin_kind_t kind, const char *name, const char *place,
                                 uint32_t abi, const void **out)
{
    cx_arena_t  arena;
    const char *path;
    cx_status_t status;

    cx_arena_init(&arena);
    path   = strchr(name, '/') ? NULL : cx_plugin_path(kind, name, &arena);
    status = path ? load(kind, path, abi, out) : refuse_unknown(kind, name, place, &arena);
    cx_arena_fini(&arena);
    return status;
}

cx_status_t cx_backend_load(const char *name, const char *place, const cx_backend_ops_t **out)
{
    const void *table;

    CX_TRY(find_and_load(CX_PLUGIN_BACKEND, name, place, CX_BACKEND_ABI, &table));
    if (((const cx_backend_ops_t *)table)->struct_size < BACKEND_BYTES_MIN) {
        return CX_FAIL(CX_INVALID, "backend %s: its table is too small for ABI %u", name,
                       CX_BACKEND_ABI);
    }
    *out = table;
    return CX_OK;
}

cx_status_t cx_device_load(const char *name, const char *place, const cx_device_ops_t **out)
{
    const void *table;

    CX_TRY(find_and_load(CX_PLUGIN_DEVICE, name, place, CX_DEVICE_ABI, &table));
    if (((const cx_device_ops_t *)table)->struct_size < DEVICE_BYTES_MIN) {
        return CX_FAIL(CX_INVALID, "device %s: its table is too small for ABI %u", name,
                       CX_DEVICE_ABI);
    }
    *out = table;
    return CX_OK;
}
