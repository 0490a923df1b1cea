/* SPDX-License-Identifier: Apache-2.0 */
/* Every rank's copy of one allocation, mapped into this process.
 * Not what lies in it. */
#ifndef CX_HOSTREF_SHARE_H
#define CX_HOSTREF_SHARE_H

#include "collectivex/core.h"

#include <stddef.h>

typedef struct cx_hostref_share {
    void **bases; /* owned, [rank]; own entry is the memory given to open */
    size_t bytes;
} cx_hostref_share_t;

/**
 * Collective: every rank lends `memory` (exportable, `bytes` long on every rank) and maps the
 * others'. Pages are present when it returns, so that no window pays for a page fault.
 *
 * owns    `memory` stays the caller's and must outlive the share
 * errors  CX_RESOURCE out of memory · those of export_fd, exchange_fd and import_fd
 */
cx_status_t cx_hostref_share_open(const cx_core_t *core, void *memory, size_t bytes,
                                  cx_hostref_share_t *out);
/* The same without peers: only the own entry is set. */
cx_status_t cx_hostref_share_own(const cx_core_t *core, void *memory, size_t bytes,
                                 cx_hostref_share_t *out);
void        cx_hostref_share_close(const cx_core_t *core, cx_hostref_share_t *share);

#endif
