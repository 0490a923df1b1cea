/* SPDX-License-Identifier: Apache-2.0 */
/* Tests what lies between two devices of PCI, on a tree of links as the kernel has them. */
#include "target/pci_path.h"

#include "tree.h"

#define BELOW_SWITCH "devices/pci0000:17/0000:17:01.0/0000:18:00.0/"

static char      tree[TREE_BYTES];
static cx_root_t root;

/* A device at the end of a chain, and what the system calls it. */
static void plant(const char *chain, const char *node)
{
    const char *address = strrchr(chain, '/') + 1;
    char        name[256], target[256];

    (void)snprintf(name, sizeof name, "sys/bus/pci/devices/%s", address);
    (void)snprintf(target, sizeof target, "../../../%s", chain);
    tree_link(tree, name, target);
    (void)snprintf(name, sizeof name, "sys/%s/numa_node", chain);
    tree_write(tree, name, node);
}

static int set_up(void **state)
{
    (void)state;
    tree_make(tree);
    plant(BELOW_SWITCH "0000:19:00.0/0000:1a:00.0", "0\n"); /* a GPU */
    plant(BELOW_SWITCH "0000:19:01.0/0000:1b:00.0", "0\n"); /* its network */
    plant(BELOW_SWITCH "0000:19:02.0/0000:1c:00.0/0000:1d:00.0/0000:1e:00.0", "0\n");
    plant("devices/pci0000:17/0000:17:05.0/0000:20:00.0", "0\n");
    plant("devices/pci0000:30/0000:30:01.0/0000:31:00.0", "0\n");
    plant("devices/pci0000:b0/0000:b0:01.0/0000:b1:00.0", "1\n");
    plant("devices/pci0000:c0/0000:c0:01.0/0000:c1:00.0", "-1\n");
    tree_link(tree, "sys/class/net/eth0",
              "../../devices/pci0000:30/0000:30:01.0/0000:31:00.0/virtio1/net/eth0");
    tree_link(tree, "sys/class/net/lo", "../../devices/virtual/net/lo");
    return cx_root_open(tree, &root) == CX_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    cx_root_close(&root);
    tree_remove(tree);
    return 0;
}

static const char *path_between(const char *from, const char *to)
{
    char           link[128];
    cx_pci_place_t places[2];
    const char    *found;

    (void)snprintf(link, sizeof link, "sys/bus/pci/devices/%s", from);
    assert_true(cx_pci_place_find(&root, link, &places[0]));
    (void)snprintf(link, sizeof link, "sys/bus/pci/devices/%s", to);
    assert_true(cx_pci_place_find(&root, link, &places[1]));
    found = cx_pci_path(&root, &places[0], &places[1]);
    assert_true(found == cx_pci_path(&root, &places[1], &places[0]));
    return found ? found : "unknown";
}

static void test_paths_are_named_as_everybody_names_them(void **state)
{
    static const struct {
        const char *to, *path;
    } rows[] = {
        {"0000:1b:00.0", "PIX"},  {"0000:1e:00.0", "PXB"}, {"0000:20:00.0", "PHB"},
        {"0000:31:00.0", "NODE"}, {"0000:b1:00.0", "SYS"}, {"0000:c1:00.0", "unknown"},
    };

    (void)state;
    for (int64_t i = 0; i < LENGTH(rows); i++) {
        assert_string_equal(path_between("0000:1a:00.0", rows[i].to), rows[i].path);
    }
}

static void test_a_place_is_the_device_behind_a_name(void **state)
{
    cx_pci_place_t place;

    (void)state;
    assert_true(cx_pci_place_find(&root, "sys/class/net/eth0", &place));
    assert_string_equal(place.address, "0000:31:00.0");
    assert_string_equal(place.chain, "pci0000:30/0000:30:01.0/0000:31:00.0");
    assert_false(cx_pci_place_find(&root, "sys/class/net/lo", &place));
    assert_false(cx_pci_place_find(&root, "sys/class/net/eth7", &place));
}

static void test_nearer_paths_rank_before_farther_ones(void **state)
{
    static const char *const paths[] = {"PIX", "PXB", "PHB", "NODE", "SYS", NULL};

    (void)state;
    for (int64_t i = 0; i < LENGTH(paths); i++) {
        assert_int_equal(cx_pci_path_rank(paths[i]), i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths_are_named_as_everybody_names_them),
        cmocka_unit_test(test_a_place_is_the_device_behind_a_name),
        cmocka_unit_test(test_nearer_paths_rank_before_farther_ones),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
