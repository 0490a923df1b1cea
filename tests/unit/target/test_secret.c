/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the scanner on planted credentials and on what must raise no alarm.
 * Planted tokens are written in two pieces, so that scanners of repositories leave this file alone.
 */
#include "target/secret.h"

#include "tree.h"

#include "base/fail.h"

#define HEX32  \
    "3f2a9c7e" \
    "1b4d6850" \
    "a9c8b7d6" \
    "e5f40312"
#define HEX64 HEX32 HEX32
#define ALNUM36            \
    "aB3dE5gH7jK9mN1pQ3sT" \
    "5vW7yZ9bC1dF3hJ5"

typedef struct positive {
    const char      *text;
    cx_secret_kind_t kind;
    const char      *secret; /* what the hit must cover; NULL: from its place to the end */
} positive_t;

static const positive_t positives[] = {
    {"-----BEGIN RSA "
     "PRIVATE KEY-----\nMIIE\n-----END RSA "
     "PRIVATE KEY-----",
     CX_SECRET_PRIVATE_KEY, NULL},
    {"x -----BEGIN "
     "PRIVATE KEY-----\\nMIIE",
     CX_SECRET_PRIVATE_KEY, NULL},
    {"-----BEGIN OPENSSH "
     "PRIVATE KEY-----",
     CX_SECRET_PRIVATE_KEY, NULL},
    {"AKIA"
     "IOSFODNN7EXAMPLE",
     CX_SECRET_TOKEN, NULL},
    {"id=ASIA"
     "IOSFODNN7EXAMPLE",
     CX_SECRET_TOKEN,
     "ASIA"
     "IOSFODNN7EXAMPLE"},
    {"aws_secret_access_key = wJalrXUtnFEMI/K7MDENG"
     "/bPxRfiCYEXAMPLEKEY",
     CX_SECRET_NAMED,
     "wJalrXUtnFEMI/K7MDENG"
     "/bPxRfiCYEXAMPLEKEY"},
    {"AIza"
     "SyA1234567890abcdefGHIJKLmnopqrstuv",
     CX_SECRET_TOKEN, NULL},
    {"ya29."
     "a0AfH6SMBxyzABCDEF123",
     CX_SECRET_TOKEN, NULL},
    {"ghp_" ALNUM36, CX_SECRET_TOKEN, NULL},
    {"https://x:ghs_" ALNUM36 "@github.com/a", CX_SECRET_PASSWORD, "ghs_" ALNUM36},
    {"github_pat_"
     "11ABCDEFG0abcdefghijkl",
     CX_SECRET_TOKEN, NULL},
    {"glpat-"
     "aB3dE5gH7jK9mN1pQ3sT",
     CX_SECRET_TOKEN, NULL},
    {"HF_TOKEN=hf_" ALNUM36, CX_SECRET_TOKEN, "hf_" ALNUM36},
    {"\"hub\": \"hf_" ALNUM36 "\"", CX_SECRET_TOKEN, "hf_" ALNUM36},
    {"xoxb-"
     "123456789012-abcdefGHIJ",
     CX_SECRET_TOKEN, NULL},
    {"xoxp-"
     "123456789012-abcdefGHIJ",
     CX_SECRET_TOKEN, NULL},
    {"sk-" ALNUM36, CX_SECRET_TOKEN, NULL},
    {"nvapi-"
     "aB3dE5gH7jK9mN1pQ3sT",
     CX_SECRET_TOKEN, NULL},
    {"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0."
     "dQw4w9WgXcQ",
     CX_SECRET_TOKEN, NULL},
    {"password=hunter2", CX_SECRET_PASSWORD, "hunter2"},
    {"{\"db_password\": \"hunter2\"}", CX_SECRET_PASSWORD, "hunter2"},
    {"{\"cmd\": \"x \\\"passwd\\\": \\\"hunter2\\\"\"}", CX_SECRET_PASSWORD, "hunter2"},
    {"run --password hunter2 now", CX_SECRET_PASSWORD, "hunter2"},
    {"postgres://me:hunter2@db/x", CX_SECRET_PASSWORD, "hunter2"},
    {"Authorization: Bearer aB3dE5gH7jK9mN1pQ3sT", CX_SECRET_BEARER, "aB3dE5gH7jK9mN1pQ3sT"},
    {"WANDB_API_KEY=" HEX32 "00112233", CX_SECRET_NAMED, HEX32 "00112233"},
    {"\"api_token\": \"" HEX32 "\"", CX_SECRET_NAMED, HEX32},
    {"[\"--api-key\", \"" HEX32 "\"]", CX_SECRET_NAMED, HEX32},
    {"client_secret: Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MA==", CX_SECRET_NAMED,
     "Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MA=="},
    {"shared_secret=" HEX32, CX_SECRET_NAMED, HEX32},
    {"peer 10.20.30.40:5000", CX_SECRET_IP, "10.20.30.40"},
    {"fe80::1ff:fe23:4567:890a", CX_SECRET_IP, NULL},
    {"02:00:5e:10:00:01", CX_SECRET_MAC, NULL},
    {"guid b83f:d203:00a1:b2c4", CX_SECRET_GUID, "b83f:d203:00a1:b2c4"},
    {"mail jane@example.org!", CX_SECRET_EMAIL, "jane@example.org"},
};

static const char *const negatives[] = {
    "",
    "the quick brown fox",
    "\"sha256\": \"" HEX64 "\"",
    "\"image_digest\": \"sha256:" HEX64 "\"",
    "\"comparison_key\": \"" HEX32 "\"",
    "\"samples_digest\": \"" HEX64 "\"",
    "\"key_digest\": \"" HEX64 "\"",
    "\"build_id\": \"93ac61ec5a8eb1396f9fbd350e3169a558528a40\"",
    "\"commit\": \"93ac61ec5a8eb1396f9fbd350e3169a558528a40\"",
    "\"attempt\": \"8f6b0a1c-1234-4678-9abc-def012345678\"",
    "\"session_key\": \"8f6b0a1c-1234-4678-9abc-def012345678\"",
    "\"case_key\": \"ep-decode-deepseek-v3-fp8-h7168-k8\"",
    "\"driver_version\": \"570.86.15.1\"",
    "\"nccl_version\": \"2.28.9.1\"",
    "libcudnn.so.8.9.2.26",
    "tensorrt 10.0.1.6",
    "listening on 127.0.0.1:8080 and 0.0.0.0",
    "loopback 00:00:00:00:00:00",
    "pci 0000:1b:00.0 at 12:34:56",
    "password=",
    "password=********",
    "PASSWORD=$DB_PASSWORD",
    "\"password\": null",
    "the password was not given",
    "token=removed-token",
    "HF_TOKEN=hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "\"tokens_per_rank\": 4096",
    "\"token_counts\": [1, 2, 4, 8, 16, 32, 64, 128]",
    "SSH_KEY=/usr/share/collectivex/keys/abcdefgh1234",
    "bearer of good news everywhere",
    "-----BEGIN CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----",
    "git@github.com:org/repo.git",
    "https://example.org:8080/path@v2",
    "nvcr.io/nvidia/pytorch:25.03-py3",
    "task-force-skill-set sk-short",
    "AKIASHORT",
    "SLURM_JOB_ID=123456789012345678",
};

static void test_every_planted_secret_is_found_where_it_is(void **state)
{
    (void)state;
    for (int64_t i = 0; i < LENGTH(positives); i++) {
        const positive_t *row   = &positives[i];
        const size_t      bytes = strlen(row->text);
        cx_secret_hit_t   hit;

        assert_int_equal(cx_secret_scan(row->text, bytes, &hit), CX_OK);
        if (hit.kind != row->kind) {
            fail_msg("found %s in: %s", cx_secret_slug(hit.kind), row->text);
        }
        if (row->secret) {
            assert_int_equal(hit.length_bytes, strlen(row->secret));
            assert_memory_equal(row->text + hit.offset_bytes, row->secret, hit.length_bytes);
        } else {
            assert_int_equal(hit.offset_bytes + hit.length_bytes, bytes);
        }
    }
}

static void test_innocent_texts_raise_no_alarm(void **state)
{
    (void)state;
    for (int64_t i = 0; i < LENGTH(negatives); i++) {
        cx_secret_hit_t hit;

        assert_int_equal(cx_secret_scan(negatives[i], strlen(negatives[i]), &hit), CX_OK);
        if (hit.kind != CX_SECRET_NONE) {
            fail_msg("found %s at %zu in: %s", cx_secret_slug(hit.kind), hit.offset_bytes,
                     negatives[i]);
        }
        assert_int_equal(hit.offset_bytes, 0);
        assert_int_equal(hit.length_bytes, 0);
    }
}

static void test_search_goes_on_behind_a_hit_with_its_context(void **state)
{
    (void)state;
    const char      text[] = "a 10.0.0.1 b 10.0.0.2 version 10.0.0.3 c";
    cx_secret_hit_t hit;

    cx_secret_find(text, sizeof text - 1, 0, &hit);
    assert_int_equal(hit.offset_bytes, 2);
    cx_secret_find(text, sizeof text - 1, hit.offset_bytes + hit.length_bytes, &hit);
    assert_int_equal(hit.offset_bytes, 13);
    cx_secret_find(text, sizeof text - 1, hit.offset_bytes + hit.length_bytes, &hit);
    assert_int_equal(hit.kind, CX_SECRET_NONE);
}

/* Each text is placed at the end of its own allocation, so that a sanitizer sees a read behind it.
 */
static void test_scan_reads_nothing_behind_the_text(void **state)
{
    (void)state;
    for (int64_t i = 0; i < LENGTH(positives); i++) {
        for (size_t bytes = 1; bytes <= strlen(positives[i].text); bytes++) {
            char           *copy = malloc(bytes);
            cx_secret_hit_t hit;

            assert_non_null(copy);
            memcpy(copy, positives[i].text, bytes);
            cx_secret_find(copy, bytes, 0, &hit);
            assert_true(hit.offset_bytes + hit.length_bytes <= bytes);
            free(copy);
        }
    }
}

static void test_null_text_is_refused_unless_empty(void **state)
{
    (void)state;
    cx_secret_hit_t hit;

    cx_detail_clear();
    assert_int_equal(cx_secret_scan(NULL, 0, &hit), CX_OK);
    assert_int_equal(hit.kind, CX_SECRET_NONE);
    assert_int_equal(cx_secret_scan(NULL, 3, &hit), CX_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_planted_secret_is_found_where_it_is),
        cmocka_unit_test(test_innocent_texts_raise_no_alarm),
        cmocka_unit_test(test_search_goes_on_behind_a_hit_with_its_context),
        cmocka_unit_test(test_scan_reads_nothing_behind_the_text),
        cmocka_unit_test(test_null_text_is_refused_unless_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
