/* SPDX-License-Identifier: Apache-2.0 */
/* Walks a document and rewrites its strings: known keys whole, everything else where a secret, an
 * address or a name stands in it. */
#include "target/redact.h"

#include "target/salt.h"
#include "target/view.h"

#include "base/fail.h"
#include "base/text.h"

#include <blake2.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HASH_HEX_LENGTH 12
#define NAME_LENGTH_MIN 3
#define TEXT_LENGTH_MAX ((size_t)16 << 20)
#define DEPTH_MAX 64

/* Keys (without regard to case) whose value is a name or an id, whatever it looks like. */
static const struct {
    const char *key, *kind;
} key_rules[] = {
    {"host", "host"},
    {"hosts", "host"},
    {"hostname", "host"},
    {"hostnames", "host"},
    {"host_name", "host"},
    {"nodename", "host"},
    {"node_name", "host"},
    {"node_list", "host"},
    {"nodelist", "host"},
    {"slurm_job_nodelist", "host"},
    {"slurm_nodelist", "host"},
    {"slurm_step_nodelist", "host"},
    {"slurmd_nodename", "host"},
    {"slurm_topology_addr", "host"},
    {"user", "user"},
    {"username", "user"},
    {"user_name", "user"},
    {"logname", "user"},
    {"slurm_job_user", "user"},
    {"slurm_job_account", "user"},
    {"serial", "id"},
    {"serial_number", "id"},
    {"uuid", "id"},
    {"gpu_uuid", "id"},
    {"guid", "id"},
    {"node_guid", "id"},
    {"port_guid", "id"},
    {"sys_image_guid", "id"},
    {"machine_id", "id"},
    {"boot_id", "id"},
    {"boot_id_hash", "id"},
    {"mac", "mac"},
    {"mac_address", "mac"},
    {"ip", "ip"},
    {"ip_address", "ip"},
};

/* What a hash may begin with; a value that does already is left alone. */
static const char *const kinds[] = {"host", "user", "home", "id", "mac", "ip", "guid", "email"};

/* Names that many machines share: hashing them in texts hides nobody and spoils words. */
static const char *const shared_names[] = {
    "root", "localhost", "user",  "ubuntu", "debian", "admin", "nobody",  "host",   "node",  "gpu",
    "cpu",  "server",    "login", "runner", "docker", "slurm", "cluster", "master", "worker"};

typedef struct redactor {
    uint8_t       key[CX_SALT_BYTES];
    cx_identity_t identity; /* members that are not to be looked for are NULL */
    char          short_host[256];
} redactor_t;

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static bool is_shared_name(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(shared_names); i++) {
        if (strcasecmp(name, shared_names[i]) == 0) {
            return true;
        }
    }
    return strlen(name) < NAME_LENGTH_MIN;
}

/* A host is its short name in lower case, so that it is the same with and without its domain. */
static size_t canonical(const char *kind, const char *value, size_t length, char *out,
                        size_t out_bytes)
{
    const bool  is_host = strcmp(kind, "host") == 0;
    const char *dot     = is_host ? memchr(value, '.', length) : NULL;
    size_t      count   = dot && dot > value ? (size_t)(dot - value) : length;

    count = count < out_bytes ? count : out_bytes;
    memcpy(out, value, count);
    for (size_t i = 0; i < count && is_host; i++) {
        if (out[i] >= 'A' && out[i] <= 'Z') {
            out[i] = (char)(out[i] - 'A' + 'a');
        }
    }
    return count;
}

static bool is_hashed(const char *value, size_t length)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        const size_t kind_length = strlen(kinds[i]);
        size_t       at          = kind_length + 1;

        if (length != at + HASH_HEX_LENGTH || strncmp(value, kinds[i], kind_length) != 0 ||
            value[kind_length] != '-') {
            continue;
        }
        while (at < length && cx_is_hex(value[at])) {
            at++;
        }
        if (at == length) {
            return true;
        }
    }
    return false;
}

static void append_hash(const redactor_t *redactor, const char *kind, const char *value,
                        size_t length, cx_text_t *out)
{
    uint8_t digest[HASH_HEX_LENGTH / 2];
    char    input[4096];
    size_t  kind_bytes = strlen(kind) + 1;

    if (is_hashed(value, length)) {
        cx_text_append(out, value, length);
        return;
    }
    memcpy(input, kind, kind_bytes);
    const size_t bytes =
        kind_bytes + canonical(kind, value, length, input + kind_bytes, sizeof input - kind_bytes);

    (void)blake2b(digest, input, redactor->key, sizeof digest, bytes, sizeof redactor->key);
    cx_text_format(out, "%s-", kind);
    for (size_t i = 0; i < sizeof digest; i++) {
        cx_text_format(out, "%02x", digest[i]);
    }
}

static bool is_name_at(cx_view_t view, size_t at, const char *name, size_t *length_out)
{
    if (!name || name[0] == '\0' || !cx_view_has_word(view, at, name)) {
        return false;
    }
    const size_t end = at + strlen(name);

    *length_out = end - at;
    return (at == 0 || (!cx_is_alnum(view.text[at - 1]) && view.text[at - 1] != '_')) &&
           (end == view.bytes || (!cx_is_alnum(view.text[end]) && view.text[end] != '_'));
}

/* The owner of a path such as /home/owner/lib. */
static bool is_owner_at(cx_view_t view, size_t at, size_t *length_out)
{
    static const char *const parents[] = {"/home/", "/Users/"};

    for (size_t i = 0; i < COUNT_OF(parents); i++) {
        const size_t parent_length = strlen(parents[i]);
        size_t       end           = at;

        if (at < parent_length || !cx_view_starts(view, at - parent_length, parents[i])) {
            continue;
        }
        while (end < view.bytes && cx_is_name(view.text[end])) {
            end++;
        }
        *length_out = end - at;
        return end > at;
    }
    return false;
}

/* Which name begins at `at`: its kind, or NULL. The longest comes first. */
static const char *name_kind_at(const redactor_t *redactor, cx_view_t view, size_t at,
                                size_t *length_out)
{
    if (is_name_at(view, at, redactor->identity.home, length_out)) {
        return "home";
    }
    if (is_owner_at(view, at, length_out) ||
        is_name_at(view, at, redactor->identity.user, length_out)) {
        return "user";
    }
    if (is_name_at(view, at, redactor->identity.host, length_out) ||
        is_name_at(view, at, redactor->short_host, length_out)) {
        return "host";
    }
    return NULL;
}

/* A hash that stands already (and could contain a short name) is passed over as one word. */
static size_t hashed_word_at(cx_view_t view, size_t at)
{
    size_t end = at;

    if (at > 0 && cx_is_name(view.text[at - 1])) {
        return 0;
    }
    while (end < view.bytes && (cx_is_alnum(view.text[end]) || view.text[end] == '-')) {
        end++;
    }
    return is_hashed(view.text + at, end - at) ? end - at : 0;
}

static void append_without_names(const redactor_t *redactor, cx_view_t view, cx_text_t *out)
{
    size_t at = 0;

    while (at < view.bytes) {
        size_t      length = hashed_word_at(view, at);
        const char *kind   = length > 0 ? NULL : name_kind_at(redactor, view, at, &length);

        if (kind) {
            append_hash(redactor, kind, view.text + at, length, out);
        } else {
            length = length > 0 ? length : 1;
            cx_text_append(out, view.text + at, length);
        }
        at += length;
    }
}

/* Replaces what the scanner finds. The key stands before the value as "key=value", because a
 * scanner reads names as context; hits inside the key are not the value's. */
static void append_without_secrets(const redactor_t *redactor, const char *key, const json_t *value,
                                   cx_text_t *joined, cx_text_t *out)
{
    size_t          scanned = 0;
    size_t          copied  = strlen(key) + 1;
    cx_secret_hit_t hit;

    cx_text_format(joined, "%s=", key);
    cx_text_append(joined, json_string_value(value), json_string_length(value));
    for (;;) {
        cx_secret_find(joined->bytes, joined->length, scanned, &hit);
        if (hit.kind == CX_SECRET_NONE) {
            break;
        }
        scanned = hit.offset_bytes + hit.length_bytes;
        if (hit.offset_bytes < copied) {
            continue;
        }
        cx_text_append(out, joined->bytes + copied, hit.offset_bytes - copied);
        if (cx_secret_identifies(hit.kind)) {
            append_hash(redactor, cx_secret_slug(hit.kind), joined->bytes + hit.offset_bytes,
                        hit.length_bytes, out);
        } else {
            cx_text_format(out, "removed-%s", cx_secret_slug(hit.kind));
        }
        copied = scanned;
    }
    cx_text_append(out, joined->bytes + copied, joined->length - copied);
}

static const char *kind_of_key(const char *key)
{
    for (size_t i = 0; i < COUNT_OF(key_rules); i++) {
        if (strcasecmp(key, key_rules[i].key) == 0) {
            return key_rules[i].kind;
        }
    }
    return NULL;
}

static cx_status_t redact_string(const redactor_t *redactor, const char *key, json_t *value)
{
    const char *kind = kind_of_key(key);
    cx_text_t   joined, clean, out;

    if (json_string_length(value) == 0) {
        return CX_OK;
    }
    cx_text_init(&joined, TEXT_LENGTH_MAX);
    cx_text_init(&clean, TEXT_LENGTH_MAX);
    cx_text_init(&out, TEXT_LENGTH_MAX);
    if (kind) {
        append_hash(redactor, kind, json_string_value(value), json_string_length(value), &out);
    } else {
        append_without_secrets(redactor, key, value, &joined, &clean);
        append_without_names(redactor, (cx_view_t){clean.bytes, clean.length}, &out);
    }
    const bool is_done = !joined.is_cut && !clean.is_cut && !out.is_cut &&
                         json_string_setn(value, out.bytes, out.length) == 0;

    cx_text_fini(&joined);
    cx_text_fini(&clean);
    cx_text_fini(&out);
    return is_done ? CX_OK : CX_FAIL(CX_RESOURCE, "out of memory while redacting \"%s\"", key);
}

static cx_status_t redact_value(const redactor_t *redactor, const char *key, json_t *value,
                                int depth);

/* An element such as "--token" is the name of the next one. */
static cx_status_t redact_array(const redactor_t *redactor, const char *key, json_t *array,
                                int depth)
{
    const char *name = key;
    json_t     *element;
    size_t      index;

    json_array_foreach(array, index, element)
    {
        CX_TRY(redact_value(redactor, name, element, depth));
        const char *text = json_string_value(element);

        name = text && text[0] == '-' ? text : key;
    }
    return CX_OK;
}

/* Depth is bounded: records are ours and shallow, a deeper document is none. */
static cx_status_t redact_value(const redactor_t *redactor, const char *key, json_t *value,
                                int depth)
{
    const char *member_key;
    json_t     *member;

    if (depth > DEPTH_MAX) {
        return CX_FAIL(CX_INVALID, "the document is nested deeper than %d", DEPTH_MAX);
    }
    if (json_is_string(value)) {
        return redact_string(redactor, key, value);
    }
    if (json_is_array(value)) {
        return redact_array(redactor, key, value, depth + 1);
    }
    json_object_foreach(value, member_key, member)
    {
        CX_TRY(redact_value(redactor, member_key, member, depth + 1));
    }
    return CX_OK;
}

static cx_status_t load_key(const char *salt, uint8_t key[CX_SALT_BYTES])
{
    uint8_t bytes[CX_SALT_BYTES];

    if (salt && salt[0] == '\0') {
        return CX_FAIL(CX_INVALID, "the salt is empty");
    }
    if (salt && salt[0] != '/') {
        (void)blake2b(key, salt, NULL, CX_SALT_BYTES, strlen(salt), 0);
        return CX_OK;
    }
    CX_TRY(cx_salt_load(salt, bytes));
    memcpy(key, bytes, sizeof bytes);
    return CX_OK;
}

/* Homes below /home and /Users are found as their owner's; the rest by its whole path. */
static const char *home_to_find(const char *home)
{
    const bool is_found_by_owner =
        home && (strncmp(home, "/home/", 6) == 0 || strncmp(home, "/Users/", 7) == 0);

    return !home || is_found_by_owner || strlen(home) < 2 || strcmp(home, "/root") == 0 ? NULL
                                                                                        : home;
}

cx_status_t cx_redact_as(json_t *document, const char *salt_path_or_text,
                         const cx_identity_t *identity)
{
    const char *host = identity->host && !is_shared_name(identity->host) ? identity->host : NULL;
    const char *user = identity->user && !is_shared_name(identity->user) ? identity->user : NULL;
    redactor_t  redactor = {.identity = {host, user, home_to_find(identity->home)}};

    CX_TRY(load_key(salt_path_or_text, redactor.key));
    (void)snprintf(redactor.short_host, sizeof redactor.short_host, "%.*s",
                   host ? (int)strcspn(host, ".") : 0, host ? host : "");
    if (is_shared_name(redactor.short_host)) {
        redactor.short_host[0] = '\0';
    }
    return redact_value(&redactor, "", document, 0);
}

cx_status_t cx_redact(json_t *document, const char *salt_path_or_text)
{
    char           host[256] = "";
    char           buffer[4096];
    struct passwd  entry;
    struct passwd *found = NULL;
    const char    *user  = getenv("USER");
    const char    *home  = getenv("HOME");

    (void)gethostname(host, sizeof host - 1);
    /* The account database can be far away, so it is asked only when the environment is silent. */
    if (!user || !home) {
        (void)getpwuid_r(geteuid(), &entry, buffer, sizeof buffer, &found);
        user = user || !found ? user : found->pw_name;
        home = home || !found ? home : found->pw_dir;
    }
    return cx_redact_as(document, salt_path_or_text, &(cx_identity_t){host, user, home});
}
