/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of Slurm's host and task lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "peers/env_slurm.h"

static void first_host_of_a_list(void **state)
{
    static const struct {
        const char *list, *host; /* NULL: malformed */
    } rows[] = {
        {"node[01-04,7],x9", "node01"},
        {"x9", "x9"},
        {"x9,y[1-2]", "x9"},
        {"node[7]", "node7"},
        {"node[007-100]", "node007"},
        {"rack[1-2]node[03,05]-ib,z", "rack1node03-ib"},
        {"host-a.example.org", "host-a.example.org"},
        {"", NULL},
        {",a", NULL},
        {"node[", NULL},
        {"node[]", NULL},
        {"node]", NULL},
        {"a-name-that-is-far-too-long-for-it", NULL},
        {"name[123456789012345678901234567890]", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char host[24] = "";

        assert_int_equal(cx_slurm_first_host(rows[i].list, host, sizeof host), !!rows[i].host);
        if (rows[i].host) {
            assert_string_equal(host, rows[i].host);
        }
    }
}

static void tasks_of_a_node(void **state)
{
    static const struct {
        const char *list;
        int64_t     node_index, on_node, all; /* on_node < 0: malformed */
    } rows[] = {
        {"4(x2),3", 0, 4, 11}, {"4(x2),3", 1, 4, 11}, {"4(x2),3", 2, 3, 11},
        {"4(x2),3", 3, -1, 0}, {"8", 0, 8, 8},        {"8", 1, -1, 0},
        {"1(x16)", 15, 1, 16}, {"2,1,2", 1, 1, 5},    {"", 0, -1, 0},
        {"x", 0, -1, 0},       {"4(x2", 0, -1, 0},    {"4(x)", 0, -1, 0},
        {"4,", 0, -1, 0},      {"4;3", 0, -1, 0},     {"99999999999", 0, -1, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t on_node = -1, all = 0;

        assert_int_equal(cx_slurm_tasks(rows[i].list, rows[i].node_index, &on_node, &all),
                         rows[i].on_node >= 0);
        assert_int_equal(on_node, rows[i].on_node);
        assert_int_equal(all, rows[i].all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_host_of_a_list),
        cmocka_unit_test(tasks_of_a_node),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
