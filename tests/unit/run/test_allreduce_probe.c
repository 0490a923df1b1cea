/* SPDX-License-Identifier: Apache-2.0 */
/* What rows of family allreduce say about bits, of backends that do it right and otherwise. */
#include "run/allreduce_probe.h"

#include "unit/run/case_kit.h"

#define RANK_COUNT 3

/* Keeps the last row, and with it how the case ended. */
static void note(world_t *world, const char *payload, size_t bytes)
{
    json_t       *event = json_loadb(payload, bytes, 0, NULL);
    const json_t *row   = json_object_get(event, "row");

    if (row) {
        (void)snprintf(world->outcome->text, sizeof world->outcome->text, "%s %s %g %g",
                       kit_text(row, "status"), kit_text(row, "accumulation"),
                       kit_number(row, "is_rank_equal"), kit_number(row, "is_repeatable"));
    } else if (strcmp(kit_text(event, "event"), "case_end") == 0 &&
               strcmp(kit_text(event, "status"), "ok") != 0) {
        (void)snprintf(world->outcome->text, sizeof world->outcome->text, "%s",
                       kit_text(event, "detail"));
    }
    json_decref(event);
}

static cx_status_t run_and_keep(world_t *world)
{
    CX_TRY(run_among(world));
    if (world->meeting.rank == 0) {
        (void)CX_FAIL(CX_OK + 1, "%s", world->outcome->text); /* the kit keeps the detail */
    }
    return CX_OK;
}

static void expect_row(const char *words, const char *said)
{
    outcome_t outcomes[RANK_COUNT];
    char      all[512];

    (void)snprintf(all, sizeof all,
                   "family=allreduce samples-max=12 warmup-min=0 target=0 budget=10s "
                   "rotate-bytes=64KiB %s",
                   words);
    among_words = all;
    among_note  = note;
    run_ranks(SOCKETS, RANK_COUNT, run_and_keep, 1, outcomes);
    if (strstr(outcomes[0].text, said) != outcomes[0].text) {
        fail_msg("%s: '%s' instead of '%s'", words, outcomes[0].text, said);
    }
}

static void test_rows_say_what_a_backend_does_to_the_bits(void **state)
{
    static const struct {
        const char *words, *said;
    } rows[] = {
        {"backend=faulty dtype=bf16 sizes=4KiB", "ok fp32 1 1"},
        {"backend=faulty dtype=int32 sizes=4KiB", "ok exact 1 1"},
        {"backend=faulty dtype=fp32 sizes=4KiB", "ok fp32 1 1"},
        {"backend=faulty dtype=bf16 sizes=16B", "ok (none) 1 1"},
        {"backend=faulty dtype=bf16 sizes=4KiB backend-options=faulty-fault=rounded_steps",
         "ok dtype 1 1"},
        {"backend=faulty dtype=bf16 sizes=4KiB backend-options=faulty-fault=order_by_rank",
         "ok dtype 0 1"},
        {"backend=faulty dtype=bf16 sizes=4KiB backend-options=faulty-fault=order_by_call",
         "ok dtype 1 0"},
        {"backend=faulty dtype=fp32 sizes=4KiB backend-options=faulty-fault=order_by_rank",
         "ok fp32 0 1"},
        /* The last rank loses another's part, each time alike. */
        {"backend=faulty dtype=bf16 sizes=4KiB backend-options=faulty-fault=lost_block",
         "incorrect (none) 0 1"},
        {"backend=null device=sim dtype=bf16 sizes=4KiB", "ok (none) -1e+99 -1e+99"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        expect_row(rows[i].words, rows[i].said);
    }
}

/* What the probe has put into a slot would be found wrong there by the check of timed operations.
 */
static void test_the_slot_is_left_as_it_was_found(void **state)
{
    (void)state;
    expect_row("backend=faulty dtype=int8 sizes=1KiB device=host", "ok exact 1 1");
    expect_row("backend=faulty dtype=fp16 sizes=1KiB,64KiB device=host", "ok fp32 1 1");
}

static void test_a_failure_of_the_probe_ends_the_case_on_all_ranks(void **state)
{
    (void)state;
    expect_row("backend=faulty sizes=4KiB backend-options=faulty-fault=error",
               "rank 2: injected failure of call 3");
}

static int set_up(void **state)
{
    (void)state;
    kit_use_test_plugins();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_say_what_a_backend_does_to_the_bits),
        cmocka_unit_test(test_the_slot_is_left_as_it_was_found),
        cmocka_unit_test(test_a_failure_of_the_probe_ends_the_case_on_all_ranks),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
