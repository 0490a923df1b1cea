/* SPDX-License-Identifier: Apache-2.0 */
/* The same work on several processors at once: a range cut into slices, a thread for each.
 * Not for anything that is timed, and not a pool: threads live as long as the call. */
#ifndef CX_BASE_PARALLEL_H
#define CX_BASE_PARALLEL_H

#include <stddef.h>

#define CX_PARALLEL_SLICE_COUNT_MAX 16

/* Work on items first .. end-1 of the range; `slice` is below the number of slices. */
typedef void (*cx_slice_fn)(void *context, size_t slice, size_t first, size_t end);

/* Slices worth having: the processors this process may run on, within 1 and the limit above. */
size_t cx_parallel_slice_count(void);

/* Calls `work` once for each of `slice_count` nearly equal slices of 0 .. count-1, and returns when
 * all have returned. A slice that gets no thread is done by the caller, so this cannot fail. */
void cx_parallel(size_t count, size_t slice_count, cx_slice_fn work, void *context);

#endif
