/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the loaded objects and reads their notes from memory, so that no file is opened and a file
 * that was replaced after loading does not lie. */
#include "target/libraries.h"

#include "target/value.h"

#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BUILD_ID_BYTES_MAX 64

/* How the file's name begins. */
static const char *const name_prefixes[] = {
    "cx-",         "libcollectivex", "libmpi",     "libpmi",    "libnccl",        "librccl",
    "libcuda",     "libnvidia-",     "libnvshmem", "libamdhip", "libhsa-runtime", "librocshmem",
    "libucp",      "libuct",         "libucs",     "libucc",    "libfabric",      "libibverbs",
    "libmlx5",     "libefa",         "libnixl",    "libtorch",  "libc.so",        "libhwloc",
    "libopen-pal", "libmooncake",
};

static bool is_of_interest(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name  = slash ? slash + 1 : path;

    for (size_t i = 0; i < sizeof name_prefixes / sizeof name_prefixes[0]; i++) {
        if (strncmp(name, name_prefixes[i], strlen(name_prefixes[i])) == 0) {
            return true;
        }
    }
    return false;
}

static const ElfW(Phdr) * find_segment(const struct dl_phdr_info *info, uint32_t type)
{
    for (uint32_t i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type == type) {
            return &info->dlpi_phdr[i];
        }
    }
    return NULL;
}

/* The dynamic section's DT_SONAME, an offset into DT_STRTAB, whose address the loader has relocated
 * on some machines and not on others. */
static const char *find_soname(const struct dl_phdr_info *info)
{
    const ElfW(Phdr) *segment = find_segment(info, PT_DYNAMIC);
    uintptr_t strings         = 0;
    uintptr_t offset          = 0;

    if (!segment) {
        return NULL;
    }
    for (const ElfW(Dyn) *row = (const ElfW(Dyn) *)(info->dlpi_addr + segment->p_vaddr);
         row->d_tag != DT_NULL; row++) {
        strings = row->d_tag == DT_STRTAB ? row->d_un.d_ptr : strings;
        offset  = row->d_tag == DT_SONAME ? row->d_un.d_val : offset;
    }
    if (strings == 0 || offset == 0) {
        return NULL;
    }
    strings += strings < info->dlpi_addr ? info->dlpi_addr : 0;
    return (const char *)(strings + offset); // NOLINT(performance-no-int-to-ptr)
}

static size_t align4(size_t bytes)
{
    return (bytes + 3) & ~(size_t)3;
}

/* The description of the GNU build id in one segment of notes; its length, or 0. */
static size_t find_build_id(const uint8_t *notes, size_t bytes, const uint8_t **out)
{
    size_t at = 0;

    while (at + sizeof(ElfW(Nhdr)) <= bytes) {
        ElfW(Nhdr) note;

        memcpy(&note, notes + at, sizeof note);
        const size_t name        = at + sizeof note;
        const size_t description = name + align4(note.n_namesz);

        if (description + note.n_descsz > bytes) {
            return 0;
        }
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
            memcmp(notes + name, "GNU", 4) == 0) {
            *out = notes + description;
            return note.n_descsz;
        }
        at = description + align4(note.n_descsz);
    }
    return 0;
}

static json_t *build_id(const struct dl_phdr_info *info)
{
    char hex[2 * BUILD_ID_BYTES_MAX + 1];

    for (uint32_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        const uint8_t *id         = NULL;
        size_t         length     = 0;

        if (segment->p_type == PT_NOTE) {
            length = find_build_id((const uint8_t *)(info->dlpi_addr + segment->p_vaddr),
                                   segment->p_memsz, &id);
        }
        if (length > 0 && length <= BUILD_ID_BYTES_MAX) {
            for (size_t byte = 0; byte < length; byte++) {
                (void)snprintf(hex + 2 * byte, 3, "%02x", id[byte]);
            }
            return cx_value_text(hex);
        }
    }
    return json_null();
}

static int add_library(struct dl_phdr_info *info, size_t info_bytes, void *context)
{
    json_t **list = context;

    (void)info_bytes;
    if (info->dlpi_name && is_of_interest(info->dlpi_name)) {
        cx_value_append(list,
                        json_pack("{s:s, s:o, s:o}", "path", info->dlpi_name, "soname",
                                  cx_value_text(find_soname(info)), "build_id", build_id(info)));
    }
    return 0;
}

json_t *cx_libraries_loaded(void)
{
    json_t *list = json_array();

    (void)dl_iterate_phdr(add_library, &list);
    return list;
}
