/* SPDX-License-Identifier: Apache-2.0 */
/* Tests reading a ladder of sizes. */
#include "model/ladder.h"

#include "support/expect.h"

static void test_ladders(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t     bytes[8];
        int32_t     count;
    } rows[] = {
        {"8B", {8}, 1},
        {"0B", {0}, 1},
        {"8B,1KiB", {8, 1024}, 2},
        {"8B:512B:x4", {8, 32, 128, 512}, 4},
        {"8B:500B:x4", {8, 32, 128}, 3},
        {"1KiB:4KiB:+1KiB", {1024, 2048, 3072, 4096}, 4},
        {"8B,1KiB:4KiB:x2,1MB", {8, 1024, 2048, 4096, 1000000}, 5},
        {"8B:8B:x2", {8}, 1},
        {"1TiB:9e15B:x1000000", {INT64_C(1) << 40}, 1},
    };

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        cx_ladder_t ladder;

        EXPECT_OK(cx_ladder_parse(rows[i].text, "here", &ladder));
        assert_int_equal(ladder.rung_count, rows[i].count);
        assert_memory_equal(ladder.bytes, rows[i].bytes,
                            (size_t)rows[i].count * sizeof rows[i].bytes[0]);
    }
}

static void test_what_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"", "here: sizes: expected a size"},
        {"8", "unit"},
        {"8B,8B", "must rise"},
        {"8B,4B", "must rise, but 4 B follows 8 B"},
        {"8B:64B", "a range is"},
        {"8B:64B:4", "a range is"},
        {"64B:8B:x2", "never rises"},
        {"0B:8B:x2", "never rises"},
        {"8B:64B:x1", "never rises"},
        {"8B:64B:+0B", "never rises"},
        {"8B:64B:xx", "after x"},
        {"1B:1GiB:+1B", "more than 256 sizes"},
        {"8B,,16B", "expected a size"},
    };

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        cx_ladder_t ladder = {.rung_count = -7};

        EXPECT_FAIL(CX_INVALID, rows[i].words, cx_ladder_parse(rows[i].text, "here", &ladder));
        assert_int_equal(ladder.rung_count, -7);
    }
}

static void test_an_endless_item_is_refused(void **state)
{
    (void)state;
    char        text[1000];
    cx_ladder_t ladder;

    memset(text, '1', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    EXPECT_FAIL(CX_INVALID, "longer than", cx_ladder_parse(text, "here", &ladder));
}

static void test_ladders_of_tokens(void **state)
{
    static const struct {
        const char *text, *words;
        int32_t     count;
        int64_t     last;
    } rows[] = {
        {"1:512:x2", NULL, 10, 512},
        {"1,8,64", NULL, 3, 64},
        {"4:16:+4", NULL, 4, 16},
        {"10000000", NULL, 1, 10000000},
        {"0", "here: tokens: 0 is outside 1..10000000; the nearest is 1", 0, 0},
        {"10000001", "the nearest is 10000000", 0, 0},
        {"8B", "here: tokens: ", 0, 0},
        {"8,8", "here: tokens: must rise, but 8 follows 8", 0, 0},
        {"1:512", "such as 1:512:x2", 0, 0},
        {"1:33:+1", "more than 32 rungs", 0, 0},
    };

    (void)state;
    for (int64_t i = 0; i < LENGTH(rows); i++) {
        cx_ladder_t ladder;

        if (rows[i].words) {
            EXPECT_FAIL(CX_INVALID, rows[i].words,
                        cx_token_ladder_parse(rows[i].text, "here", &ladder));
            continue;
        }
        EXPECT_OK(cx_token_ladder_parse(rows[i].text, "here", &ladder));
        assert_int_equal(ladder.rung_count, rows[i].count);
        assert_int_equal(ladder.tokens[ladder.rung_count - 1], rows[i].last);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ladders),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_an_endless_item_is_refused),
        cmocka_unit_test(test_ladders_of_tokens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
