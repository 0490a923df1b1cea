/* SPDX-License-Identifier: Apache-2.0 */
/* Framed messages: whole whatever pieces they arrive in. */
#include "run/wire.h"

#include "support/expect.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int ends[2];

static int set_up(void **state)
{
    int bytes = 1 << 22;

    (void)state;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return -1;
    }
    return setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

static int tear_down(void **state)
{
    (void)state;
    close(ends[0]);
    close(ends[1]);
    return 0;
}

/* What is in the inbox next is that JSON text. */
static bool take(cx_wire_inbox_t *inbox, const char *text)
{
    cx_wire_kind_t kind;
    const char    *payload;
    size_t         bytes;
    bool           is_same;

    if (!cx_wire_next(inbox, &kind, &payload, &bytes)) {
        return false;
    }
    is_same = kind == CX_WIRE_JSON && bytes == strlen(text) && memcmp(payload, text, bytes) == 0;
    cx_wire_pop(inbox);
    return is_same;
}

static size_t framed(char *out)
{
    ssize_t got;

    EXPECT_OK(cx_wire_send_event(ends[1], json_pack("{si}", "a", 1)));
    EXPECT_OK(cx_wire_send_event(ends[1], json_pack("{ss}", "b", "two")));
    got = recv(ends[0], out, 256, MSG_DONTWAIT);
    assert_int_equal(got, 2 * 8 + 7 + 11);
    return (size_t)got;
}

static void test_messages_may_be_split_at_every_byte(void **state)
{
    char   bytes[256];
    size_t count = framed(bytes);

    (void)state;
    for (size_t split = 0; split <= count; split++) {
        cx_wire_inbox_t inbox = {0};
        bool            is_closed, has_first;

        if (split > 0) {
            assert_int_equal(send(ends[1], bytes, split, 0), split);
        }
        EXPECT_OK(cx_wire_receive(&inbox, ends[0], &is_closed));
        assert_false(is_closed);
        has_first = take(&inbox, "{\"a\":1}");
        assert_int_equal(has_first, split >= 15);
        if (split < count) {
            assert_int_equal(send(ends[1], bytes + split, count - split, 0), count - split);
        }
        EXPECT_OK(cx_wire_receive(&inbox, ends[0], &is_closed));
        assert_true(has_first || take(&inbox, "{\"a\":1}"));
        assert_true(take(&inbox, "{\"b\":\"two\"}"));
        assert_int_equal(inbox.used, 0);
        cx_wire_fini(&inbox);
        assert_null(inbox.bytes);
    }
}

static void test_byte_by_byte_is_the_same(void **state)
{
    cx_wire_inbox_t inbox = {0};
    cx_wire_kind_t  kind;
    const char     *payload;
    char            bytes[256];
    size_t          count = framed(bytes), payload_bytes;
    bool            is_closed;

    (void)state;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(cx_wire_next(&inbox, &kind, &payload, &payload_bytes), i >= 15);
        assert_int_equal(send(ends[1], bytes + i, 1, 0), 1);
        EXPECT_OK(cx_wire_receive(&inbox, ends[0], &is_closed));
    }
    assert_true(take(&inbox, "{\"a\":1}"));
    assert_true(take(&inbox, "{\"b\":\"two\"}"));
    assert_false(cx_wire_next(&inbox, &kind, &payload, &payload_bytes));
    cx_wire_fini(&inbox);
}

/* Larger than the inbox is at first, so that it grows while the message arrives. */
static void test_large_messages_grow_the_inbox(void **state)
{
    enum { LENGTH = 1000000 };
    char           *text  = malloc(LENGTH + 1);
    cx_wire_inbox_t inbox = {0};
    cx_wire_kind_t  kind;
    const char     *payload;
    size_t          payload_bytes;
    bool            is_closed;

    (void)state;
    memset(text, 'x', LENGTH);
    text[LENGTH] = '\0';
    EXPECT_OK(cx_wire_send_event(ends[1], json_pack("{ss}", "long", text)));
    EXPECT_OK(cx_wire_receive(&inbox, ends[0], &is_closed));
    assert_true(cx_wire_next(&inbox, &kind, &payload, &payload_bytes));
    assert_int_equal(payload_bytes, LENGTH + 11);
    cx_wire_fini(&inbox);
    free(text);
}

static void test_the_end_is_seen_behind_what_was_sent(void **state)
{
    cx_wire_inbox_t inbox = {0};
    bool            is_closed;

    (void)state;
    EXPECT_OK(cx_wire_send_event(ends[1], json_pack("{si}", "a", 1)));
    assert_int_equal(shutdown(ends[1], SHUT_WR), 0);
    EXPECT_OK(cx_wire_receive(&inbox, ends[0], &is_closed));
    assert_true(is_closed);
    assert_true(take(&inbox, "{\"a\":1}"));
    cx_wire_fini(&inbox);
}

static void test_no_channel_is_no_failure(void **state)
{
    cx_series_t    series = {0};
    const cx_row_t row    = {.requested_bytes = 8};

    (void)state;
    EXPECT_OK(cx_wire_send_event(-1, json_pack("{si}", "a", 1)));
    EXPECT_OK(cx_wire_send_samples(-1, &series, &row));
}

static void test_failures_have_words(void **state)
{
    const cx_row_t row = {.requested_bytes = 8};
    cx_series_t    series;

    (void)state;
    EXPECT_FAIL(CX_INTERNAL, "could not be written as JSON", cx_wire_send_event(ends[1], NULL));
    assert_int_equal(shutdown(ends[0], SHUT_RD), 0);
    EXPECT_FAIL(CX_PEER, "the supervisor is gone",
                cx_wire_send_event(ends[1], json_pack("{si}", "a", 1)));
    EXPECT_OK(cx_series_init(&series, 1, 4));
    series.count = 4;
    EXPECT_FAIL(CX_PEER, "the supervisor is gone", cx_wire_send_samples(ends[1], &series, &row));
    cx_series_fini(&series);
}

/* Three ranks, a series half full: what travels has no holes. */
static void test_samples_travel_dense(void **state)
{
    const cx_row_t  row = {.component = "roundtrip", .requested_bytes = 4096, .discarded_count = 1};
    cx_wire_inbox_t inbox = {0};
    cx_wire_kind_t  kind;
    const char     *payload;
    size_t          payload_bytes;
    cx_series_t     series;
    bool            is_closed;

    (void)state;
    EXPECT_OK(cx_series_init(&series, 3, 10));
    series.count    = 4;
    series.has_skew = true;
    for (int64_t rank = 0; rank < 3; rank++) {
        for (int64_t i = 0; i < 10; i++) {
            series.rank_us[rank * 10 + i]    = i < 4 ? (double)(100 * rank + i) : -1;
            series.arrival_us[rank * 10 + i] = i < 4 ? (double)(1000 * rank + i) : -1;
            series.exit_us[rank * 10 + i]    = i < 4 ? (double)(10000 * rank + i) : -1;
            series.reduced_us[i]             = i < 4 ? (double)(200 + i) : -1;
        }
    }
    EXPECT_OK(cx_wire_send_samples(ends[1], &series, &row));
    EXPECT_OK(cx_wire_receive(&inbox, ends[0], &is_closed));
    assert_true(cx_wire_next(&inbox, &kind, &payload, &payload_bytes));
    assert_int_equal(kind, CX_WIRE_SAMPLES);
    for (int64_t i = 0; i < 4; i++) {
        assert_true(series.rank_us[4 + i] == (double)(100 + i));
        assert_true(series.arrival_us[8 + i] == (double)(2000 + i));
        assert_true(series.exit_us[8 + i] == (double)(20000 + i));
    }
    assert_in_range(payload_bytes, 40 * 8, 40 * 8 + 128); /* 10 columns of 4, and a head */
    assert_non_null(memmem(payload, payload_bytes, "roundtrip", 10));
    cx_wire_fini(&inbox);
    cx_series_fini(&series);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_messages_may_be_split_at_every_byte),
        TEST(test_byte_by_byte_is_the_same),
        TEST(test_large_messages_grow_the_inbox),
        TEST(test_the_end_is_seen_behind_what_was_sent),
        TEST(test_no_channel_is_no_failure),
        TEST(test_failures_have_words),
        TEST(test_samples_travel_dense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
