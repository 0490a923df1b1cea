/* SPDX-License-Identifier: Apache-2.0 */
/* How a failure is born, travels and is read: a status, with its detail in a thread-local slot.
 * Not logging: a failure is data that ends in a record or on the last line of stderr. */
#ifndef CX_BASE_FAIL_H
#define CX_BASE_FAIL_H

#include "collectivex/status.h"

typedef struct cx_detail {
    cx_status_t status;
    int         line;
    const char *file;
    char        text[480];
} cx_detail_t;

/**
 * Store the detail of a failure. The function that first knows the cause writes the text; everyone
 * above passes the status on, so a later call without cx_detail_clear() keeps the first.
 */
void cx_fail_record(cx_status_t status, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The shape that cx_core_t::fail wants: the same, and returns `status`. */
cx_status_t cx_fail_plugin(cx_status_t status, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The detail of this thread's last failure; its text is empty when there was none. */
const cx_detail_t *cx_detail(void);
void               cx_detail_clear(void);

const char *cx_status_slug(cx_status_t status);
const char *cx_status_text(cx_status_t status);
/* CX_STATUS_COUNT when no status has that slug. */
cx_status_t cx_status_from_slug(const char *slug);

/* Ends in the constant, so that the analyser knows a failure is never CX_OK. */
#define CX_FAIL(status, ...) (cx_fail_record((status), __FILE__, __LINE__, __VA_ARGS__), (status))

/* Only while the function owns nothing. */
#define CX_TRY(call)                        \
    do {                                    \
        cx_status_t cx_try_status = (call); \
        if (cx_try_status != CX_OK) {       \
            return cx_try_status;           \
        }                                   \
    } while (0)

/* Sets the local `status` and jumps; labels are named for what they undo, in reverse order. */
#define CX_TRY_OR(label, call) \
    do {                       \
        status = (call);       \
        if (status != CX_OK) { \
            goto label;        \
        }                      \
    } while (0)

#endif
