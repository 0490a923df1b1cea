/* SPDX-License-Identifier: Apache-2.0 */
/* Finds what must not be published in a text: credentials and addresses.
 * Not a replacement of it (redact.h), and it never returns the secret itself. */
#ifndef CX_TARGET_SECRET_H
#define CX_TARGET_SECRET_H

#include "collectivex/status.h"

#include <stdbool.h>
#include <stddef.h>

/* name, slug, identifies: true for what tells who and where (becomes a hash), false for a
 * credential (is removed) */
#define CX_SECRET_MAP(X)                                                              \
    X(NONE, "none", false)                                                            \
    X(PRIVATE_KEY, "private-key", false)                                              \
    X(TOKEN, "token", false)       /* the known shape of a service's token */         \
    X(PASSWORD, "password", false) /* after password=, or inside a URL */             \
    X(BEARER, "bearer", false)                                                        \
    X(NAMED, "named-secret", false) /* random-looking, after a name like ..._TOKEN */ \
    X(IP, "ip", true)                                                                 \
    X(MAC, "mac", true)                                                               \
    X(GUID, "guid", true) /* InfiniBand, four groups of four digits */                \
    X(EMAIL, "email", true)

typedef enum cx_secret_kind {
#define CX_SECRET_ENUM(name, slug, identifies) CX_SECRET_##name,
    CX_SECRET_MAP(CX_SECRET_ENUM)
#undef CX_SECRET_ENUM
        CX_SECRET_COUNT
} cx_secret_kind_t;

typedef struct cx_secret_hit {
    cx_secret_kind_t kind; /* CX_SECRET_NONE: nothing was found, and the rest is 0 */
    size_t           offset_bytes;
    size_t           length_bytes;
} cx_secret_hit_t;

const char *cx_secret_slug(cx_secret_kind_t kind);
bool        cx_secret_identifies(cx_secret_kind_t kind);

/**
 * The first secret in `text` (which need not end in a zero).
 *
 * A dotted quad is an address, unless the word or key directly before it is, or ends in, one of
 * software ("version", driver_version, firmware, release, cuDNN ...), or it is part of something
 * longer: after a letter, '-', '_' or '.' (v1.2.3.4, cudnn-8.9.2.26, .so.1.2.3.4), or before a
 * suffix (1.2.3.4-rc1, 1.2.3.4.5). Libraries do have such versions, some of them in 10.0.0.0/8.
 * Loopback, unspecified and broadcast addresses name nobody and are no hit. A UUID is no secret
 * and no address, except after GPU- or MIG-.
 *
 * errors  CX_INVALID text is NULL and bytes is not 0
 */
cx_status_t cx_secret_scan(const char *text, size_t bytes, cx_secret_hit_t *out);

/* The same from `from_bytes` on; what lies before it is still read as context. */
void cx_secret_find(const char *text, size_t bytes, size_t from_bytes, cx_secret_hit_t *out);

#endif
