/* SPDX-License-Identifier: Apache-2.0 */
/* Every rank's copy of one allocation, mapped into this process and present.
 * Not what lies in it. */
#ifndef CX_HOSTREF_SHARE_H
#define CX_HOSTREF_SHARE_H

#include "../common/share.inl"

/* cx_share_open, after which pages are present, so that no window pays for a page fault. */
cx_status_t cx_hostref_share_open(const cx_core_t *core, void *memory, size_t bytes,
                                  cx_share_t *out);

/* The same over memory of its own, which _free gives back.
 * errors  also those of alloc */
cx_status_t cx_hostref_share_alloc(const cx_core_t *core, size_t bytes, cx_share_t *out);
void        cx_hostref_share_free(const cx_core_t *core, cx_share_t *share);

#endif
