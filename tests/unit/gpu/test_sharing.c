/* SPDX-License-Identifier: Apache-2.0 */
/* Exportable memory by what a device can: mapped or not, for a network card or not, and where its
 * descriptor is refused. Not what is done with it (test_device.c). */
#include "bed.h"

static int open_without_mapping(void **state)
{
    (void)setenv("STUB_GPU_MAPS", "0", 1);
    return open_bed(state);
}

static int open_without_network(void **state)
{
    (void)setenv("STUB_GPU_NETWORK", "0", 1);
    return open_bed(state);
}

static int open_with_fabric(void **state)
{
    (void)setenv("STUB_GPU_FABRIC", "1", 1);
    return open_bed(state);
}

static int open_with_closed_fabric(void **state)
{
    (void)setenv("STUB_GPU_FABRIC", "2", 1);
    return open_bed(state);
}

static int close_all(void **state)
{
    (void)unsetenv("STUB_GPU_FABRIC");
    (void)unsetenv("STUB_GPU_MAPS");
    (void)unsetenv("STUB_GPU_NETWORK");
    return close_bed(state);
}

static void expect_shared(const bed_t *bed)
{
    unsigned char *own = NULL, *other = NULL;
    int            fd = -1;

    assert_int_equal(bed->ops->alloc(bed->device, 5000, CX_MEMORY_EXPORTABLE, (void **)&own),
                     CX_OK);
    assert_int_equal(bed->ops->export_fd(bed->device, own, &fd), CX_OK);
    assert_int_equal(bed->ops->import_fd(bed->device, fd, 5000, (void **)&other), CX_OK);
    assert_int_equal(close(fd), 0);
    own[4999] = 7;
    assert_int_equal(other[4999], 7);
    bed->ops->unimport(bed->device, other, 5000);
    bed->ops->free(bed->device, own);
}

/* HIP calls it out of memory when a device that cannot is asked, which is no reason to give up. */
static void test_a_device_that_maps_nothing_shares_by_handle(void **state)
{
    const bed_t *bed    = *state;
    void        *memory = NULL;

    expect_shared(bed);
    stub_fault(bed->vendor->ipc_get, "801");
    assert_true(stub_says(bed->ops->alloc(bed->device, 5, CX_MEMORY_EXPORTABLE, &memory),
                          CX_UNSUPPORTED, "neither as a descriptor"));
}

/* HIP has one code for all that is wrong with an export. */
static void test_a_refused_descriptor_is_replaced_by_a_handle_whatever_its_code(void **state)
{
    static const char *const codes[] = {"1", "304", "800", "801", "999"};
    const bed_t             *bed     = *state;

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        stub_fault(bed->vendor->export_fd, codes[i]);
        expect_shared(bed);
    }
    stub_fault(NULL, NULL);
}

/* The stub refuses memory that was made otherwise. */
static void test_memory_is_made_for_network_cards_where_the_device_can(void **state)
{
    expect_shared(*state);
}

static void test_memory_is_made_for_other_hosts_where_the_device_can(void **state)
{
    expect_shared(*state);
}

/* The failure that is injected would show if handles of 64 bytes were tried. */
static void test_memory_is_made_without_a_kind_of_handle_that_is_refused(void **state)
{
    const bed_t *bed = *state;

    stub_fault(bed->vendor->ipc_get, "801");
    expect_shared(bed);
    expect_shared(bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH_BETWEEN(test_a_device_that_maps_nothing_shares_by_handle, open_without_mapping,
                     close_all),
        BOTH(test_a_refused_descriptor_is_replaced_by_a_handle_whatever_its_code),
        BOTH(test_memory_is_made_for_network_cards_where_the_device_can),
        BOTH_BETWEEN(test_memory_is_made_for_network_cards_where_the_device_can,
                     open_without_network, close_all),
        cmocka_unit_test_prestate_setup_teardown(
            test_memory_is_made_for_other_hosts_where_the_device_can, open_with_fabric, close_all,
            (void *)&cuda),
        cmocka_unit_test_prestate_setup_teardown(
            test_memory_is_made_without_a_kind_of_handle_that_is_refused, open_with_closed_fabric,
            close_all, (void *)&cuda),
    };

    stub_environment();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
