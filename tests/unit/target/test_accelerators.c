/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the accelerators as JSON and as factors of the comparison key, of a plugin that says what a
 * test wants. */
#include "target/accelerators.h"

#include "tree.h"

#include "base/fail.h"
#include "collectivex/card.h"

#include <math.h>

static struct {
    int32_t     count;
    cx_card_t   cards[4];
    cx_link_t   link;
    cx_status_t link_status;
} scene;

static cx_status_t scene_probe(const cx_core_t *core, int32_t *count)
{
    (void)core;
    if (scene.count == 0) {
        return CX_FAIL(CX_UNSUPPORTED, "none");
    }
    *count = scene.count;
    return CX_OK;
}

static cx_status_t scene_card(const cx_core_t *core, int32_t index, struct cx_card *out)
{
    (void)core;
    *out = scene.cards[index];
    return CX_OK;
}

static cx_status_t scene_link(const cx_core_t *core, int32_t from, int32_t to, struct cx_link *out)
{
    (void)core;
    assert_true(from < to);
    *out = scene.link;
    return scene.link_status == CX_OK ? CX_OK : CX_FAIL(scene.link_status, "no link");
}

static const cx_device_ops_t device   = {.struct_size = sizeof device,
                                         .name        = "test",
                                         .probe       = scene_probe,
                                         .card        = scene_card,
                                         .link        = scene_link};
static const cx_device_ops_t cardless = {.struct_size = sizeof cardless, .name = "cardless"};

static void set_scene(int32_t count, const char *model)
{
    memset(&scene, 0, sizeof scene);
    scene.count            = count;
    scene.link.bytes_per_s = (double)NAN;
    for (int32_t i = 0; i < 4; i++) {
        scene.cards[i].numa_node_index = -1;
        (void)snprintf(scene.cards[i].model, sizeof scene.cards[i].model, "%s", model);
    }
}

static json_t *describe(const char *tree)
{
    const cx_device_ops_t *const devices[] = {&cardless, &device, NULL};
    cx_root_t                    root;
    json_t                      *out;

    assert_int_equal(cx_root_open(tree, &root), CX_OK);
    out = cx_accelerators_describe(&root, &(cx_accelerators_t){devices, NULL});
    cx_root_close(&root);
    assert_non_null(out);
    assert_int_equal(cx_detail()->status, CX_OK);
    return out;
}

static const char *factor(const json_t *description, int64_t rank_count, const char *name)
{
    static char text[256];
    json_t     *environment = json_object();
    const char *value;

    cx_accelerators_set_factors(description, "test", rank_count, environment);
    value = json_string_value(json_object_get(environment, name));
    (void)snprintf(text, sizeof text, "%s", value ? value : "absent");
    json_decref(environment);
    return text;
}

static void test_what_is_unknown_is_null(void **state)
{
    static const char *const keys[] = {"uuid",         "address",         "partition",
                                       "memory_bytes", "numa_node_index", "has_ecc"};
    json_t                  *out;

    (void)state;
    set_scene(2, "A");
    out = describe("/");
    for (int64_t i = 0; i < LENGTH(keys); i++) {
        const json_t *card = json_array_get(json_object_get(out, "accelerators"), 1);

        assert_true(json_is_null(json_object_get(card, keys[i])));
    }
    assert_true(json_is_null(
        json_object_get(json_array_get(json_object_get(out, "links"), 0), "bytes_per_s")));
    assert_string_equal(factor(out, 2, "accelerator_links"), "unknown");
    assert_string_equal(factor(out, 2, "accelerator_partition"), "unknown");
    json_decref(out);
}

static void test_each_pair_is_listed_once(void **state)
{
    json_t *out;

    (void)state;
    set_scene(4, "A");
    out = describe("/");
    assert_int_equal(json_array_size(json_object_get(out, "accelerators")), 4);
    assert_int_equal(json_array_size(json_object_get(out, "links")), 6);
    json_decref(out);
    scene.link_status = CX_DEVICE;
    out               = describe("/");
    assert_int_equal(json_array_size(json_object_get(out, "links")), 0);
    json_decref(out);
    set_scene(0, "A");
    out = describe("/");
    assert_int_equal(json_array_size(json_object_get(out, "accelerators")), 0);
    json_decref(out);
}

static void test_factors_are_of_the_ranks_devices(void **state)
{
    static const struct {
        const char *kind, *path;
        int32_t     lane_count;
        const char *factor;
    } links[] = {{"nvlink", "SYS", 18, "nvlink x 18"},
                 {"nvlink", "SYS", 0, "nvlink"},
                 {"xgmi", "", 4, "xgmi x 4"},
                 {"pcie", "PIX", 16, "pcie PIX"},
                 {"system", "NODE", 16, "system NODE"},
                 {"pcie", "", 0, "pcie unknown"},
                 {"", "PIX", 0, "unknown"}};
    json_t *out;

    (void)state;
    for (int64_t i = 0; i < LENGTH(links); i++) {
        set_scene(4, "A");
        (void)snprintf(scene.link.kind, sizeof scene.link.kind, "%s", links[i].kind);
        (void)snprintf(scene.link.path, sizeof scene.link.path, "%s", links[i].path);
        scene.link.lane_count = links[i].lane_count;
        (void)snprintf(scene.cards[0].partition, sizeof scene.cards[0].partition, "none");
        (void)snprintf(scene.cards[1].partition, sizeof scene.cards[1].partition, "mig");
        out = describe("/");
        assert_string_equal(factor(out, 2, "accelerator_links"), links[i].factor);
        assert_string_equal(factor(out, 2, "accelerators"), "2 x A");
        assert_string_equal(factor(out, 2, "accelerator_partition"), "none, mig");
        assert_string_equal(factor(out, 1, "accelerator_partition"), "none");
        assert_string_equal(factor(out, 1, "accelerator_links"), "none");
        assert_string_equal(factor(out, 0, "accelerators"), "absent");
        json_decref(out);
    }
    assert_string_equal(factor(NULL, 2, "accelerators"), "absent");
}

static void test_mixed_is_what_ranks_have_and_not_what_is_there(void **state)
{
    json_t *out;

    (void)state;
    set_scene(4, "A");
    (void)snprintf(scene.cards[2].model, sizeof scene.cards[2].model, "B, large");
    out = describe("/");
    assert_false(cx_accelerators_are_mixed(out, "test", 2));
    assert_true(cx_accelerators_are_mixed(out, "test", 3));
    assert_false(cx_accelerators_are_mixed(out, "other", 3));
    assert_false(cx_accelerators_are_mixed(NULL, "test", 3));
    assert_string_equal(factor(out, 4, "accelerators"), "3 x A, 1 x B, large");
    json_decref(out);
}

#define CHAIN "devices/pci0000:17/0000:17:01.0/"

static void test_the_nearest_network_and_paths_come_from_the_kernel(void **state)
{
    char    tree[TREE_BYTES];
    json_t *out, *card, *nics;

    (void)state;
    tree_make(tree);
    tree_link(tree, "sys/bus/pci/devices/0000:19:00.0",
              "../../../" CHAIN "0000:18:00.0/0000:19:00.0");
    tree_link(tree, "sys/bus/pci/devices/0000:20:00.0",
              "../../../devices/pci0000:17/0000:17:05.0/0000:20:00.0");
    tree_link(tree, "sys/class/infiniband/mlx5_0",
              "../../" CHAIN "0000:18:01.0/0000:1a:00.0/infiniband/mlx5_0");
    tree_link(tree, "sys/class/net/ib0", "../../" CHAIN "0000:18:01.0/0000:1a:00.0/net/ib0");
    tree_link(tree, "sys/class/net/eth0",
              "../../devices/pci0000:17/0000:17:07.0/0000:21:00.0/net/eth0");
    set_scene(2, "A");
    (void)snprintf(scene.cards[0].address, sizeof scene.cards[0].address, "0000:19:00.0");
    (void)snprintf(scene.cards[1].address, sizeof scene.cards[1].address, "0000:20:00.0");
    out  = describe(tree);
    card = json_array_get(json_object_get(out, "accelerators"), 0);
    nics = json_object_get(card, "nics");
    assert_int_equal(json_array_size(nics), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(nics, 0), "name")),
                        "mlx5_0");
    assert_string_equal(json_string_value(json_object_get(json_array_get(nics, 0), "path")), "PIX");
    card = json_array_get(json_object_get(out, "accelerators"), 1);
    assert_int_equal(json_array_size(json_object_get(card, "nics")), 2); /* both as far away */
    assert_string_equal(json_string_value(json_object_get(
                            json_array_get(json_object_get(out, "links"), 0), "path")),
                        "PHB");
    json_decref(out);
    tree_remove(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_unknown_is_null),
        cmocka_unit_test(test_each_pair_is_listed_once),
        cmocka_unit_test(test_factors_are_of_the_ranks_devices),
        cmocka_unit_test(test_mixed_is_what_ranks_have_and_not_what_is_there),
        cmocka_unit_test(test_the_nearest_network_and_paths_come_from_the_kernel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
