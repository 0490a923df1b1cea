/* SPDX-License-Identifier: Apache-2.0 */
/* Threads over slices. */
#include "base/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

typedef struct slice {
    pthread_t   thread;
    bool        has_thread;
    cx_slice_fn work;
    void       *context;
    size_t      index, first, end;
} slice_t;

size_t cx_parallel_slice_count(void)
{
    cpu_set_t allowed;
    size_t    count = 1;

    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
        count = (size_t)CPU_COUNT(&allowed);
    }
    return count < CX_PARALLEL_SLICE_COUNT_MAX ? count : CX_PARALLEL_SLICE_COUNT_MAX;
}

static void *run_slice(void *argument)
{
    const slice_t *slice = argument;

    slice->work(slice->context, slice->index, slice->first, slice->end);
    return NULL;
}

void cx_parallel(size_t count, size_t slice_count, cx_slice_fn work, void *context)
{
    slice_t slices[CX_PARALLEL_SLICE_COUNT_MAX];

    /* The first slice is the caller's own. */
    for (size_t i = slice_count; i-- > 0;) {
        slices[i] = (slice_t){.work    = work,
                              .context = context,
                              .index   = i,
                              .first   = count * i / slice_count,
                              .end     = count * (i + 1) / slice_count};
        slices[i].has_thread =
            i > 0 && pthread_create(&slices[i].thread, NULL, run_slice, &slices[i]) == 0;
        if (!slices[i].has_thread) {
            (void)run_slice(&slices[i]);
        }
    }
    for (size_t i = 0; i < slice_count; i++) {
        if (slices[i].has_thread) {
            (void)pthread_join(slices[i].thread, NULL);
        }
    }
}
