/* SPDX-License-Identifier: Apache-2.0 */
/* Tests which texts are addresses, and where they end. */
#include "target/address.h"

#include "tree.h"

typedef bool (*find_fn)(cx_view_t view, size_t at, cx_secret_hit_t *out);

typedef struct row {
    find_fn     find;
    const char *text;
    const char *found; /* NULL: nothing may be found anywhere in the text */
} row_t;

static const row_t rows[] = {
    {cx_ip4_find, "at 10.1.2.3:5000", "10.1.2.3"},
    {cx_ip4_find, "8.8.8.8", "8.8.8.8"},
    {cx_ip4_find, "net 192.168.1.0/24", "192.168.1.0"},
    {cx_ip4_find, "Reached 172.16.0.9.", "172.16.0.9"},
    {cx_ip4_find, "10.0.0.1-10.0.0.9", "10.0.0.1"},
    {cx_ip4_find, "the driver cannot reach 10.1.2.3", "10.1.2.3"},
    {cx_ip4_find, "\"driver_host\": \"10.1.2.3\"", "10.1.2.3"},
    {cx_ip4_find, "NCCL_COMM_ID=10.1.2.3:1", "10.1.2.3"},
    {cx_ip4_find, "\"driver_version\": \"1.2.3.4\"", NULL},
    {cx_ip4_find, "version 1.2.3.4", NULL},
    {cx_ip4_find, "firmware: 28.39.10.2", NULL},
    {cx_ip4_find, "cuDNN 8.9.2.26", NULL},
    {cx_ip4_find, "libx.so.1.2.3.4", NULL},
    {cx_ip4_find, "v1.2.3.4", NULL},
    {cx_ip4_find, "cudnn-8.9.2.26", NULL},
    {cx_ip4_find, "1.2.3.4-rc1", NULL},
    {cx_ip4_find, "1.2.3.4+cu12", NULL},
    {cx_ip4_find, "1.2.3.4.so", NULL},
    {cx_ip4_find, "1.2.3.4.5", NULL},
    {cx_ip4_find, "1.2.3", NULL},
    {cx_ip4_find, "1.2.3.256", NULL},
    {cx_ip4_find, "1.02.3.4", NULL},
    {cx_ip4_find, "127.0.0.1", NULL},
    {cx_ip4_find, "0.0.0.0", NULL},
    {cx_ip4_find, "255.255.255.0", NULL},
    {cx_ip6_find, "fe80::1ff:fe23:4567:890a%eth0", "fe80::1ff:fe23:4567:890a"},
    {cx_ip6_find, "[2001:db8::7]:80", "2001:db8::7"},
    {cx_ip6_find, "at 2001:0db8:0000:0000:0000:0000:0000:0007.",
     "2001:0db8:0000:0000:0000:0000:0000:0007"},
    {cx_ip6_find, "::ffff:10.0.0.1", "::ffff:10.0.0.1"},
    {cx_ip6_find, "::1", NULL},
    {cx_ip6_find, "::", NULL},
    {cx_ip6_find, "std::abc", NULL},
    {cx_ip6_find, "12:34:56", NULL},
    {cx_ip6_find, "cafe::bad", NULL},
    {cx_mac_find, "02:00:5e:10:00:01", "02:00:5e:10:00:01"},
    {cx_mac_find, "ether 02-00-5E-10-00-01 up", "02-00-5E-10-00-01"},
    {cx_mac_find, "80:00:02:08:fe:80:00:00:00:00:00:00:b8:3f:d2:03:00:a1:b2:c4",
     "80:00:02:08:fe:80:00:00:00:00:00:00:b8:3f:d2:03:00:a1:b2:c4"},
    {cx_mac_find, "00:00:00:00:00:00", NULL},
    {cx_mac_find, "ff:ff:ff:ff:ff:ff", NULL},
    {cx_mac_find, "12:34:56", NULL},
    {cx_mac_find, "0000:1b:00.0", NULL},
    {cx_mac_find, "02:00:5e:10:00:01:", NULL},
    {cx_mac_find, "01-02-03-04-05-06-07", NULL},
    {cx_mac_find, "02:00:5e-10:00:01", NULL},
    {cx_guid_find, "b83f:d203:00a1:b2c4", "b83f:d203:00a1:b2c4"},
    {cx_guid_find, "GPU-8f6b0a1c-1234-5678-9abc-def012345678",
     "GPU-8f6b0a1c-1234-5678-9abc-def012345678"},
    {cx_guid_find, "8f6b0a1c-1234-5678-9abc-def012345678", NULL},
    {cx_guid_find, "b83f:d203:00a1", NULL},
    {cx_guid_find, "b83f:d203:00a1:b2c4:0001", NULL},
    {cx_guid_find, "GPU-0", NULL},
    {cx_email_find, "by a.b+c@lab.example.org.", "a.b+c@lab.example.org"},
    {cx_email_find, "<me@example.com>", "me@example.com"},
    {cx_email_find, "git@github.com:org/repo", NULL},
    {cx_email_find, "package@1.2.3", NULL},
    {cx_email_find, "pytorch@sha256:abcd", NULL},
    {cx_email_find, "user@host", NULL},
    {cx_email_find, "@example.com", NULL},
};

static void test_addresses_are_told_from_what_only_looks_so(void **state)
{
    (void)state;
    for (int64_t i = 0; i < LENGTH(rows); i++) {
        const cx_view_t view = {rows[i].text, strlen(rows[i].text)};
        cx_secret_hit_t hit  = {CX_SECRET_NONE, 0, 0};

        for (size_t at = 0; at < view.bytes && hit.kind == CX_SECRET_NONE; at++) {
            (void)rows[i].find(view, at, &hit);
        }
        if (!rows[i].found) {
            if (hit.kind != CX_SECRET_NONE) {
                fail_msg("found at %zu in: %s", hit.offset_bytes, rows[i].text);
            }
            continue;
        }
        if (hit.kind == CX_SECRET_NONE) {
            fail_msg("found nothing in: %s", rows[i].text);
        }
        assert_int_equal(hit.length_bytes, strlen(rows[i].found));
        assert_memory_equal(view.text + hit.offset_bytes, rows[i].found, hit.length_bytes);
        assert_true(cx_secret_identifies(hit.kind));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses_are_told_from_what_only_looks_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
