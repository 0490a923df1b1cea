/* SPDX-License-Identifier: Apache-2.0 */
/* Moving and swapping bytes between mapped buffers, through the caches or around them.
 * Not who moves what (direct.c). */
#ifndef CX_HOSTREF_COPY_H
#define CX_HOSTREF_COPY_H

#include <stdbool.h>
#include <stddef.h>

/* `is_streaming`: the copy is not kept in the caches, which saves reading what it overwrites. */
void cx_hostref_copy(void *to, const void *from, size_t bytes, bool is_streaming);

/* Exchanges the contents of two buffers that do not overlap. */
void cx_hostref_swap(void *a, void *b, size_t bytes);

#endif
