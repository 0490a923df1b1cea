/* SPDX-License-Identifier: Apache-2.0 */
/* Chatter on stderr: time since start, rank, component, text. Never the product (that is stdout).
 */
#ifndef CX_BASE_LOG_H
#define CX_BASE_LOG_H

#include "collectivex/core.h"

/* `spec` is the value of CX_LOG: "info" or "info,plugin=debug". `rank` < 0: a process without one.
 */
void cx_log_init(const char *spec, int32_t rank);
void cx_log(cx_log_level_t level, const char *component, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
