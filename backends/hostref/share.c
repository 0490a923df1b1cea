/* SPDX-License-Identifier: Apache-2.0 */
/* Maps one allocation of every rank into this process, through descriptors.
 * Not an allocator: the device owns memory. */
#include "share.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Advice only: an older kernel refuses it and faults on first touch, which costs time alone. */
static void make_present(void *memory, size_t bytes)
{
#ifdef MADV_POPULATE_WRITE
    (void)madvise(memory, bytes, MADV_POPULATE_WRITE);
#else
    (void)memory;
    (void)bytes;
#endif
}

static void close_all(int *fds, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        (void)close(fds[i]);
    }
}

static cx_status_t exchange(const cx_core_t *core, void *memory, int *fds)
{
    cx_status_t status;
    int         fd;

    status = core->device_ops->export_fd(core->device, memory, &fd);
    if (status != CX_OK) {
        return status;
    }
    status = core->peers_ops->exchange_fd(core->peers, fd, fds, core->deadline_ns(core));
    (void)close(fd);
    return status;
}

static cx_status_t import_peers(const cx_core_t *core, const int *fds, cx_hostref_share_t *share)
{
    cx_status_t status = CX_OK;

    for (int32_t rank = 0; rank < core->rank_count && status == CX_OK; rank++) {
        void *base;

        if (rank == core->rank) {
            continue;
        }
        status = core->device_ops->import_fd(core->device, fds[rank], share->bytes, &base);
        if (status == CX_OK) {
            make_present(base, share->bytes);
            share->bases[rank] = base;
        }
    }
    return status;
}

cx_status_t cx_hostref_share_own(const cx_core_t *core, void *memory, size_t bytes,
                                 cx_hostref_share_t *out)
{
    void **bases = calloc((size_t)core->rank_count, sizeof *bases);

    if (!bases) {
        return CX_CORE_FAIL(core, CX_RESOURCE, "no memory for a table of %d ranks",
                            core->rank_count);
    }
    bases[core->rank] = memory;
    *out              = (cx_hostref_share_t){.bases = bases, .bytes = bytes};
    return CX_OK;
}

cx_status_t cx_hostref_share_open(const cx_core_t *core, void *memory, size_t bytes,
                                  cx_hostref_share_t *out)
{
    cx_hostref_share_t share;
    cx_status_t        status;
    int               *fds;

    status = cx_hostref_share_own(core, memory, bytes, &share);
    if (status != CX_OK) {
        return status;
    }
    make_present(memory, bytes);
    fds = calloc((size_t)core->rank_count, sizeof *fds);
    if (!fds) {
        status = CX_CORE_FAIL(core, CX_RESOURCE, "no memory for %d descriptors", core->rank_count);
        goto close_share;
    }
    status = exchange(core, memory, fds);
    if (status != CX_OK) {
        goto free_fds;
    }
    status = import_peers(core, fds, &share);
    close_all(fds, core->rank_count);
    if (status != CX_OK) {
        goto free_fds;
    }
    free(fds);
    *out = share;
    return CX_OK;

free_fds:
    free(fds);
close_share:
    cx_hostref_share_close(core, &share);
    return status;
}

void cx_hostref_share_close(const cx_core_t *core, cx_hostref_share_t *share)
{
    for (int32_t rank = 0; share->bases && rank < core->rank_count; rank++) {
        if (rank != core->rank && share->bases[rank]) {
            core->device_ops->unimport(core->device, share->bases[rank], share->bytes);
        }
    }
    free(share->bases);
    *share = (cx_hostref_share_t){0};
}
