/* SPDX-License-Identifier: Apache-2.0 */
/* Cards and links as JSON, and the factors that come of them. */
#include "target/accelerators.h"

#include "target/pci_path.h"
#include "target/value.h"

#include "base/fail.h"
#include "base/patience.h"
#include "base/text.h"

#include "collectivex/card.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define PCI_DEVICE "sys/bus/pci/devices/%s"
#define FACTOR_LENGTH_MAX 4096

/* ---- members -------------------------------------------------------------------------------- */

typedef enum member_kind { MEMBER_TEXT, MEMBER_I64, MEMBER_I32, MEMBER_ANSWER } member_kind_t;

typedef struct member {
    const char   *key;
    member_kind_t kind;
    size_t        offset;
    int64_t       least; /* of numbers: below it they are unknown */
} member_t;

static const member_t card_members[] = {
    {"model", MEMBER_TEXT, offsetof(cx_card_t, model), 0},
    {"uuid", MEMBER_TEXT, offsetof(cx_card_t, uuid), 0},
    {"address", MEMBER_TEXT, offsetof(cx_card_t, address), 0},
    {"architecture", MEMBER_TEXT, offsetof(cx_card_t, architecture), 0},
    {"driver", MEMBER_TEXT, offsetof(cx_card_t, driver), 0},
    {"partition", MEMBER_TEXT, offsetof(cx_card_t, partition), 0},
    {"memory_bytes", MEMBER_I64, offsetof(cx_card_t, memory_bytes), 1},
    {"numa_node_index", MEMBER_I32, offsetof(cx_card_t, numa_node_index), 0},
    {"has_ecc", MEMBER_ANSWER, offsetof(cx_card_t, has_ecc), 0},
    {"is_persistent", MEMBER_ANSWER, offsetof(cx_card_t, is_persistent), 0},
    {NULL, MEMBER_TEXT, 0, 0},
};

static const member_t link_members[] = {
    {"kind", MEMBER_TEXT, offsetof(cx_link_t, kind), 0},
    {"path", MEMBER_TEXT, offsetof(cx_link_t, path), 0},
    {"lane_count", MEMBER_I32, offsetof(cx_link_t, lane_count), 1},
    {"read", MEMBER_TEXT, offsetof(cx_link_t, read), 0},
    {"write", MEMBER_TEXT, offsetof(cx_link_t, write), 0},
    {"atomics", MEMBER_TEXT, offsetof(cx_link_t, atomics), 0},
    {NULL, MEMBER_TEXT, 0, 0},
};

static json_t *number(int64_t value, int64_t least)
{
    return value < least ? json_null() : json_integer(value);
}

static json_t *member_value(const member_t *member, const void *object)
{
    const void *at = (const char *)object + member->offset;

    switch (member->kind) {
    case MEMBER_TEXT:
        return *(const char *)at ? cx_value_text(at) : json_null();
    case MEMBER_I64:
        return number(*(const int64_t *)at, member->least);
    case MEMBER_I32:
        return number(*(const int32_t *)at, member->least);
    default:
        return *(const cx_answer_t *)at == CX_ANSWER_UNKNOWN
                   ? json_null()
                   : json_boolean(*(const cx_answer_t *)at == CX_ANSWER_YES);
    }
}

/* False: memory ran out. */
static bool set_members(json_t *out, const member_t *members, const void *object)
{
    bool is_set = out != NULL;

    for (; members->key && is_set; members++) {
        is_set = json_object_set_new(out, members->key, member_value(members, object)) == 0;
    }
    return is_set;
}

/* ---- networks ------------------------------------------------------------------------------- */

/* The nearest network devices of one card, while folders of /sys are walked. */
typedef struct search {
    const cx_root_t *root;
    cx_pci_place_t   card;
    const char      *folder; /* "sys/class/infiniband" */
    json_t          *nics;   /* the nearest so far; NULL once memory ran out */
    int              path_rank;
    json_t          *seen; /* addresses of what is listed already, as keys */
} search_t;

static void consider_nic(const char *name, void *context)
{
    search_t      *search = context;
    char           link[PATH_MAX];
    cx_pci_place_t place;
    const char    *path;

    (void)snprintf(link, sizeof link, "%s/%s", search->folder, name);
    if (!search->nics || !cx_pci_place_find(search->root, link, &place) ||
        json_object_get(search->seen, place.address)) {
        return;
    }
    json_object_set_new(search->seen, place.address, json_true());
    path = cx_pci_path(search->root, &search->card, &place);
    if (!path || cx_pci_path_rank(path) > search->path_rank) {
        return;
    }
    if (cx_pci_path_rank(path) < search->path_rank) {
        search->path_rank = cx_pci_path_rank(path);
        json_array_clear(search->nics);
    }
    cx_value_append(&search->nics, json_pack("{s:s, s:s}", "name", name, "path", path));
}

/* InfiniBand devices first, so that one that is an interface, too, has the name that libraries
 * want.
 */
static json_t *nearest_nics(const cx_root_t *root, const char *address)
{
    search_t search = {
        .root = root, .nics = json_array(), .path_rank = INT_MAX, .seen = json_object()};
    char link[PATH_MAX];

    (void)snprintf(link, sizeof link, PCI_DEVICE, address);
    if (address[0] && cx_pci_place_find(root, link, &search.card)) {
        search.folder = "sys/class/infiniband";
        cx_root_each(root, search.folder, consider_nic, &search);
        search.folder = "sys/class/net";
        cx_root_each(root, search.folder, consider_nic, &search);
    }
    json_decref(search.seen);
    return search.nics;
}

/* ---- cards and links ------------------------------------------------------------------------ */

static json_t *describe_card(const cx_root_t *root, const char *device, int32_t index,
                             const cx_card_t *card)
{
    json_t *out = json_pack("{s:s, s:i}", "device", device, "index", (int)index);

    if (!set_members(out, card_members, card) ||
        json_object_set_new(out, "is_slice", json_boolean(card->is_slice)) != 0 ||
        json_object_set_new(out, "nics", nearest_nics(root, card->address)) != 0) {
        json_decref(out);
        return NULL;
    }
    return out;
}

/* The kernel knows the path of what the library does not. */
static void fill_path(const cx_root_t *root, const char *from, const char *to, cx_link_t *link)
{
    char           path[PATH_MAX];
    cx_pci_place_t places[2];
    const char    *found = NULL;

    (void)snprintf(path, sizeof path, PCI_DEVICE, from);
    if (!link->path[0] && cx_pci_place_find(root, path, &places[0])) {
        (void)snprintf(path, sizeof path, PCI_DEVICE, to);
        found = cx_pci_place_find(root, path, &places[1])
                    ? cx_pci_path(root, &places[0], &places[1])
                    : NULL;
    }
    if (found) {
        (void)snprintf(link->path, sizeof link->path, "%s", found);
    }
}

static json_t *describe_link(const char *device, const int32_t indices[2], const cx_link_t *link)
{
    json_t *out   = json_pack("{s:s, s:i, s:i}", "device", device, "from_index", (int)indices[0],
                              "to_index", (int)indices[1]);
    json_t *speed = isfinite(link->bytes_per_s) ? json_real(link->bytes_per_s) : json_null();

    if (!set_members(out, link_members, link) || json_object_set(out, "bytes_per_s", speed) != 0) {
        json_decref(out);
        out = NULL;
    }
    json_decref(speed);
    return out;
}

typedef struct lists {
    json_t *accelerators, *links; /* NULL once memory ran out */
} lists_t;

/* What is not there is no failure of who asks, so nothing is kept of it. */
static bool has_worked(cx_status_t status)
{
    if (status != CX_OK) {
        cx_detail_clear();
    }
    return status == CX_OK;
}

static const char *address_at(const json_t *cards, size_t index)
{
    const char *address =
        json_string_value(json_object_get(json_array_get(cards, index), "address"));

    return address ? address : "";
}

/* Each pair once: links are alike in both directions. `first` is where the device's cards begin. */
static void add_links(const cx_root_t *root, const cx_accelerators_t *all,
                      const cx_device_ops_t *ops, size_t first, lists_t *lists)
{
    int32_t count = (int32_t)(json_array_size(lists->accelerators) - first);

    for (int32_t from = 0; from < count && CX_DEVICE_HAS(ops, link); from++) {
        for (int32_t to = from + 1; to < count; to++) {
            const int32_t indices[2] = {from, to};
            cx_link_t     link;

            if (has_worked(ops->link(all->core, from, to, &link))) {
                fill_path(root, address_at(lists->accelerators, first + (size_t)from),
                          address_at(lists->accelerators, first + (size_t)to), &link);
                cx_value_append(&lists->links, describe_link(ops->name, indices, &link));
            }
        }
    }
}

static void add_device(const cx_root_t *root, const cx_accelerators_t *all,
                       const cx_device_ops_t *ops, lists_t *lists)
{
    size_t  first = json_array_size(lists->accelerators);
    int32_t count = 0;

    if (!CX_DEVICE_HAS(ops, card) || !has_worked(ops->probe(all->core, &count))) {
        return;
    }
    for (int32_t i = 0; i < count; i++) {
        cx_card_t card;

        if (!has_worked(ops->card(all->core, i, &card))) {
            break;
        }
        cx_value_append(&lists->accelerators, describe_card(root, ops->name, i, &card));
    }
    add_links(root, all, ops, first, lists);
}

json_t *cx_accelerators_describe(const cx_root_t *root, const cx_accelerators_t *accelerators)
{
    lists_t lists = {json_array(), json_array()};

    for (const cx_device_ops_t *const *at = accelerators->devices; at && *at; at++) {
        cx_patience_begin((*at)->name);
        add_device(root, accelerators, *at, &lists);
        cx_patience_end();
    }
    return json_pack("{s:o, s:o}", "accelerators", lists.accelerators, "links", lists.links);
}

/* ---- factors -------------------------------------------------------------------------------- */

static const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "unknown";
}

bool cx_accelerators_is_of(const json_t *one, const char *device, const char *index_key,
                           int64_t rank_count)
{
    return strcmp(text_at(one, "device"), device) == 0 &&
           json_integer_value(json_object_get(one, index_key)) < rank_count;
}

/* Adds to a list that is written as text. */
static void append(cx_text_t *out, const char *text)
{
    cx_text_format(out, "%s%s", out->length > 0 ? ", " : "", text);
}

static size_t count_alike(const json_t *list, const json_t *one, const char *key,
                          const char *device, int64_t rank_count, size_t end)
{
    size_t count = 0;

    for (size_t i = 0; i < end; i++) {
        const json_t *other = json_array_get(list, i);

        count += cx_accelerators_is_of(other, device, "index", rank_count) &&
                 strcmp(text_at(other, key), text_at(one, key)) == 0;
    }
    return count;
}

/* "2 x A, 1 x B", in the order of the first of each; one kind without its number if so wanted. */
static void count_texts(const json_t *list, const char *key, const char *device, int64_t rank_count,
                        bool is_counted, cx_text_t *out)
{
    const size_t size = json_array_size(list);

    for (size_t i = 0; i < size; i++) {
        const json_t *one = json_array_get(list, i);

        if (!cx_accelerators_is_of(one, device, "index", rank_count) ||
            count_alike(list, one, key, device, rank_count, i) > 0) {
            continue;
        }
        append(out, "");
        if (is_counted) {
            cx_text_format(out, "%zu x ", count_alike(list, one, key, device, rank_count, size));
        }
        cx_text_format(out, "%s", text_at(one, key));
    }
}

static void print_link(const json_t *link, char *out, size_t out_bytes)
{
    const char *kind      = text_at(link, "kind");
    json_int_t  lanes     = json_integer_value(json_object_get(link, "lane_count"));
    bool        is_of_pci = strcmp(kind, "pcie") == 0 || strcmp(kind, "system") == 0;

    if (is_of_pci) {
        (void)snprintf(out, out_bytes, "%s %s", kind, text_at(link, "path"));
    } else if (lanes > 0) {
        (void)snprintf(out, out_bytes, "%s x %lld", kind, (long long)lanes);
    } else {
        (void)snprintf(out, out_bytes, "%s", kind);
    }
}

/* Each kind of link once, in the order of its first. */
static void list_links(const json_t *links, const char *device, int64_t rank_count, cx_text_t *out)
{
    json_t *seen = json_object();
    size_t  i;
    json_t *link;

    json_array_foreach((json_t *)(uintptr_t)links, i, link)
    {
        char text[128];

        print_link(link, text, sizeof text);
        if (cx_accelerators_is_of(link, device, "to_index", rank_count) &&
            !json_object_get(seen, text)) {
            json_object_set_new(seen, text, json_true());
            append(out, text);
        }
    }
    json_decref(seen);
}

static void set_factor(json_t *environment, const char *name, cx_text_t *text)
{
    json_object_set_new(environment, name, json_stringn(text->bytes, text->length));
    cx_text_fini(text);
}

void cx_accelerators_set_factors(const json_t *description, const char *device, int64_t rank_count,
                                 json_t *environment)
{
    const json_t *cards = json_object_get(description, "accelerators");
    cx_text_t     models, links, partitions;

    cx_text_init(&models, FACTOR_LENGTH_MAX);
    cx_text_init(&links, FACTOR_LENGTH_MAX);
    cx_text_init(&partitions, FACTOR_LENGTH_MAX);
    count_texts(cards, "model", device, rank_count, true, &models);
    if (models.length == 0) {
        cx_text_fini(&models);
        return;
    }
    list_links(json_object_get(description, "links"), device, rank_count, &links);
    if (links.length == 0) {
        append(&links, rank_count > 1 ? "unknown" : "none");
    }
    count_texts(cards, "partition", device, rank_count, false, &partitions);
    set_factor(environment, "accelerators", &models);
    set_factor(environment, "accelerator_links", &links);
    set_factor(environment, "accelerator_partition", &partitions);
}

bool cx_accelerators_are_mixed(const json_t *description, const char *device, int64_t rank_count)
{
    const json_t *cards      = json_object_get(description, "accelerators");
    int           kind_count = 0;

    for (size_t i = 0; i < json_array_size(cards); i++) {
        const json_t *card = json_array_get(cards, i);

        kind_count += cx_accelerators_is_of(card, device, "index", rank_count) &&
                      count_alike(cards, card, "model", device, rank_count, i) == 0;
    }
    return kind_count > 1;
}
