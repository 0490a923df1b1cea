/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of meeting places: text, and sockets on this host. */
#include "ranks.h"

#include "peers/address.h"

static void addresses_are_parsed(void **state)
{
    static const struct {
        const char *text;
        bool        is_unix;
        const char *name, *port; /* name NULL: refused */
    } rows[] = {
        {"unix:a", true, "a", ""},
        {"unix:collectivex-0-1:2", true, "collectivex-0-1:2", ""},
        {"tcp:host:80", false, "host", "80"},
        {"tcp:10.0.0.1:65535", false, "10.0.0.1", "65535"},
        {"tcp:[::1]:5000", false, "::1", "5000"},
        {"unix:", false, NULL, NULL},
        {"tcp:host", false, NULL, NULL},
        {"tcp::80", false, NULL, NULL},
        {"tcp:[]:80", false, NULL, NULL},
        {"tcp:host:0", false, NULL, NULL},
        {"tcp:host:65536", false, NULL, NULL},
        {"tcp:host:x", false, NULL, NULL},
        {"tcp:host:+5", false, NULL, NULL},
        {"tcp:host:80x", false, NULL, NULL},
        {"host:80", false, NULL, NULL},
        {"", false, NULL, NULL},
    };
    char         longest[5 + 107 + 1] = "unix:", too_long[5 + 108 + 1] = "unix:";
    cx_address_t address;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_status_t status = cx_address_parse(rows[i].text, &address);

        cx_detail_clear();
        assert_int_equal(status, rows[i].name ? CX_OK : CX_INVALID);
        if (rows[i].name) {
            assert_int_equal(address.is_unix, rows[i].is_unix);
            assert_string_equal(address.name, rows[i].name);
            assert_string_equal(address.port, rows[i].port);
        }
    }
    memset(longest + 5, 'a', 107);
    memset(too_long + 5, 'a', 108);
    too_long[5 + 108] = '\0';
    assert_int_equal(cx_address_parse(longest, &address), CX_OK);
    assert_int_equal(cx_address_parse(too_long, &address), CX_INVALID);
    cx_detail_clear();
}

static void meet_at(const char *text)
{
    cx_address_t address;
    int          listener, second = -1, here, there = -1;

    assert_int_equal(cx_address_parse(text, &address), CX_OK);
    assert_int_equal(cx_address_listen(&address, &listener), CX_OK);
    assert_int_equal(cx_address_listen(&address, &second), CX_RESOURCE);
    assert_non_null(strstr(cx_detail()->text, "another run may be there"));
    cx_detail_clear();
    assert_int_equal(cx_address_accept(&address, listener), -1);
    assert_int_equal(cx_address_connect(&address, cx_now_ns() + AMPLE_NS, &here), CX_OK);
    while (there < 0) {
        there = cx_address_accept(&address, listener);
    }
    assert_int_equal(send(here, "x", 1, 0), 1);
    close(here);
    close(there);
    close(listener);
    assert_int_equal(cx_address_connect(&address, cx_now_ns() + CX_NS_PER_MS, &here), CX_TIMEOUT);
    assert_non_null(strstr(cx_detail()->text, "rank 0 is not listening"));
    cx_detail_clear();
}

static void places_can_be_listened_at_once_and_connected_to(void **state)
{
    char text[64];

    (void)state;
    (void)snprintf(text, sizeof text, "unix:cx-test-address-%ld", (long)getpid());
    meet_at(text);
    (void)snprintf(text, sizeof text, "tcp:127.0.0.1:%d", free_port());
    meet_at(text);
    (void)snprintf(text, sizeof text, "tcp:localhost:%d", free_port());
    meet_at(text);
}

static void unknown_host_is_a_timeout_that_names_it(void **state)
{
    cx_address_t address;
    int          fd;

    (void)state;
    assert_int_equal(cx_address_parse("tcp:no.such.host.invalid:1", &address), CX_OK);
    assert_int_equal(cx_address_connect(&address, cx_now_ns(), &fd), CX_TIMEOUT);
    assert_non_null(strstr(cx_detail()->text, "no.such.host.invalid port 1"));
    cx_detail_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_parsed),
        cmocka_unit_test(places_can_be_listened_at_once_and_connected_to),
        cmocka_unit_test(unknown_host_is_a_timeout_that_names_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
