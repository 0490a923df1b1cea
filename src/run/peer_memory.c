/* SPDX-License-Identifier: Apache-2.0 */
/* Exportable memory, its descriptors exchanged, and what they name mapped. */
#include "run/peer_memory.h"

#include "run/agree.h"

#include <string.h>
#include <unistd.h>

static cx_status_t open_own(const cx_core_t *core, cx_peer_memory_t *memory, int *fd)
{
    CX_TRY(core->device_ops->alloc(core->device, memory->bytes, CX_MEMORY_EXPORTABLE,
                                   &memory->at[core->rank]));
    return core->device_ops->export_fd(core->device, memory->at[core->rank], fd);
}

static cx_status_t import_others(const cx_core_t *core, const int *fds, cx_peer_memory_t *memory)
{
    for (int32_t rank = 0; rank < core->rank_count; rank++) {
        if (rank != core->rank) {
            CX_TRY(core->device_ops->import_fd(core->device, fds[rank], memory->bytes,
                                               &memory->at[rank]));
        }
    }
    return CX_OK;
}

static cx_status_t share(cx_rank_context_t *context, cx_peer_memory_t *memory, int fd)
{
    const cx_core_t *core = &context->core;
    int              fds[CX_PEER_MEMORY_RANKS_MAX];
    cx_status_t      status;

    CX_TRY(core->peers_ops->exchange_fd(core->peers, fd, fds,
                                        cx_rank_context_phase(context, "meeting")));
    status = cx_agree(context, import_others(core, fds, memory));
    for (int32_t rank = 0; rank < core->rank_count; rank++) {
        (void)close(fds[rank]);
    }
    return status;
}

cx_status_t cx_peer_memory_open(cx_rank_context_t *context, size_t bytes, cx_peer_memory_t *out)
{
    int         fd = -1;
    cx_status_t status;

    memset(out, 0, sizeof *out);
    out->bytes = bytes;
    status     = cx_agree(context, open_own(&context->core, out, &fd));
    if (status == CX_OK) {
        status = share(context, out, fd);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    if (status != CX_OK) {
        cx_peer_memory_close(context, out);
    }
    return status;
}

void cx_peer_memory_close(const cx_rank_context_t *context, cx_peer_memory_t *memory)
{
    const cx_core_t *core = &context->core;

    for (int32_t rank = 0; rank < CX_PEER_MEMORY_RANKS_MAX; rank++) {
        if (!memory->at[rank]) {
            continue;
        }
        if (rank == core->rank) {
            core->device_ops->free(core->device, memory->at[rank]);
        } else {
            core->device_ops->unimport(core->device, memory->at[rank], memory->bytes);
        }
    }
    memset(memory, 0, sizeof *memory);
}
