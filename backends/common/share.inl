/* SPDX-License-Identifier: Apache-2.0 */
/* One allocation of every rank, mapped into this process through descriptors.
 * Not an allocator: the device owns memory. */
#ifndef CX_BACKENDS_SHARE_INL
#define CX_BACKENDS_SHARE_INL

#include "collectivex/core.h"

#include <stdlib.h>
#include <unistd.h>

typedef struct cx_share {
    void **bases; /* owned, [rank]; the own entry is the memory that is lent; NULL: nothing is */
    size_t bytes;
} cx_share_t;

static inline cx_status_t cx_share_exchange(const cx_core_t *core, void *memory, int *fds)
{
    int         fd;
    cx_status_t status = core->device_ops->export_fd(core->device, memory, &fd);

    if (status == CX_OK) {
        status = core->peers_ops->exchange_fd(core->peers, fd, fds, core->deadline_ns(core));
        (void)close(fd);
    }
    return status;
}

static inline cx_status_t cx_share_import(const cx_core_t *core, const int *fds, cx_share_t *share)
{
    cx_status_t status = CX_OK;

    for (int32_t rank = 0; rank < core->rank_count; rank++) {
        if (rank != core->rank && status == CX_OK) {
            status = core->device_ops->import_fd(core->device, fds[rank], share->bytes,
                                                 &share->bases[rank]);
        }
        (void)close(fds[rank]);
    }
    return status;
}

/* Memory that only this rank uses: nothing is exchanged. errors CX_RESOURCE */
static inline cx_status_t cx_share_own(const cx_core_t *core, void *memory, size_t bytes,
                                       cx_share_t *out)
{
    void **bases = calloc((size_t)core->rank_count, sizeof *bases);

    if (!bases) {
        return CX_CORE_FAIL(core, CX_RESOURCE, "no memory for a table of %d ranks",
                            core->rank_count);
    }
    bases[core->rank] = memory;
    *out              = (cx_share_t){.bases = bases, .bytes = bytes};
    return CX_OK;
}

static inline void cx_share_close(const cx_core_t *core, cx_share_t *share)
{
    for (int32_t rank = 0; share->bases && rank < core->rank_count; rank++) {
        if (rank != core->rank && share->bases[rank]) {
            core->device_ops->unimport(core->device, share->bases[rank], share->bytes);
        }
    }
    free(share->bases);
    *share = (cx_share_t){0};
}

/**
 * Collective: every rank lends `memory` (exportable, `bytes` long on every rank) and maps the
 * others'.
 *
 * owns    `memory` stays the caller's and must outlive the share
 * errors  CX_RESOURCE out of memory · those of export_fd, exchange_fd and import_fd
 */
static inline cx_status_t cx_share_open(const cx_core_t *core, void *memory, size_t bytes,
                                        cx_share_t *out)
{
    cx_share_t  share = {0};
    int        *fds   = calloc((size_t)core->rank_count, sizeof *fds);
    cx_status_t status;

    if (!fds) {
        return CX_CORE_FAIL(core, CX_RESOURCE, "no memory for %d descriptors", core->rank_count);
    }
    status = cx_share_own(core, memory, bytes, &share);
    if (status == CX_OK) {
        status = cx_share_exchange(core, memory, fds);
    }
    if (status == CX_OK) {
        status = cx_share_import(core, fds, &share);
    }
    free(fds);
    if (status != CX_OK) {
        cx_share_close(core, &share);
        return status;
    }
    *out = share;
    return CX_OK;
}

#endif
