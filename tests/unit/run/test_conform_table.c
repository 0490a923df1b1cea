/* SPDX-License-Identifier: Apache-2.0 */
/* What a backend says of itself, right and wrong. Not what it does. */
#include "unit/run/mock.h"

static void test_a_right_table_keeps_every_promise(void **state)
{
    mock_rank_t rank;

    (void)state;
    mock_rank_open(&rank);
    mock_rank_expect(&rank, cx_conform_abi, "ok");
    mock_rank_expect(&rank, cx_conform_name, "ok");
    mock_rank_expect(&rank, cx_conform_options, "ok");
    mock_rank_expect(&rank, cx_conform_probing, "ok");
    mock_rank_close(&rank);
}

static void test_a_backend_that_cannot_be_loaded_fails_with_the_loader_s_words(void **state)
{
    mock_rank_t rank;

    (void)state;
    mock_rank_open(&rank);
    rank.conform.backend = "nul";
    rank.conform.ops     = NULL;
    cx_conform_load(&rank.conform);
    assert_null(rank.conform.ops);
    mock_rank_expect(&rank, cx_conform_abi, "did you mean \"null\"?");
    mock_rank_close(&rank);
}

static void test_what_a_table_lacks_is_named(void **state)
{
    mock_rank_t rank;

    (void)state;
    mock_rank_open(&rank);
    rank.ops.release = NULL;
    mock_rank_expect(&rank, cx_conform_abi, "a function that every backend has is missing");
    rank.ops         = mock_right;
    rank.ops.summary = "";
    mock_rank_expect(&rank, cx_conform_abi, "name or summary is missing");
    rank.ops         = mock_right;
    rank.ops.options = NULL;
    mock_rank_expect(&rank, cx_conform_abi, "options are described in no rows, but take 8 bytes");
    mock_rank_close(&rank);
}

static void test_a_name_unlike_the_file_s_is_found(void **state)
{
    mock_rank_t rank;

    (void)state;
    mock_rank_open(&rank);
    rank.ops.name = "mok";
    mock_rank_expect(&rank, cx_conform_name, "cx-backend-mock.so, the table says \"mok\"");
    mock_rank_close(&rank);
}

static void test_rows_of_options_that_cannot_be_used_are_found(void **state)
{
    static const char *const no_choices[] = {NULL};
    static const struct {
        cx_option_t row;
        const char *words;
    } cases[] = {
        {{.name = "depth", .default_text = "1", .help = "h"}, "not called \"mock-...\""},
        {{.name = "mock_depth", .default_text = "1", .help = "h"}, "not called \"mock-...\""},
        {{.name = "mock-Depth", .default_text = "1", .help = "h"}, "in lower case"},
        {{.name = "mock-depth", .help = "h"}, "has no default"},
        {{.name = "mock-depth", .default_text = "1", .help = ""}, "has no help"},
        {{.name = "mock-depth", .default_text = "one", .help = "h"}, "default: mock-depth"},
        {{.name = "mock-depth", .default_text = "9", .max = 5, .help = "h"}, "mock-depth"},
        {{.name = "mock-depth", .offset = 4, .default_text = "1", .help = "h"}, "lies outside"},
        {{.name         = "mock-kind",
          .kind         = CX_VALUE_ENUM,
          .default_text = "a",
          .help         = "h",
          .choices      = no_choices},
         "has no choices"},
    };
    mock_rank_t rank;

    (void)state;
    mock_rank_open(&rank);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const cx_option_t rows[] = {cases[i].row, CX_OPTION_END};

        rank.ops.options = rows;
        mock_rank_expect(&rank, cx_conform_options, cases[i].words);
    }
    mock_rank_close(&rank);
}

static void test_an_option_that_is_there_twice_is_found(void **state)
{
    const cx_option_t rows[] = {mock_rows[0], mock_rows[0], CX_OPTION_END};
    mock_rank_t       rank;

    (void)state;
    mock_rank_open(&rank);
    rank.ops.options = rows;
    mock_rank_expect(&rank, cx_conform_options, "is there twice");
    rank.ops.options = NULL;
    mock_rank_expect(&rank, cx_conform_options, "skipped: the backend has no options");
    mock_rank_close(&rank);
}

static void test_a_probe_that_changes_its_mind_is_found(void **state)
{
    mock_rank_t rank;

    (void)state;
    mock_rank_open(&rank);
    mock.probe_varies = true;
    mock_rank_expect(&rank, cx_conform_probing, "the second answer has other caps");
    mock_rank_close(&rank);
}

static void test_a_no_needs_a_sentence(void **state)
{
    mock_rank_t rank;

    (void)state;
    mock_rank_open(&rank);
    mock.probe_status = CX_UNSUPPORTED;
    mock_rank_expect(&rank, cx_conform_probing, "ok");
    mock.probe_is_mute = true;
    mock_rank_expect(&rank, cx_conform_probing, "unsupported, without a sentence");
    mock_rank_close(&rank);
}

static void test_caps_that_contradict_themselves_are_found(void **state)
{
    mock_rank_t rank;

    (void)state;
    mock_rank_open(&rank);
    mock_caps.in_place_collectives |= CX_BIT(CX_COLLECTIVE_REDUCE);
    mock_rank_expect(&rank, cx_conform_probing, "caps.in_place_collectives has bits (0x40)");
    mock_caps = mock_right_caps;
    mock_caps.redops |= CX_BIT(CX_REDOP_COUNT);
    mock_rank_expect(&rank, cx_conform_probing, "caps.redops has bits");
    mock_caps         = mock_right_caps;
    mock_caps.devices = NULL;
    mock_rank_expect(&rank, cx_conform_probing, "no family, no collective or no device");
    mock_caps                = mock_right_caps;
    mock_caps.rank_count_min = 4;
    mock_caps.rank_count_max = 2;
    mock_rank_expect(&rank, cx_conform_probing, "mean nothing");
    mock_rank_close(&rank);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_right_table_keeps_every_promise),
        cmocka_unit_test(test_a_backend_that_cannot_be_loaded_fails_with_the_loader_s_words),
        cmocka_unit_test(test_what_a_table_lacks_is_named),
        cmocka_unit_test(test_a_name_unlike_the_file_s_is_found),
        cmocka_unit_test(test_rows_of_options_that_cannot_be_used_are_found),
        cmocka_unit_test(test_an_option_that_is_there_twice_is_found),
        cmocka_unit_test(test_a_probe_that_changes_its_mind_is_found),
        cmocka_unit_test(test_a_no_needs_a_sentence),
        cmocka_unit_test(test_caps_that_contradict_themselves_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
