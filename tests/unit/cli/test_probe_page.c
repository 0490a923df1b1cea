/* SPDX-License-Identifier: Apache-2.0 */
/* Tests what a terminal shows of a machine: names of links, what is unknown, what is missing. */
#include "cli/probe_page.h"

#include "support/expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *print(const char *document_text)
{
    json_error_t     error;
    json_t          *document = json_loads(document_text, 0, &error);
    const cx_style_t style    = {.is_utf8 = true, .column_count = 200};
    char            *text     = NULL;
    size_t           bytes    = 0;
    FILE            *out      = open_memstream(&text, &bytes);
    cx_arena_t       arena;

    if (!document) {
        fail_msg("line %d: %s", error.line, error.text);
    }
    assert_non_null(out);
    cx_arena_init(&arena);
    cx_probe_print(out, &style, &arena, document);
    cx_arena_fini(&arena);
    (void)fclose(out);
    json_decref(document);
    return text;
}

static void expect_text(const char *document_text, const char *const *wanted)
{
    char *text = print(document_text);

    for (; *wanted; wanted++) {
        if (!strstr(text, *wanted)) {
            fail_msg("no \"%s\" in:\n%s", *wanted, text);
        }
    }
    free(text);
}

#define HOST                                                                         \
    "\"cpu\": {\"model\": \"EPYC\", \"thread_count\": 64, \"numa_node_count\": 2},"  \
    "\"host\": {\"kernel\": \"6.1\"}, \"memory\": {\"total_bytes\": 1099511627776}," \
    "\"virtualisation\": {\"is_virtual\": true},"
#define CARD(device, index, rest) \
    "{\"device\": \"" device "\", \"index\": " index ", \"model\": \"M\", \"nics\": [" rest "]}"
#define LINK(device, kind, path, lanes, speed)                                         \
    "{\"device\": \"" device "\", \"from_index\": 0, \"to_index\": 1, \"kind\": " kind \
    ", \"path\": " path ", \"lane_count\": " lanes ", \"bytes_per_s\": " speed         \
    ", \"read\": \"ok\"}"

static void test_a_machine_with_two_kinds_of_accelerators(void **state)
{
    static const char *const wanted[] = {
        "EPYC, 64 processors, NUMA nodes: 2, 1024 GiB, Linux 6.1, a virtual machine\n",
        "device  model  memory   target",
        "cuda 0  M      unknown  unknown",
        "       cuda 0  cuda 1  hip 0  hip 1  nearest network\n",
        "cuda 0 X       NV18    -      -      mlx5_0 PIX, mlx5_1 PIX\n",
        "cuda 1 NV18    X       -      -\n",
        "hip 0  -       -       X      ?\n",
        "NV18: 478 GB/s each way, nominal; read ok, write unknown, atomics unknown\n",
        "?: unknown speed; read ok, write unknown, atomics unknown\n",
        "PHB: a host bridge",
        NULL};

    (void)state;
    expect_text(
        "{" HOST "\"accelerators\": [" CARD(
            "cuda", "0",
            "{\"name\": \"mlx5_0\", \"path\": \"PIX\"}, {\"name\": \"mlx5_1\", \"path\": "
            "\"PIX\"}") "," CARD("cuda", "1",
                                 "") "," CARD("hip", "0",
                                              "") "," CARD("hip", "1",
                                                           "") "], \"links\": [" LINK("cuda",
                                                                                      "\"nvlink\"",
                                                                                      "\"SYS\"",
                                                                                      "18",
                                                                                      "47811600000"
                                                                                      "0") "," LINK("hip",
                                                                                                    "null",
                                                                                                    "null",
                                                                                                    "null",
                                                                                                    "null") "]}",
        wanted);
}

static void test_names_of_links(void **state)
{
    static const struct {
        const char *link, *wanted[2];
    } rows[] = {
        {LINK("cuda", "\"nvlink\"", "\"SYS\"", "null", "null"), {"\nNV?: unknown speed"}},
        {LINK("cuda", "\"xgmi\"", "null", "2", "1e11"), {"\nXGMI2: 100 GB/s"}},
        {LINK("cuda", "\"xgmi\"", "null", "null", "null"), {"\nXGMI: unknown"}},
        {LINK("cuda", "\"pcie\"", "\"PXB\"", "16", "63e9"), {"\nPXB: 63.0 GB/s"}},
        {LINK("cuda", "\"pcie\"", "null", "null", "null"), {"\nPCIe: unknown"}},
        {LINK("cuda", "\"system\"", "\"SYS\"", "16", "null"), {"\nSYS: unknown"}},
    };
    char text[2048];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(text, sizeof text,
                       "{" HOST "\"accelerators\": [" CARD("cuda", "0", "") "," CARD(
                           "cuda", "1", "") "], \"links\": [%s]}",
                       rows[i].link);
        expect_text(text, rows[i].wanted);
    }
}

/* Two cards of model A, one of B, one that has no name. */
static void test_what_cards_and_links_are_built_for(void **state)
{
    static const char *const wanted[] = {
        "\nA, nominal: memory HBM3e 4800 GB/s, links NVLink 4 478 GB/s each way\n"
        "B, nominal: memory HBM2 1560 GB/s, links unknown\n"
        "unknown, nominal: memory unknown, links unknown\n\nlinks\n",
        "\nNV4: 106 GB/s each way, nominal; read unknown", NULL};
    static const char known[] =
        "\"memory_nominal\": {\"name\": \"HBM3e\", \"bytes_per_s\": 4.8e12}, "
        "\"peer_nominal\": {\"name\": \"NVLink 4\", \"bytes_per_s\": 478116000000}";
    static const char half_known[] =
        "\"memory_nominal\": {\"name\": \"HBM2\", \"bytes_per_s\": 1555e9}, "
        "\"peer_nominal\": null";
    static const char link[] =
        "{\"device\": \"cuda\", \"from_index\": 0, \"to_index\": 1, \"kind\": \"nvlink\","
        "\"lane_count\": 4, \"bytes_per_s\": null,"
        "\"nominal\": {\"name\": \"NVLink 4\", \"bytes_per_s\": 106248000000}}";
    char text[2048];

    (void)state;
    (void)snprintf(text, sizeof text,
                   "{" HOST "\"accelerators\": ["
                   "{\"device\": \"cuda\", \"index\": 0, \"model\": \"A\", %s},"
                   "{\"device\": \"cuda\", \"index\": 1, \"model\": \"A\", %s},"
                   "{\"device\": \"cuda\", \"index\": 2, \"model\": \"B\", %s},"
                   "{\"device\": \"cuda\", \"index\": 3, \"model\": null}],"
                   "\"links\": [%s]}",
                   known, known, half_known, link);
    expect_text(text, wanted);
}

static void test_what_is_missing_comes_with_its_reason(void **state)
{
    static const char *const wanted[] = {
        "none is seen; why is below\n",
        "devices\nhost     the CPU\n",
        "backends\nnccl      NCCL; 2.28 of /lib/nccl\n",
        "missing\ncuda     no driver: install it\nmpi      not built\n",
        "eth0     virtio  100 Gb/s",
        NULL};

    (void)state;
    expect_text(
        "{" HOST "\"accelerators\": [], \"links\": [],"
        "\"nics\": [{\"name\": \"eth0\", \"driver\": \"virtio\", \"speed_mbit_per_s\": 100000}],"
        "\"devices\": [{\"name\": \"host\", \"is_usable\": true, \"summary\": \"the CPU\"},"
        "{\"name\": \"cuda\", \"is_usable\": false, \"reason\": \"no driver: install it\"}],"
        "\"backends\": [{\"name\": \"nccl\", \"is_usable\": true, \"summary\": \"NCCL\","
        "\"library_version\": \"2.28\", \"library_path\": \"/lib/nccl\"},"
        "{\"name\": \"mpi\", \"is_usable\": false, \"reason\": \"not built\"}]}",
        wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_machine_with_two_kinds_of_accelerators),
        cmocka_unit_test(test_names_of_links),
        cmocka_unit_test(test_what_cards_and_links_are_built_for),
        cmocka_unit_test(test_what_is_missing_comes_with_its_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
