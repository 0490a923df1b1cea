/* SPDX-License-Identifier: Apache-2.0 */
/* What accelerators are built for: which model is which, what a registry must be, and the bound of
 * a record. */
#include "run/bounds.h"

#include "base/file.h"
#include "run/catalog.h"
#include "support/arena.h"
#include "support/expect.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

static json_t *load(const char *text)
{
    json_error_t error;
    json_t      *document = json_loads(text, 0, &error);

    if (!document) {
        fail_msg("column %d: %s", error.column, error.text);
    }
    return document;
}

/* Rate of an object at a key in GB/s; -1: null. */
static double rate_at(const json_t *list, size_t index, const char *key)
{
    const json_t *rate = json_object_get(json_array_get(list, index), key);

    assert_non_null(rate);
    return json_is_null(rate) ? -1 : json_number_value(json_object_get(rate, "bytes_per_s")) / 1e9;
}

static void test_a_model_is_known_by_whole_words(void **state)
{
    static const struct {
        const char *model;
        double      memory, peer;
    } rows[] = {
        {"NVIDIA H200", 4800, 478.116},
        {"NVIDIA H200 NVL", 4800, 478.116},
        {"NVIDIA GH200 480GB", -1, -1},
        {"NVIDIA H2000", -1, -1},
        {"NVIDIA H100 80GB HBM3", 3350, 478.116},
        {"NVIDIA H100 PCIe", 2000, -1},
        {"NVIDIA H100", -1, -1},
        {"NVIDIA A100-SXM4-40GB", 1555, 300},
        {"NVIDIA B200", 8000, 900},
        {"AMD Instinct MI300X", 5300, 448},
        {"AMD Instinct MI300X OAM", 5300, 448},
        {"", -1, -1},
    };

    (void)state;
    for (int64_t i = 0; i < LENGTH(rows); i++) {
        json_t *description = json_pack("{s:[{s:s, s:s, s:i}], s:[]}", "accelerators", "model",
                                        rows[i].model, "device", "cuda", "index", 0, "links");
        const json_t *cards = json_object_get(description, "accelerators");

        EXPECT_OK(cx_bounds_add(description, &arena));
        assert_true(fabs(rate_at(cards, 0, "memory_nominal") - rows[i].memory) < 1e-6);
        assert_true(fabs(rate_at(cards, 0, "peer_nominal") - rows[i].peer) < 1e-6);
        json_decref(description);
    }
}

#define CARD(index, model, more) \
    "{\"device\": \"cuda\", \"index\": " index ", \"model\": " model more "}"
#define LINK(to, kind, lanes)                                                                \
    "{\"device\": \"cuda\", \"from_index\": 0, \"to_index\": " to ", \"kind\": \"" kind "\"" \
    ", \"lane_count\": " lanes "}"

static void test_a_link_has_what_its_lanes_have(void **state)
{
    static const double wanted[] = {478.116, 106.248, -1, -1, -1};
    json_t             *description =
        load("{\"accelerators\": [" CARD("0", "\"NVIDIA H200\"", "") "], \"links\": [" LINK(
            "1", "nvlink", "18") "," LINK("2", "nvlink",
                                          "4") "," LINK("3", "nvlink",
                                                        "null") "," LINK("4", "pcie",
                                                                         "16") "," LINK("5", "xgmi",
                                                                                        "2") "]}");

    (void)state;
    EXPECT_OK(cx_bounds_add(description, &arena));
    for (size_t i = 0; i < 5; i++) {
        double rate = rate_at(json_object_get(description, "links"), i, "nominal");

        assert_true(fabs(rate - wanted[i]) < 1e-6);
    }
    json_decref(description);
}

static void test_a_machine_without_accelerators_gets_nothing(void **state)
{
    json_t *description = load("{\"accelerators\": [], \"links\": []}");
    json_t *other       = load("{}");

    (void)state;
    EXPECT_OK(cx_bounds_add(description, &arena));
    EXPECT_OK(cx_bounds_add(other, &arena));
    assert_int_equal(json_object_size(other), 0);
    json_decref(description);
    json_decref(other);
}

/* Both members of a record's limits in GB/s; -1: null. */
static void expect_limits(const char *text, int64_t rank_count, double link, double memory)
{
    static const char *const keys[] = {"link_nominal_bytes_per_s", "memory_nominal_bytes_per_s"};
    json_t                  *description = text ? load(text) : NULL;
    json_t                  *limits      = json_object();

    if (description) {
        EXPECT_OK(cx_bounds_add(description, &arena));
    }
    cx_bounds_set(description, "cuda", rank_count, limits);
    for (int i = 0; i < 2; i++) {
        const json_t *value  = json_object_get(limits, keys[i]);
        double        wanted = i == 0 ? link : memory;

        assert_non_null(value);
        assert_true(json_is_null(value) ? wanted < 0
                                        : fabs(json_number_value(value) / 1e9 - wanted) < 1e-6);
    }
    json_decref(limits);
    json_decref(description);
}

static void test_a_record_has_the_highest_of_its_ranks_or_none(void **state)
{
    (void)state;
#define H200 "\"NVIDIA H200\""
#define H100 "\"NVIDIA H100 80GB HBM3\""
#define LINKS "\"links\": [" LINK("1", "nvlink", "18") "," LINK("2", "pcie", "16") "]}"
    static const char three[] = "{\"accelerators\": [" CARD("0", H100, "") "," CARD(
        "1", H200, "") "," CARD("2", "null", "") "], " LINKS;

    expect_limits(three, 2, 478.116, 4800);
    expect_limits(three, 1, -1, 3350); /* alone there is no link */
    expect_limits(three, 3, -1, -1);   /* one that is not known may be faster */
    expect_limits("{\"accelerators\": [" CARD("0", H200, ", \"is_slice\": true") "], " LINKS, 2, -1,
                  -1);
    expect_limits("{\"accelerators\": [{\"device\": \"hip\", \"index\": 0, \"model\": " H200
                  "}], \"links\": []}",
                  2, -1, -1);
    expect_limits(NULL, 2, -1, -1);
}

#define BOUND(model, rate, more)                                                   \
    "{\"bounds\": [{\"name\": \"N\", \"kind\": \"memory\", \"model\": " model more \
    ", \"bytes_per_s\": " rate ", \"source\": \"a test\"}]}"

static void test_a_registry_that_is_none_is_refused(void **state)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"{\"bounds\": [", "bounds.json:1"},
        {"{}", "expected {\"bounds\": [...]}"},
        {"{\"bounds\": [1]}", "bound 0: Expected object"},
        {BOUND("\"M\"", "\"fast\"", ""), "bound 0: Expected real or integer"},
        {BOUND("\"M\"", "1", ", \"speed\": 1"), "bound 0: 1 object item(s) left unpacked: speed"},
        {BOUND("\"M\"", "0", ""), "bound 0: needs a model, and a rate and lanes above 0"},
        {BOUND("\"M\"", "1", ", \"lane_count\": 0"), "bound 0: needs a model"},
        {BOUND("\"\"", "1", ""), "bound 0: needs a model"},
    };
    char        folder[] = "/tmp/collectivex-bounds-XXXXXX";
    char        usual[4096];
    json_t     *description = json_object();
    const char *path;

    (void)state;
    (void)snprintf(usual, sizeof usual, "%s", cx_registry_folder(&arena));
    assert_non_null(mkdtemp(folder));
    path = cx_arena_format(&arena, "%s/bounds.json", folder);
    assert_int_equal(setenv("CX_REGISTRY", folder, 1), 0);
    EXPECT_FAIL(CX_INVALID, "bounds.json", cx_bounds_add(description, &arena));
    for (int64_t i = 0; i < LENGTH(rows); i++) {
        EXPECT_OK(cx_file_write(path, rows[i].text, strlen(rows[i].text)));
        EXPECT_FAIL(CX_INVALID, rows[i].words, cx_bounds_add(description, &arena));
    }
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(setenv("CX_REGISTRY", usual, 1), 0);
    json_decref(description);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_model_is_known_by_whole_words),
        cmocka_unit_test(test_a_link_has_what_its_lanes_have),
        cmocka_unit_test(test_a_machine_without_accelerators_gets_nothing),
        cmocka_unit_test(test_a_record_has_the_highest_of_its_ranks_or_none),
        cmocka_unit_test(test_a_registry_that_is_none_is_refused),
    };

    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
