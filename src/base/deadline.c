/* SPDX-License-Identifier: Apache-2.0 */
/* The control plane's clock. */
#include "base/deadline.h"

#include <limits.h>
#include <stddef.h>
#include <time.h>

int64_t cx_now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * CX_NS_PER_S + now.tv_nsec;
}

int cx_deadline_poll_ms(int64_t deadline_ns)
{
    int64_t left_ns = deadline_ns - cx_now_ns();

    if (left_ns <= 0) {
        return 0;
    }
    if (left_ns / CX_NS_PER_MS >= INT_MAX - 1) {
        return INT_MAX;
    }
    return (int)((left_ns + CX_NS_PER_MS - 1) / CX_NS_PER_MS);
}

void cx_utc_now(char *out, int out_bytes)
{
    time_t    now = time(NULL);
    struct tm parts;

    (void)gmtime_r(&now, &parts);
    (void)strftime(out, (size_t)out_bytes, "%Y-%m-%dT%H:%M:%SZ", &parts);
}
