/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels of devices/gpu/kernels.cu as C, found by name. Private to the stub. */
#ifndef CX_STUB_KERNELS_H
#define CX_STUB_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#define STUB_PARAM_COUNT_MAX 3
#define STUB_PARAM_BYTES_MAX 3584

typedef struct stub_kernel {
    const char *name;
    size_t      param_bytes[STUB_PARAM_COUNT_MAX]; /* 0 behind the last */
    void (*run)(void **params);                    /* NULL: only takes time */
} stub_kernel_t;

/* NULL when there is none of that name. */
const stub_kernel_t *stub_kernel_find(const char *name);

int64_t stub_now_ns(void);

/* When that many ticks of the device's clock from now have passed; for what gives up. */
int64_t stub_after_ns(unsigned long long ticks);

void stub_run_fill(void **params);      /* content.c */
void stub_run_verify(void **params);    /* likewise */
void stub_run_copies(void **params);    /* moves.c */
void stub_run_ping_pong(void **params); /* likewise */

/* shuffle.c */
void stub_run_shuffle_plan(void **params);
void stub_run_shuffle_pack(void **params);
void stub_run_shuffle_unpack(void **params);
void stub_run_shuffle_return(void **params);
void stub_run_shuffle_sum(void **params);

#endif
