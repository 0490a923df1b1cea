/* SPDX-License-Identifier: Apache-2.0 */
/* Every rank sees the others' memory at their index, and a failure leaves nothing behind.
 * Not what the backend keeps in it. */
#include "../../../backends/hostref/share.c"

#include "support/fake_core.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SHARED_BYTES 8192
#define BUDGET_NS INT64_C(10000000000)

static int count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int  count  = 0;

    while (readdir(folder)) {
        count++;
    }
    (void)closedir(folder);
    return count;
}

static int see_peers(fake_core_t *fake, void *argument)
{
    const int  before = count_descriptors();
    cx_share_t share;
    void      *memory       = NULL;
    int        failed_count = 0;

    (void)argument;
    if (fake_alloc(&fake->device, SHARED_BYTES, CX_MEMORY_EXPORTABLE, &memory) != CX_OK ||
        cx_hostref_share_open(&fake->core, memory, SHARED_BYTES, &share) != CX_OK) {
        return 1;
    }
    ((unsigned char *)memory)[SHARED_BYTES - 1] = (unsigned char)(fake->core.rank + 1);
    (void)fake_barrier(&fake->peers, fake->deadline_ns);
    for (int32_t rank = 0; rank < fake->core.rank_count; rank++) {
        failed_count += ((unsigned char *)share.bases[rank])[SHARED_BYTES - 1] != rank + 1;
    }
    failed_count += share.bases[fake->core.rank] != memory;
    cx_share_close(&fake->core, &share);
    fake_free(&fake->device, memory);
    return failed_count + (count_descriptors() != before);
}

static cx_status_t refuse_import(cx_device_t *device, int fd, size_t bytes, void **out)
{
    (void)device;
    (void)fd;
    (void)bytes;
    (void)out;
    return fake_fail(CX_RESOURCE, __FILE__, __LINE__, "no import today");
}

static int fail_to_import(fake_core_t *fake, void *argument)
{
    const int       before = count_descriptors();
    cx_device_ops_t ops    = fake_device_ops;
    cx_share_t      share;
    void           *memory = NULL;
    cx_status_t     status;

    (void)argument;
    ops.import_fd         = refuse_import;
    fake->core.device_ops = &ops;
    if (fake_alloc(&fake->device, SHARED_BYTES, CX_MEMORY_EXPORTABLE, &memory) != CX_OK) {
        return 1;
    }
    status = cx_hostref_share_open(&fake->core, memory, SHARED_BYTES, &share);
    fake_free(&fake->device, memory);
    return status != CX_RESOURCE || count_descriptors() != before;
}

static void test_share_maps_every_rank_at_its_index(void **state)
{
    (void)state;
    assert_int_equal(fake_ranks_run(1, BUDGET_NS, see_peers, NULL), 0);
    assert_int_equal(fake_ranks_run(3, BUDGET_NS, see_peers, NULL), 0);
}

static void test_share_that_fails_leaves_no_descriptor_open(void **state)
{
    (void)state;
    assert_int_equal(fake_ranks_run(2, BUDGET_NS, fail_to_import, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_share_maps_every_rank_at_its_index),
        cmocka_unit_test(test_share_that_fails_leaves_no_descriptor_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
