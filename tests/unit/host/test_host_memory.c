/* SPDX-License-Identifier: Apache-2.0 */
/* The memory that host and sim share: the same promises, asked of both plugins.
 * Not their clocks (test_host.c, ../sim/test_sim.c). */
#include "support/fake_core.h"
#include "support/open_plugin.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define BUDGET_NS INT64_C(60000000000)

static const char *const devices[] = {"cx-device-host.so", "cx-device-sim.so"};
#define DEVICE_COUNT (sizeof devices / sizeof *devices)

typedef struct opened {
    fake_core_t            fake;
    const cx_device_ops_t *ops;
    cx_device_t           *device;
} opened_t;

static void open_device(opened_t *opened, size_t index)
{
    fake_core_init(&opened->fake, NULL, 0, 1, BUDGET_NS);
    opened->ops = plugin_open_device(devices[index]);
    assert_non_null(opened->ops);
    assert_int_equal(opened->ops->open(&opened->fake.core, 0, &opened->device), CX_OK);
    fake_detail_text[0] = '\0';
}

static bool is_zeroed(const unsigned char *memory, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (memory[i] != 0) {
            return false;
        }
    }
    return true;
}

static bool is_mapped(void *memory)
{
    return msync(memory, 1, MS_ASYNC) == 0;
}

static void test_there_is_one_device_and_no_second(void **state)
{
    (void)state;
    for (size_t i = 0; i < DEVICE_COUNT; i++) {
        opened_t     opened;
        cx_device_t *second = NULL;
        int32_t      count  = 0;

        open_device(&opened, i);
        assert_int_equal(opened.ops->probe(&opened.fake.core, &count), CX_OK);
        assert_int_equal(count, 1);
        assert_int_equal(opened.ops->open(&opened.fake.core, 1, &second), CX_INVALID);
        assert_null(second);
        opened.ops->close(opened.device);
    }
}

static void test_memory_is_zeroed_page_aligned_and_writable(void **state)
{
    static const size_t sizes_bytes[] = {1, 4096, 4097, (size_t)4 << 20, ((size_t)6 << 20) + 5};

    (void)state;
    for (size_t i = 0; i < DEVICE_COUNT; i++) {
        opened_t opened;
        open_device(&opened, i);
        for (size_t j = 0; j < 2 * sizeof sizes_bytes / sizeof *sizes_bytes; j++) {
            size_t         bytes  = sizes_bytes[j / 2];
            cx_memory_t    kind   = j % 2 ? CX_MEMORY_EXPORTABLE : CX_MEMORY_PLAIN;
            void          *memory = NULL;
            unsigned char *byte;
            assert_int_equal(opened.ops->alloc(opened.device, bytes, kind, &memory), CX_OK);
            assert_int_equal((uintptr_t)memory % 4096, 0);
            assert_true(is_zeroed(memory, bytes));
            byte = memory;
            memset(byte, 0xa5, bytes);
            assert_int_equal(byte[bytes - 1], 0xa5);
            opened.ops->free(opened.device, memory);
            assert_false(is_mapped(memory));
        }
        opened.ops->close(opened.device);
    }
}

static void test_impossible_allocations_are_refused_with_their_size(void **state)
{
    static const struct {
        size_t      bytes;
        cx_status_t status;
        const char *text;
    } cases[] = {
        {0, CX_INVALID, "0 bytes"},
        {(size_t)1 << 50, CX_RESOURCE, "1125899906842624 bytes"},
    };

    (void)state;
    for (size_t i = 0; i < DEVICE_COUNT; i++) {
        opened_t opened;
        open_device(&opened, i);
        for (size_t j = 0; j < sizeof cases / sizeof *cases; j++) {
            void *memory        = NULL;
            fake_detail_text[0] = '\0';
            assert_int_equal(
                opened.ops->alloc(opened.device, cases[j].bytes, CX_MEMORY_PLAIN, &memory),
                cases[j].status);
            assert_non_null(strstr(fake_detail_text, cases[j].text));
            assert_null(memory);
        }
        opened.ops->close(opened.device);
    }
}

static void test_exported_memory_is_the_same_memory_and_outlives_its_first_owner(void **state)
{
    (void)state;
    for (size_t i = 0; i < DEVICE_COUNT; i++) {
        opened_t       opened;
        void          *mine = NULL, *theirs = NULL;
        unsigned char *byte;
        int            fd = -1;

        open_device(&opened, i);
        assert_int_equal(opened.ops->alloc(opened.device, 8192, CX_MEMORY_EXPORTABLE, &mine),
                         CX_OK);
        assert_int_equal(opened.ops->export_fd(opened.device, mine, &fd), CX_OK);
        assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        assert_int_equal(opened.ops->import_fd(opened.device, fd, 8192, &theirs), CX_OK);
        assert_ptr_not_equal(mine, theirs);
        byte       = mine;
        byte[8191] = 42;
        byte       = theirs;
        assert_int_equal(byte[8191], 42);
        opened.ops->free(opened.device, mine);
        byte[0] = 1;
        assert_int_equal(byte[8191], 42);
        opened.ops->unimport(opened.device, theirs, 8192);
        assert_false(is_mapped(theirs));
        assert_int_equal(close(fd), 0);
        opened.ops->close(opened.device);
    }
}

static void test_what_cannot_be_shared_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < DEVICE_COUNT; i++) {
        opened_t opened;
        void    *plain = NULL, *shared = NULL, *theirs = NULL;
        int      fd = -1;

        open_device(&opened, i);
        assert_int_equal(opened.ops->alloc(opened.device, 1, CX_MEMORY_PLAIN, &plain), CX_OK);
        assert_int_equal(opened.ops->alloc(opened.device, 4096, CX_MEMORY_EXPORTABLE, &shared),
                         CX_OK);
        assert_int_equal(opened.ops->export_fd(opened.device, plain, &fd), CX_INVALID);
        assert_int_equal(opened.ops->export_fd(opened.device, (char *)shared + 1, &fd), CX_INVALID);
        assert_int_equal(fd, -1);
        assert_int_equal(opened.ops->import_fd(opened.device, -1, 1, &theirs), CX_INVALID);
        assert_int_equal(opened.ops->export_fd(opened.device, shared, &fd), CX_OK);
        assert_int_equal(opened.ops->import_fd(opened.device, fd, 4097, &theirs), CX_INVALID);
        assert_null(theirs);
        assert_int_equal(close(fd), 0);
        opened.ops->close(opened.device);
    }
}

static void test_close_returns_memory_that_was_not_freed(void **state)
{
    (void)state;
    for (size_t i = 0; i < DEVICE_COUNT; i++) {
        opened_t opened;
        void    *plain = NULL, *shared = NULL;

        open_device(&opened, i);
        assert_int_equal(opened.ops->alloc(opened.device, 4096, CX_MEMORY_PLAIN, &plain), CX_OK);
        assert_int_equal(opened.ops->alloc(opened.device, 4096, CX_MEMORY_EXPORTABLE, &shared),
                         CX_OK);
        opened.ops->close(opened.device);
        assert_false(is_mapped(plain));
        assert_false(is_mapped(shared));
    }
}

static void test_copy_has_arrived_when_it_returns(void **state)
{
    (void)state;
    for (size_t i = 0; i < DEVICE_COUNT; i++) {
        static const char text[] = "sixteen bytes ok";
        opened_t          opened;
        void             *memory = NULL;

        open_device(&opened, i);
        assert_int_equal(opened.ops->alloc(opened.device, 64, CX_MEMORY_PLAIN, &memory), CX_OK);
        assert_int_equal(opened.ops->copy(opened.device, memory, text, sizeof text), CX_OK);
        assert_memory_equal(memory, text, sizeof text);
        opened.ops->close(opened.device);
    }
}

static void test_events_need_a_positive_number_of_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < DEVICE_COUNT; i++) {
        opened_t     opened;
        cx_events_t *events = NULL;

        open_device(&opened, i);
        assert_int_equal(opened.ops->events_open(opened.device, 0, &events), CX_INVALID);
        assert_null(events);
        assert_int_equal(opened.ops->events_open(opened.device, 1, &events), CX_OK);
        opened.ops->events_close(opened.device, events);
        opened.ops->close(opened.device);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_is_one_device_and_no_second),
        cmocka_unit_test(test_memory_is_zeroed_page_aligned_and_writable),
        cmocka_unit_test(test_impossible_allocations_are_refused_with_their_size),
        cmocka_unit_test(test_exported_memory_is_the_same_memory_and_outlives_its_first_owner),
        cmocka_unit_test(test_what_cannot_be_shared_is_refused),
        cmocka_unit_test(test_close_returns_memory_that_was_not_freed),
        cmocka_unit_test(test_copy_has_arrived_when_it_returns),
        cmocka_unit_test(test_events_need_a_positive_number_of_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
