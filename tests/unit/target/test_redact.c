/* SPDX-License-Identifier: Apache-2.0 */
/* Tests what a redacted document still tells, and what it must not. */
#include "target/redact.h"

#include "tree.h"

#include "base/fail.h"

static const cx_identity_t jane = {"gpu17.lab.example", "jdoe", "/data/people/jdoe"};

/* The string that `text` becomes under `key`; valid until the next call. */
static const char *redacted(const char *key, const char *text, const cx_identity_t *identity)
{
    static char out[1024];
    json_t     *document = json_pack("{s:s}", key, text);

    assert_non_null(document);
    assert_int_equal(cx_redact_as(document, "salt", identity), CX_OK);
    (void)snprintf(out, sizeof out, "%s", json_string_value(json_object_get(document, key)));
    json_decref(document);
    return out;
}

/* Whether `text` is `pattern`, where each '#' stands for 12 hex digits. */
static bool matches(const char *text, const char *pattern)
{
    for (; *pattern; pattern++) {
        if (*pattern != '#') {
            if (*text++ != *pattern) {
                return false;
            }
        } else if (strspn(text, "0123456789abcdef") < 12) {
            return false;
        } else {
            text += 12;
        }
    }
    return *text == '\0';
}

static void test_who_and_where_become_hashes(void **state)
{
    (void)state;
    static const struct {
        const char *key, *text, *pattern;
    } rows[] = {
        {"hostname", "elsewhere", "host-#"},
        {"HostName", "vm", "host-#"},
        {"SLURM_JOB_NODELIST", "gpu[17-18]", "host-#"},
        {"user", "root", "user-#"},
        {"gpu_uuid", "whatever", "id-#"},
        {"mac", "02-00", "mac-#"},
        {"text", "on gpu17 and gpu17.lab.example", "on host-# and host-#"},
        {"text", "GPU17:0", "host-#:0"},
        {"text", "gpu170 gpu17x gpu17_ib", "gpu170 gpu17x gpu17_ib"},
        {"text", "jdoe@gpu17:/x", "user-#@host-#:/x"},
        {"path", "/home/jdoe/lib/libnccl.so.2", "/home/user-#/lib/libnccl.so.2"},
        {"path", "/home/other/lib:/Users/third", "/home/user-#/lib:/Users/user-#"},
        {"path", "/data/people/jdoe/lib", "home-#/lib"},
        {"path", "/data/people/jdoehn", "/data/people/jdoehn"},
        {"path", "/usr/lib/libc.so.6", "/usr/lib/libc.so.6"},
        {"NCCL_COMM_ID", "10.20.30.40:5000", "ip-#:5000"},
        {"text", "02:00:5e:10:00:01 b83f:d203:00a1:b2c4", "mac-# guid-#"},
        {"text", "me@example.org", "email-#"},
        {"driver_version", "1.2.3.4", "1.2.3.4"},
        {"password", "hunter2", "removed-password"},
        {"text", "password=hunter2 x", "password=removed-password x"},
        {"text", "", ""},
    };

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        const char *text = redacted(rows[i].key, rows[i].text, &jane);

        if (!matches(text, rows[i].pattern)) {
            fail_msg("%s: %s became %s", rows[i].key, rows[i].text, text);
        }
    }
}

static void test_one_host_is_one_hash_however_it_is_written(void **state)
{
    (void)state;
    static const char *const spellings[] = {"gpu17", "gpu17.lab.example", "GPU17",
                                            "GPU17.Lab.Example"};
    char                     hash[64];

    (void)snprintf(hash, sizeof hash, "%s", redacted("hostname", spellings[0], &jane));
    for (int64_t i = 0; i < LENGTH(spellings); i++) {
        assert_string_equal(redacted("hostname", spellings[i], &jane), hash);
        assert_string_equal(redacted("text", spellings[i], &jane), hash);
    }
    assert_string_not_equal(redacted("hostname", "gpu18", &jane), hash);
}

static void test_another_salt_gives_another_hash(void **state)
{
    (void)state;
    json_t *left  = json_pack("{s:s}", "hostname", "gpu17");
    json_t *right = json_pack("{s:s}", "hostname", "gpu17");

    assert_int_equal(cx_redact_as(left, "one", &jane), CX_OK);
    assert_int_equal(cx_redact_as(right, "two", &jane), CX_OK);
    assert_false(json_equal(left, right));
    json_decref(left);
    json_decref(right);
}

/* BLAKE2b-48 keyed with BLAKE2b-256("salt") of "host", a zero byte and "gpu17", by Python's
 * hashlib. */
static void test_hash_is_keyed_blake2b(void **state)
{
    (void)state;
    assert_string_equal(redacted("hostname", "gpu17", &jane), "host-b0d9968a671f");
}

static void test_redacting_twice_changes_nothing(void **state)
{
    (void)state;
    json_t *document =
        json_pack("{s:s, s:[s, s, s], s:{s:s}, s:i, s:n}", "hostname", "gpu17", "command",
                  "--token", "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "/home/jdoe/x", "env",
                  "NCCL_COMM_ID", "10.1.2.3:1", "n", 4, "none");
    assert_int_equal(cx_redact_as(document, "salt", &jane), CX_OK);
    json_t *again = json_deep_copy(document);

    assert_int_equal(cx_redact_as(again, "salt", &jane), CX_OK);
    assert_true(json_equal(document, again));
    assert_string_equal(json_string_value(json_array_get(json_object_get(document, "command"), 1)),
                        "removed-named-secret");
    json_decref(document);
    json_decref(again);
}

static void test_shared_names_are_left_in_texts(void **state)
{
    (void)state;
    const cx_identity_t common = {"vm", "root", "/root"};
    const char         *text   = "root of vm: /root/x, root_rank 0";

    assert_string_equal(redacted("text", text, &common), text);
    assert_true(matches(redacted("hostname", "vm", &common), "host-#"));
    assert_string_equal(redacted("text", text, &(cx_identity_t){NULL, NULL, NULL}), text);
}

static void test_redacted_document_passes_the_scanner(void **state)
{
    (void)state;
    json_t *document =
        json_pack("{s:s, s:s, s:s, s:[s, s]}", "a", "10.1.2.3 02:00:5e:10:00:01", "api_key",
                  "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "mail", "jane@example.org", "argv",
                  "--password=hunter2", "fe80::1ff:fe23:4567:890a");
    cx_secret_hit_t hit;

    char *text = json_dumps(document, JSON_INDENT(1));
    assert_int_equal(cx_secret_scan(text, strlen(text), &hit), CX_OK);
    assert_int_not_equal(hit.kind, CX_SECRET_NONE);
    free(text);
    assert_int_equal(cx_redact_as(document, "salt", &jane), CX_OK);
    text = json_dumps(document, JSON_INDENT(1));
    assert_int_equal(cx_secret_scan(text, strlen(text), &hit), CX_OK);
    assert_int_equal(hit.kind, CX_SECRET_NONE);
    free(text);
    json_decref(document);
}

static void test_bad_salts_and_deep_documents_are_refused(void **state)
{
    (void)state;
    json_t *document = json_pack("{s:s}", "hostname", "gpu17");

    cx_detail_clear();
    assert_int_equal(cx_redact_as(document, "", &jane), CX_INVALID);
    cx_detail_clear();
    assert_int_equal(cx_redact_as(document, "/dev/null/salt", &jane), CX_RESOURCE);
    assert_string_equal(json_string_value(json_object_get(document, "hostname")), "gpu17");
    for (int depth = 0; depth < 100; depth++) {
        document = json_pack("[o]", document);
    }
    cx_detail_clear();
    assert_int_equal(cx_redact_as(document, "salt", &jane), CX_INVALID);
    json_decref(document);
}

static void test_own_host_and_user_are_found_in_the_running_process(void **state)
{
    (void)state;
    char host[256] = "";
    char tree[TREE_BYTES];
    char path[PATH_MAX];

    tree_make(tree);
    assert_int_equal(setenv("USER", "planted-user", 1), 0);
    assert_int_equal(gethostname(host, sizeof host - 1), 0);
    json_t *document = json_pack("{s:s, s:s}", "text", "planted-user was here", "hostname", host);

    assert_int_equal(cx_redact(document, tree_path(tree, "salt", path)), CX_OK);
    assert_true(matches(json_string_value(json_object_get(document, "text")), "user-# was here"));
    assert_true(matches(json_string_value(json_object_get(document, "hostname")), "host-#"));
    json_decref(document);
    tree_remove(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_and_where_become_hashes),
        cmocka_unit_test(test_one_host_is_one_hash_however_it_is_written),
        cmocka_unit_test(test_another_salt_gives_another_hash),
        cmocka_unit_test(test_hash_is_keyed_blake2b),
        cmocka_unit_test(test_redacting_twice_changes_nothing),
        cmocka_unit_test(test_shared_names_are_left_in_texts),
        cmocka_unit_test(test_redacted_document_passes_the_scanner),
        cmocka_unit_test(test_bad_salts_and_deep_documents_are_refused),
        cmocka_unit_test(test_own_host_and_user_are_found_in_the_running_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
