/* SPDX-License-Identifier: Apache-2.0 */
/* What ranks tell each other after a block: whose failure counts, and what is added up. Among real
 * ranks: test_point.c and test_pair_block.c. */
#include "unit/measure/stage.h"

static cx_block_header_t others[4]; /* what the ranks but 0 send */

static void other_rank(int32_t rank, void *message, size_t bytes)
{
    assert_int_equal(bytes, cx_exchange_message_bytes(16));
    memcpy(message, &others[rank], sizeof others[rank]);
}

static cx_exchange_t open_exchange(int32_t rank_count)
{
    cx_job_t *job = stage_open(1, 1000);

    memset(others, 0, sizeof others);
    stage.rank_count = rank_count;
    stage.other_rank = other_rank;
    return (cx_exchange_t){.window        = &job->window,
                           .peers_ops     = job->peers_ops,
                           .gather        = job->gather,
                           .message_bytes = cx_exchange_message_bytes(16)};
}

static void test_numbers_follow_the_header_of_each_rank(void **state)
{
    cx_exchange_t exchange = open_exchange(3);
    double       *numbers  = cx_exchange_numbers(&exchange, 0);

    (void)state;
    assert_ptr_equal(cx_exchange_begin(&exchange), cx_exchange_header(&exchange, 0));
    numbers[0] = 12.5;
    numbers[1] = 13;
    assert_int_equal(cx_exchange_end(&exchange, CX_OK, 77), CX_OK);
    for (int32_t rank = 0; rank < 3; rank++) {
        numbers = cx_exchange_numbers(&exchange, rank);
        assert_true(numbers[0] == 12.5 && numbers[1] == 13);
        assert_ptr_equal(numbers, cx_exchange_header(&exchange, rank) + 1);
    }
}

/* A rank with a reason of its own goes before those that only missed it; else the lowest. */
static void test_who_speaks_for_all(void **state)
{
    static const struct {
        cx_status_t status[4];
        int         speaker;
    } rows[] = {
        {{CX_OK, CX_OK, CX_BACKEND, CX_DEVICE}, 2},
        {{CX_TIMEOUT, CX_PEER, CX_OK, CX_DEVICE}, 3},
        {{CX_PEER, CX_TIMEOUT, CX_OK, CX_OK}, 0},
        {{CX_BACKEND, CX_DEVICE, CX_TIMEOUT, CX_OK}, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_exchange_t exchange = open_exchange(4);
        int           speaker  = rows[i].speaker;
        char          words[64];

        for (int rank = 1; rank < 4; rank++) {
            others[rank].status = (int32_t)rows[i].status[rank];
            (void)snprintf(others[rank].detail, sizeof others[rank].detail, "words of %d", rank);
        }
        (void)cx_exchange_begin(&exchange);
        if (rows[i].status[0] != CX_OK) {
            cx_fail_record(rows[i].status[0], __FILE__, __LINE__, "words of 0");
        }
        assert_int_equal(cx_exchange_end(&exchange, rows[i].status[0], 77),
                         rows[i].status[speaker]);
        (void)snprintf(words, sizeof words, speaker == 0 ? "words of %d" : "rank %d: words of %d",
                       speaker, speaker);
        assert_string_equal(cx_detail()->text, words);
        assert_string_equal(cx_exchange_header(&exchange, 0)->detail,
                            rows[i].status[0] == CX_OK ? "" : "words of 0");
    }
}

static void test_a_long_detail_is_cut_and_ended(void **state)
{
    cx_exchange_t exchange = open_exchange(1);
    char          words[480];

    (void)state;
    memset(words, 'x', sizeof words);
    (void)cx_exchange_begin(&exchange);
    cx_fail_record(CX_BACKEND, __FILE__, __LINE__, "%.*s", (int)sizeof words - 1, words);
    assert_int_equal(cx_exchange_end(&exchange, CX_BACKEND, 77), CX_BACKEND);
    assert_int_equal(strlen(cx_exchange_header(&exchange, 0)->detail),
                     sizeof((cx_block_header_t *)0)->detail - 1);
}

/* The exchange itself fails: that is the status, so that ranks out of step end together; the words
 * stay those of what happened first. */
static void test_a_failed_exchange_keeps_the_first_words(void **state)
{
    cx_exchange_t exchange = open_exchange(1);

    (void)state;
    stage.fails = 'x';
    (void)cx_exchange_begin(&exchange);
    assert_int_equal(cx_exchange_end(&exchange, CX_OK, 77), CX_BACKEND);
    assert_string_equal(cx_detail()->text, "call x failed");
    exchange    = open_exchange(1);
    stage.fails = 'x';
    (void)cx_exchange_begin(&exchange);
    cx_fail_record(CX_DEVICE, __FILE__, __LINE__, "words of 0");
    assert_int_equal(cx_exchange_end(&exchange, CX_DEVICE, 77), CX_BACKEND);
    assert_string_equal(cx_detail()->text, "words of 0");
}

static void test_reports_are_added_up(void **state)
{
    cx_exchange_t      exchange = open_exchange(4);
    cx_block_header_t *header;
    cx_block_report_t  total;
    int64_t            violation_count = -1;

    (void)state;
    stage.violation_count = 100; /* of earlier blocks */
    for (int rank = 1; rank < 4; rank++) {
        others[rank].report          = (cx_block_report_t){rank, 10 * rank, rank == 2};
        others[rank].violation_count = 1000 * rank;
    }
    header         = cx_exchange_begin(&exchange);
    header->report = (cx_block_report_t){7, 0, false};
    stage.violation_count += 5;
    assert_int_equal(cx_exchange_end(&exchange, CX_OK, 77), CX_OK);
    total = cx_exchange_total(&exchange, &violation_count);
    assert_int_equal(total.verified_count, 7 + 1 + 2 + 3);
    assert_int_equal(total.wrong_count, 10 + 20 + 30);
    assert_true(total.is_disturbed);
    assert_int_equal(violation_count, 5 + 1000 + 2000 + 3000);
    others[2].report.is_disturbed = false;
    (void)cx_exchange_begin(&exchange);
    assert_int_equal(cx_exchange_end(&exchange, CX_OK, 77), CX_OK);
    assert_false(cx_exchange_total(&exchange, &violation_count).is_disturbed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_follow_the_header_of_each_rank),
        cmocka_unit_test(test_who_speaks_for_all),
        cmocka_unit_test(test_a_long_detail_is_cut_and_ended),
        cmocka_unit_test(test_a_failed_exchange_keeps_the_first_words),
        cmocka_unit_test(test_reports_are_added_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
