/* SPDX-License-Identifier: Apache-2.0 */
/* Small tables, from the keys of target/probe.h and of cmd_probe.c. */
#include "cli/probe_page.h"

#include "cli/numbers.h"
#include "cli/table.h"

#include <math.h>
#include <string.h>

#define TEXT_BYTES 512
#define GIB (1024.0 * 1024 * 1024)

typedef struct page {
    FILE             *out;
    const cx_style_t *style;
    cx_arena_t       *arena;
    const json_t     *document, *cards;
} page_t;

static const char *text_at(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static json_int_t int_at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_integer(value) ? json_integer_value(value) : -1;
}

static const json_t *part(const page_t *page, const char *name)
{
    return json_object_get(page->document, name);
}

static void put_title(const page_t *page, const char *title)
{
    (void)fprintf(page->out, "\n");
    cx_style_put(page->out, page->style, CX_MEANING_BOLD, title);
    (void)fprintf(page->out, "\n");
}

static cx_table_t begin_table(const page_t *page, const char *const *titles)
{
    cx_table_t table;

    cx_table_init(&table, page->style, page->arena);
    for (; *titles; titles++) {
        (void)cx_table_add_column(&table, (cx_column_t){.title = *titles});
    }
    return table;
}

static void put_cell(cx_table_t *table, int32_t column_index, const char *text)
{
    cx_table_set(table, column_index, CX_MEANING_PLAIN, text ? text : "unknown");
}

/* Memory is remembered in whole GiB: "23.5 GiB", "140 GiB", "1024 GiB". */
static const char *print_gib(json_int_t bytes, char *out, size_t out_bytes)
{
    double gib = (double)bytes / GIB;

    (void)snprintf(out, out_bytes, "%.*f GiB", gib < 100 ? 1 : 0, gib);
    return out;
}

/* ---- the host ------------------------------------------------------------------------------- */

static void put_host(const page_t *page)
{
    const json_t *cpu  = part(page, "cpu");
    const json_t *host = part(page, "host");
    char          text[TEXT_BYTES], memory[32], shown[TEXT_BYTES];

    (void)snprintf(text, sizeof text, "%s, %lld processors, NUMA nodes: %lld, %s, Linux %s%s",
                   text_at(cpu, "model") ? text_at(cpu, "model") : "unknown processor",
                   (long long)int_at(cpu, "thread_count"),
                   (long long)int_at(cpu, "numa_node_count"),
                   print_gib(int_at(part(page, "memory"), "total_bytes"), memory, sizeof memory),
                   text_at(host, "kernel") ? text_at(host, "kernel") : "unknown",
                   json_is_true(json_object_get(part(page, "virtualisation"), "is_virtual"))
                       ? ", a virtual machine"
                       : "");
    (void)fprintf(page->out, "%s\n", cx_style_clean(page->style, text, shown, sizeof shown));
}

/* ---- accelerators --------------------------------------------------------------------------- */

static const char *card_name(const json_t *card, char *out, size_t out_bytes)
{
    (void)snprintf(out, out_bytes, "%s %lld", text_at(card, "device"),
                   (long long)int_at(card, "index"));
    return out;
}

static const char *answer_at(const json_t *card, const char *key)
{
    const json_t *value = json_object_get(card, key);

    return json_is_boolean(value) ? (json_is_true(value) ? "yes" : "no") : NULL;
}

static void put_cards(const page_t *page)
{
    static const char *const titles[] = {"device",  "model",     "memory", "target",
                                         "address", "NUMA node", "ECC",    "persistent",
                                         "slices",  "driver",    NULL};
    cx_table_t               table    = begin_table(page, titles);
    size_t                   i;
    json_t                  *card;

    json_array_foreach((json_t *)(uintptr_t)page->cards, i, card)
    {
        char       name[64], memory[32], node[32];
        json_int_t bytes = int_at(card, "memory_bytes");

        (void)snprintf(node, sizeof node, "%lld", (long long)int_at(card, "numa_node_index"));
        cx_table_add_row(&table);
        put_cell(&table, 0, card_name(card, name, sizeof name));
        put_cell(&table, 1, text_at(card, "model"));
        put_cell(&table, 2, bytes > 0 ? print_gib(bytes, memory, sizeof memory) : NULL);
        put_cell(&table, 3, text_at(card, "architecture"));
        put_cell(&table, 4, text_at(card, "address"));
        put_cell(&table, 5, int_at(card, "numa_node_index") >= 0 ? node : NULL);
        put_cell(&table, 6, answer_at(card, "has_ecc"));
        put_cell(&table, 7, answer_at(card, "is_persistent"));
        put_cell(&table, 8, text_at(card, "partition"));
        put_cell(&table, 9, text_at(card, "driver"));
    }
    cx_table_print(page->out, &table);
}

/* "HBM3e 4800 GB/s", "NVLink 4 478 GB/s each way"; "unknown" where the registry has none. */
static const char *print_nominal(const json_t *rate, const char *ways, char *out, size_t out_bytes)
{
    double bytes_per_s = json_number_value(json_object_get(rate, "bytes_per_s"));
    char   number[CX_NUMBER_BYTES_MAX];

    if (!json_is_object(rate)) {
        return "unknown";
    }
    (void)snprintf(out, out_bytes, "%s %s GB/s%s", text_at(rate, "name"),
                   cx_number_print_rate(bytes_per_s, number, sizeof number), ways);
    return out;
}

/* A line that was not there before. */
static void put_once(const page_t *page, const char *text, json_t *seen)
{
    char shown[TEXT_BYTES];

    if (!json_object_get(seen, text)) {
        json_object_set_new(seen, text, json_true());
        (void)fprintf(page->out, "%s\n", cx_style_clean(page->style, text, shown, sizeof shown));
    }
}

/* What cards are built for, a line for each model. */
static void put_nominal(const page_t *page)
{
    json_t *seen = json_object();
    size_t  i;
    json_t *card;

    json_array_foreach((json_t *)(uintptr_t)page->cards, i, card)
    {
        const json_t *memory = json_object_get(card, "memory_nominal");
        const json_t *peer   = json_object_get(card, "peer_nominal");
        const char   *model  = text_at(card, "model");
        char          text[TEXT_BYTES], rates[2][96];

        (void)snprintf(text, sizeof text, "%s, nominal: memory %s, links %s",
                       model ? model : "unknown",
                       print_nominal(memory, "", rates[0], sizeof rates[0]),
                       print_nominal(peer, " each way", rates[1], sizeof rates[1]));
        put_once(page, text, seen);
    }
    json_decref(seen);
}

/* ---- links ---------------------------------------------------------------------------------- */

/* The link of two cards of one device, in either direction; NULL: there is none. */
static const json_t *find_link(const page_t *page, const json_t *a, const json_t *b)
{
    json_int_t from = int_at(a, "index"), to = int_at(b, "index");
    size_t     i;
    json_t    *link;

    json_array_foreach(part(page, "links"), i, link)
    {
        const json_int_t low = int_at(link, "from_index"), high = int_at(link, "to_index");

        if (json_equal(json_object_get(link, "device"), json_object_get(a, "device")) &&
            json_equal(json_object_get(link, "device"), json_object_get(b, "device")) &&
            ((low == from && high == to) || (low == to && high == from))) {
            return link;
        }
    }
    return NULL;
}

/* NV18, XGMI2, PIX: as nvidia-smi has them, and rocm-smi. */
static const char *link_name(const json_t *link, char *out, size_t out_bytes)
{
    const char *kind        = text_at(link, "kind");
    const char *path        = text_at(link, "path");
    json_int_t  lanes       = int_at(link, "lane_count");
    bool        is_own_link = kind && (strcmp(kind, "nvlink") == 0 || strcmp(kind, "xgmi") == 0);

    if (!is_own_link) {
        (void)snprintf(out, out_bytes, "%s", !kind ? "?" : path ? path : "PCIe");
    } else if (lanes > 0) {
        (void)snprintf(out, out_bytes, "%s%lld", kind[0] == 'n' ? "NV" : "XGMI", (long long)lanes);
    } else {
        (void)snprintf(out, out_bytes, "%s", kind[0] == 'n' ? "NV?" : "XGMI");
    }
    return out;
}

/* "mlx5_0 PIX, mlx5_1 PIX" */
static const char *nearest_network(const json_t *card, char *out, size_t out_bytes)
{
    size_t  used = 0, i;
    json_t *nic;

    out[0] = '\0';
    json_array_foreach(json_object_get(card, "nics"), i, nic)
    {
        if (used + 1 < out_bytes) {
            used += (size_t)snprintf(out + used, out_bytes - used, "%s%s %s", used ? ", " : "",
                                     text_at(nic, "name"), text_at(nic, "path"));
        }
    }
    return out;
}

static void put_matrix(const page_t *page)
{
    cx_table_t table;
    size_t     i, k;
    json_t    *card, *other;
    char       text[TEXT_BYTES];
    int32_t    network_column;

    cx_table_init(&table, page->style, page->arena);
    (void)cx_table_add_column(&table, (cx_column_t){.title = ""});
    json_array_foreach((json_t *)(uintptr_t)page->cards, i, card)
    {
        const char *title = cx_arena_text(page->arena, card_name(card, text, sizeof text));

        if (i + 3 <= CX_TABLE_COLUMNS_MAX) {
            (void)cx_table_add_column(&table, (cx_column_t){.title = title ? title : ""});
        }
    }
    network_column = cx_table_add_column(&table, (cx_column_t){.title = "nearest network"});
    json_array_foreach((json_t *)(uintptr_t)page->cards, i, card)
    {
        cx_table_add_row(&table);
        put_cell(&table, 0, card_name(card, text, sizeof text));
        json_array_foreach((json_t *)(uintptr_t)page->cards, k, other)
        {
            const json_t *link = i == k ? NULL : find_link(page, card, other);

            if ((int32_t)k + 1 < network_column) {
                put_cell(&table, (int32_t)k + 1,
                         i == k ? "X"
                         : link ? link_name(link, text, sizeof text)
                                : "-");
            }
        }
        put_cell(&table, network_column, nearest_network(card, text, sizeof text));
    }
    cx_table_print(page->out, &table);
}

/* What the names stand for, of those that may be shown. */
static void put_legend(const page_t *page)
{
    static const char text[] =
        "NV# and XGMI#: that many lanes of NVLink or xGMI. PIX: through at most one PCIe switch, "
        "PXB: several, PHB: a host bridge, NODE: host bridges of one NUMA node, SYS: of two. "
        "?: the driver does not say.";

    cx_style_wrap(page->out, page->style, CX_MEANING_DIM, 0, 0, text);
}

static const char *reach(const json_t *link, const char *key)
{
    const char *text = text_at(link, key);

    return text ? text : "unknown";
}

/* What the driver says, or else what the registry does; 0 unknown. */
static double link_speed(const json_t *link)
{
    const json_t *said = json_object_get(link, "bytes_per_s");

    return json_number_value(
        json_is_number(said) ? said
                             : json_object_get(json_object_get(link, "nominal"), "bytes_per_s"));
}

/* A line for each kind of link, by its first pair. */
static void put_link_kinds(const page_t *page)
{
    json_t *seen = json_object();
    size_t  i;
    json_t *link;

    json_array_foreach(part(page, "links"), i, link)
    {
        char   name[64], text[TEXT_BYTES], number[CX_NUMBER_BYTES_MAX];
        double bytes_per_s = link_speed(link);

        (void)snprintf(text, sizeof text, "%s: %s%s; read %s, write %s, atomics %s",
                       link_name(link, name, sizeof name),
                       bytes_per_s > 0 ? cx_number_print_rate(bytes_per_s, number, sizeof number)
                                       : "unknown speed",
                       bytes_per_s > 0 ? " GB/s each way, nominal" : "", reach(link, "read"),
                       reach(link, "write"), reach(link, "atomics"));
        put_once(page, text, seen);
    }
    json_decref(seen);
}

static void put_accelerators(const page_t *page)
{
    put_title(page, "accelerators");
    if (json_array_size(page->cards) == 0) {
        (void)fprintf(page->out, "none is seen; why is below\n");
        return;
    }
    put_cards(page);
    put_nominal(page);
    if (json_array_size(page->cards) > 1) {
        put_title(page, "links");
        put_matrix(page);
        put_link_kinds(page);
        put_legend(page);
    }
}

/* ---- networks ------------------------------------------------------------------------------- */

static void put_networks(const page_t *page)
{
    static const char *const titles[] = {"network", "kind", "speed", "state", NULL};
    cx_table_t               table    = begin_table(page, titles);
    size_t                   i;
    json_t                  *one;

    json_array_foreach(part(page, "infiniband"), i, one)
    {
        char name[128];

        (void)snprintf(name, sizeof name, "%s port %lld", text_at(one, "name"),
                       (long long)int_at(one, "port_index"));
        cx_table_add_row(&table);
        put_cell(&table, 0, name);
        put_cell(&table, 1, text_at(one, "link_layer"));
        put_cell(&table, 2, text_at(one, "rate"));
        put_cell(&table, 3, text_at(one, "state"));
    }
    json_array_foreach(part(page, "nics"), i, one)
    {
        char speed[64];

        (void)snprintf(speed, sizeof speed, "%g Gb/s",
                       (double)int_at(one, "speed_mbit_per_s") / 1e3);
        cx_table_add_row(&table);
        put_cell(&table, 0, text_at(one, "name"));
        put_cell(&table, 1, text_at(one, "driver"));
        put_cell(&table, 2, int_at(one, "speed_mbit_per_s") > 0 ? speed : NULL);
        put_cell(&table, 3, text_at(one, "state"));
    }
    (void)fprintf(page->out, "\n");
    cx_table_print(page->out, &table);
}

/* ---- what is there, and what is not --------------------------------------------------------- */

/* One entry of `devices` or `backends`, where its being usable is `is_usable`. */
static void put_entries(const page_t *page, const char *list, bool is_usable, cx_table_t *table)
{
    size_t  i;
    json_t *entry;

    json_array_foreach(part(page, list), i, entry)
    {
        const char *version = text_at(entry, "library_version");
        char        text[TEXT_BYTES];

        if (json_is_true(json_object_get(entry, "is_usable")) != is_usable) {
            continue;
        }
        (void)snprintf(text, sizeof text, "%s%s%s%s%s", text_at(entry, "summary"),
                       version ? "; " : "", version ? version : "", version ? " of " : "",
                       version ? text_at(entry, "library_path") : "");
        cx_table_add_row(table);
        put_cell(table, 0, text_at(entry, "name"));
        put_cell(table, 1, is_usable ? text : text_at(entry, "reason"));
    }
}

static void put_usable(const page_t *page, const char *list, const char *title, bool is_usable)
{
    const char *const titles[] = {title, "", NULL};
    cx_table_t        table    = begin_table(page, titles);

    put_entries(page, list, is_usable, &table);
    if (!is_usable) {
        put_entries(page, "backends", false, &table);
    }
    if (table.row_count > 0) {
        (void)fprintf(page->out, "\n");
        cx_table_print(page->out, &table);
    }
}

void cx_probe_print(FILE *out, const cx_style_t *style, cx_arena_t *arena, const json_t *document)
{
    page_t page = {.out      = out,
                   .style    = style,
                   .arena    = arena,
                   .document = document,
                   .cards    = json_object_get(document, "accelerators")};

    put_host(&page);
    put_accelerators(&page);
    put_networks(&page);
    put_usable(&page, "devices", "devices", true);
    put_usable(&page, "backends", "backends", true);
    put_usable(&page, "devices", "missing", false);
}
