/* SPDX-License-Identifier: Apache-2.0 */
/* What a reader should conclude from an outcome: one table of statuses.
 * Not an errno: the cause (text, place, vendor code) travels beside it, see core.h `fail`. */
#ifndef COLLECTIVEX_STATUS_H
#define COLLECTIVEX_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

/* name, slug (the `status` of a record), sentence */
#define CX_STATUS_MAP(X)                                                                         \
    X(OK, "ok", "completed, and what was asked to be verified was right")                        \
    X(UNSUPPORTED, "unsupported", "this backend, device or machine cannot do what was asked")    \
    X(INVALID, "invalid", "the request or the measurement breaks a rule; the number has no use") \
    X(INCORRECT, "incorrect", "the output of a timed operation was wrong")                       \
    X(UNSTABLE, "unstable", "the series never settled; the number is not reproducible")          \
    X(TIMEOUT, "timeout", "a deadline passed")                                                   \
    X(PEER, "peer", "another rank died, disagreed or stopped answering")                         \
    X(BACKEND, "backend", "a library call of the backend failed")                                \
    X(DEVICE, "device", "a call of the device runtime failed")                                   \
    X(RESOURCE, "resource", "memory, disk, descriptors or another limit ran out")                \
    X(INTERNAL, "internal", "a bug of CollectiveX")

typedef enum cx_status {
#define CX_STATUS_ENUM(name, slug, text) CX_##name,
    CX_STATUS_MAP(CX_STATUS_ENUM)
#undef CX_STATUS_ENUM
        CX_STATUS_COUNT
} cx_status_t;

#ifdef __cplusplus
}
#endif
#endif
