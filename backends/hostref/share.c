/* SPDX-License-Identifier: Apache-2.0 */
/* Presence of shared pages, and memory that is there to be shared.
 * Not how memory is shared (../common/share.inl). */
#include "share.h"

#include <sys/mman.h>

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

/* Own pages first: whoever touches a page first decides where it lies. */
cx_status_t cx_hostref_share_open(const cx_core_t *core, void *memory, size_t bytes,
                                  cx_share_t *out)
{
    cx_status_t status;

    make_present(memory, bytes);
    status = cx_share_open(core, memory, bytes, out);
    for (int32_t rank = 0; status == CX_OK && rank < core->rank_count; rank++) {
        if (rank != core->rank) {
            make_present(out->bases[rank], bytes);
        }
    }
    return status;
}

cx_status_t cx_hostref_share_alloc(const cx_core_t *core, size_t bytes, cx_share_t *out)
{
    void       *memory;
    cx_status_t status =
        core->device_ops->alloc(core->device, bytes, CX_MEMORY_EXPORTABLE, &memory);

    if (status == CX_OK) {
        status = cx_hostref_share_open(core, memory, bytes, out);
        if (status != CX_OK) {
            core->device_ops->free(core->device, memory);
        }
    }
    return status;
}

void cx_hostref_share_free(const cx_core_t *core, cx_share_t *share)
{
    void *memory = share->bases ? share->bases[core->rank] : NULL;

    cx_share_close(core, share);
    if (memory) {
        core->device_ops->free(core->device, memory);
    }
}
