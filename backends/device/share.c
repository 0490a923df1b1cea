/* SPDX-License-Identifier: Apache-2.0 */
/* Maps one allocation of every rank through descriptors. Not an allocator: the device owns memory.
 */
#include "device.h"

#include <stdlib.h>
#include <unistd.h>

static cx_status_t exchange(const cx_core_t *core, void *memory, int *fds)
{
    int         fd;
    cx_status_t status = core->device_ops->export_fd(core->device, memory, &fd);

    if (status == CX_OK) {
        status = core->peers_ops->exchange_fd(core->peers, fd, fds, core->deadline_ns(core));
        (void)close(fd);
    }
    return status;
}

static cx_status_t import_others(const cx_core_t *core, const int *fds, shared_t *shared)
{
    cx_status_t status = CX_OK;

    for (int32_t rank = 0; rank < core->rank_count; rank++) {
        if (rank != core->rank && status == CX_OK) {
            status = core->device_ops->import_fd(core->device, fds[rank], shared->bytes,
                                                 &shared->bases[rank]);
        }
        (void)close(fds[rank]);
    }
    return status;
}

cx_status_t cx_device_share(const cx_core_t *core, void *memory, size_t bytes, shared_t *out)
{
    shared_t    shared = {.bases = calloc((size_t)core->rank_count, sizeof *shared.bases),
                          .bytes = bytes};
    int        *fds    = calloc((size_t)core->rank_count, sizeof *fds);
    cx_status_t status;

    if (!shared.bases || !fds) {
        free(shared.bases);
        free(fds);
        return CX_CORE_FAIL(core, CX_RESOURCE, "no memory for the regions of %d ranks",
                            core->rank_count);
    }
    status = exchange(core, memory, fds);
    if (status == CX_OK) {
        status = import_others(core, fds, &shared);
    }
    free(fds);
    if (status != CX_OK) {
        cx_device_unshare(core, &shared);
        return status;
    }
    shared.bases[core->rank] = memory;
    *out                     = shared;
    return CX_OK;
}

void cx_device_unshare(const cx_core_t *core, shared_t *shared)
{
    for (int32_t rank = 0; shared->bases && rank < core->rank_count; rank++) {
        if (rank != core->rank && shared->bases[rank]) {
            core->device_ops->unimport(core->device, shared->bases[rank], shared->bytes);
        }
    }
    free(shared->bases);
    *shared = (shared_t){0};
}
