/* SPDX-License-Identifier: Apache-2.0 */
/* Flags between processes, and copies, of the host device. Not how long they take. */
#include "support/fake_core.h"
#include "support/open_plugin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define BUDGET_NS INT64_C(60000000000)
#define FLAG_BYTES 128
#define ROUNDS 1000

/* Both flags of two ranks: own memory, and the other's. */
typedef struct flags {
    const cx_device_ops_t *ops;
    cx_device_t           *device;
    void                  *own, *peer;
} flags_t;

static int open_flags(fake_core_t *fake, flags_t *flags)
{
    int fd, fds[2];

    flags->ops = plugin_open_device("cx-device-host.so");
    if (!flags->ops || flags->ops->open(&fake->core, 0, &flags->device) != CX_OK ||
        flags->ops->alloc(flags->device, FLAG_BYTES, CX_MEMORY_EXPORTABLE, &flags->own) != CX_OK ||
        flags->ops->export_fd(flags->device, flags->own, &fd) != CX_OK ||
        fake_exchange_fd(&fake->peers, fd, fds, fake->deadline_ns) != CX_OK) {
        return -1;
    }
    return flags->ops->import_fd(flags->device, fds[1 - fake->core.rank], FLAG_BYTES,
                                 &flags->peer) == CX_OK
               ? 0
               : -1;
}

/* Two calls: the second goes on where the first ended, though nothing was reset. */
static int bounce(fake_core_t *fake, void *argument)
{
    flags_t flags;
    int     failed_count = 0;

    (void)argument;
    if (open_flags(fake, &flags) != 0) {
        return 1;
    }
    for (int i = 0; i < 2; i++) {
        failed_count += flags.ops->ping_pong(flags.device, NULL,
                                             &(cx_device_ping_pong_t){flags.own, flags.peer,
                                                                      fake->core.rank == 0, ROUNDS,
                                                                      30e6}) != CX_OK;
    }
    failed_count += *(uint64_t *)flags.own != 2 * ROUNDS;
    return failed_count;
}

static void test_flags_go_there_and_back_as_often_as_asked(void **state)
{
    (void)state;
    assert_int_equal(fake_ranks_run(2, BUDGET_NS, bounce, NULL), 0);
}

/* Rank 1 makes one round trip fewer. */
static int bounce_in_vain(fake_core_t *fake, void *argument)
{
    flags_t     flags;
    cx_status_t status;

    (void)argument;
    if (open_flags(fake, &flags) != 0) {
        return 1;
    }
    status =
        flags.ops->ping_pong(flags.device, NULL,
                             &(cx_device_ping_pong_t){flags.own, flags.peer, fake->core.rank == 0,
                                                      fake->core.rank == 0 ? 2 : 1, 20e3});
    if (fake->core.rank == 1) {
        return status != CX_OK;
    }
    return status != CX_TIMEOUT || !strstr(fake_detail_text, "did not answer");
}

static void test_missing_answer_is_a_time_out(void **state)
{
    (void)state;
    assert_int_equal(fake_ranks_run(2, BUDGET_NS, bounce_in_vain, NULL), 0);
}

static fake_core_t            fake;
static const cx_device_ops_t *ops;
static cx_device_t           *device;

static int set_up(void **state)
{
    (void)state;
    fake_core_init(&fake, NULL, 0, 1, BUDGET_NS);
    ops = plugin_open_device("cx-device-host.so");
    return ops && ops->open(&fake.core, 0, &device) == CX_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    ops->close(device);
    return 0;
}

static void test_round_trips_that_cannot_be_are_refused(void **state)
{
    uint64_t flags[32] = {0};

    (void)state;
    assert_int_equal(
        ops->ping_pong(device, NULL, &(cx_device_ping_pong_t){flags, flags + 16, true, -1, 1}),
        CX_INVALID);
    assert_int_equal(
        ops->ping_pong(device, NULL, &(cx_device_ping_pong_t){flags, flags + 16, true, 1, -1}),
        CX_INVALID);
    assert_int_equal(
        ops->ping_pong(device, NULL, &(cx_device_ping_pong_t){flags, flags + 16, true, 0, 1}),
        CX_OK);
}

static void test_copies_are_enqueued_without_blocks_alone(void **state)
{
    char to[9] = "--------", from[9] = "abcdefgh";

    (void)state;
    assert_int_equal(ops->copy_enqueue(device, NULL, to + 1, from + 2, 5, 0), CX_OK);
    assert_string_equal(to, "-cdefg--");
    assert_int_equal(ops->copy_enqueue(device, NULL, to, from, 8, 4), CX_UNSUPPORTED);
    assert_non_null(strstr(fake_detail_text, "has no blocks"));
    assert_string_equal(to, "-cdefg--");
    assert_false(CX_DEVICE_HAS(ops, copy_together));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flags_go_there_and_back_as_often_as_asked),
        cmocka_unit_test(test_missing_answer_is_a_time_out),
        cmocka_unit_test_setup_teardown(test_round_trips_that_cannot_be_are_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_copies_are_enqueued_without_blocks_alone, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
