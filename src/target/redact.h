/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a document publishable: who and where become stable hashes, credentials disappear.
 * Not encryption: whoever has the salt can test a guess. */
#ifndef CX_TARGET_REDACT_H
#define CX_TARGET_REDACT_H

#include "target/secret.h"

#include "collectivex/status.h"

#include <jansson.h>

/**
 * Redact every string value of `document` in place.
 *
 * Host names, user names, serials and ids are known by their key (a table in redact.c); this
 * host's name, this user's name and home directory, any /home or /Users path, and addresses are
 * found wherever they stand. Each becomes "<kind>-<12 hex digits>" by BLAKE2b keyed with the salt:
 * the same host is the same hash in all records of a user, with or without its domain, and differs
 * between users. Credentials become "removed-<kind>". Redacting twice changes nothing.
 *
 * Names of fewer than three characters, "localhost" and shared accounts such as root are found by
 * their key only: as words of a text they would hit innocent ones. Keys of objects stay.
 *
 * salt    NULL: the user's salt file, created once (salt.h) · begins with '/': that file, likewise
 *         · otherwise the salt itself
 * errors  CX_INVALID the salt is empty · CX_RESOURCE the salt file cannot be made or read, or
 *         memory ran out; the document is then in part redacted and must not be published
 */
cx_status_t cx_redact(json_t *document, const char *salt_path_or_text);

/* Whose names are looked for in texts; NULL members are not. */
typedef struct cx_identity {
    const char *host, *user, *home;
} cx_identity_t;

/* The same for a given identity instead of this process' own. */
cx_status_t cx_redact_as(json_t *document, const char *salt_path_or_text,
                         const cx_identity_t *identity);

#endif
