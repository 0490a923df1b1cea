/* SPDX-License-Identifier: Apache-2.0 */
/* Hand-written scanners for credentials: what a secret looks like, and what its name looks like.
 * Addresses are in address.c. */
#include "target/secret.h"

#include "target/address.h"
#include "target/view.h"

#include "base/fail.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define DISTINCT_CHARACTERS_MIN 8 /* fewer is a placeholder: "hf_xxxxxxxx" */
#define NAMED_LENGTH_MIN 20
#define NAMED_HEX_LENGTH_MIN 32
#define NAMED_ENTROPY_BITS_MIN 3.5 /* per character: words have less, random base64 more */
#define BEARER_LENGTH_MIN 16

static const char *const kind_slugs[CX_SECRET_COUNT] = {
#define SLUG(name, slug, identifies) slug,
    CX_SECRET_MAP(SLUG)
#undef SLUG
};

static const bool kind_identifies[CX_SECRET_COUNT] = {
#define IDENTIFIES(name, slug, identifies) identifies,
    CX_SECRET_MAP(IDENTIFIES)
#undef IDENTIFIES
};

const char *cx_secret_slug(cx_secret_kind_t kind)
{
    return kind_slugs[kind];
}

bool cx_secret_identifies(cx_secret_kind_t kind)
{
    return kind_identifies[kind];
}

/* The shape of a service's token: a prefix, then at least (or exactly) so many of these. */
typedef struct token_shape {
    const char *prefix;
    const char *also; /* characters allowed beside letters and digits */
    size_t      length_min;
    bool        is_exact, is_upper;
} token_shape_t;

static const token_shape_t token_shapes[] = {
    {"AKIA", "", 16, true, true},           /* AWS */
    {"ASIA", "", 16, true, true},           /* AWS, temporary */
    {"AIza", "_-", 35, true, false},        /* Google API key */
    {"ya29.", "_-.", 20, false, false},     /* Google OAuth */
    {"ghp_", "", 36, false, false},         /* GitHub */
    {"gho_", "", 36, false, false},         /**/
    {"ghu_", "", 36, false, false},         /**/
    {"ghs_", "", 36, false, false},         /**/
    {"ghr_", "", 36, false, false},         /**/
    {"github_pat_", "_", 22, false, false}, /**/
    {"glpat-", "_-", 20, false, false},     /* GitLab */
    {"hf_", "", 30, false, false},          /* Hugging Face */
    {"xoxa-", "-", 10, false, false},       /* Slack */
    {"xoxb-", "-", 10, false, false},       /**/
    {"xoxp-", "-", 10, false, false},       /**/
    {"xoxr-", "-", 10, false, false},       /**/
    {"xoxs-", "-", 10, false, false},       /**/
    {"sk-", "_-", 32, false, false},        /* OpenAI, Anthropic */
    {"nvapi-", "_-", 20, false, false},     /* NVIDIA NGC */
    {"dckr_pat_", "_-", 20, false, false},  /* Docker */
    {"npm_", "", 36, true, false},          /**/
    {"pypi-", "_-", 40, false, false},      /**/
    {"eyJ", "_-.", 40, false, false},       /* JSON web token */
};

static bool is_placeholder(cx_view_t view, size_t at, size_t length)
{
    static const char *const words[] = {"removed-", "null", "none", "true", "false"};

    if (length == 0 || strchr("*<$%{", view.text[at])) {
        return true;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const size_t word_length = strlen(words[i]);

        if (length >= word_length && cx_view_has_word(view, at, words[i]) &&
            (i == 0 || length == word_length)) {
            return true;
        }
    }
    return false;
}

static size_t distinct_count(cx_view_t view, size_t at, size_t length)
{
    bool   seen[256] = {false};
    size_t count     = 0;

    for (size_t i = 0; i < length; i++) {
        bool *slot = &seen[(unsigned char)view.text[at + i]];

        count += *slot ? 0 : 1;
        *slot = true;
    }
    return count;
}

static size_t token_length(cx_view_t view, size_t at, const token_shape_t *shape)
{
    if (!cx_view_starts(view, at, shape->prefix)) {
        return 0;
    }
    const size_t prefix_length = strlen(shape->prefix);
    size_t       end           = at + prefix_length;

    while (end < view.bytes &&
           (cx_is_alnum(view.text[end]) ||
            (view.text[end] != '\0' && strchr(shape->also, view.text[end]))) &&
           !(shape->is_upper && view.text[end] >= 'a')) {
        end++;
    }
    const size_t length = end - at - prefix_length;

    if (length < shape->length_min || (shape->is_exact && length != shape->length_min) ||
        distinct_count(view, at + prefix_length, length) < DISTINCT_CHARACTERS_MIN) {
        return 0;
    }
    return end - at;
}

static bool find_token(cx_view_t view, size_t at, cx_secret_hit_t *out)
{
    if (at > 0 && (cx_is_alnum(view.text[at - 1]) || view.text[at - 1] == '_')) {
        return false;
    }
    for (size_t i = 0; i < sizeof token_shapes / sizeof token_shapes[0]; i++) {
        const size_t length = token_length(view, at, &token_shapes[i]);

        if (length > 0) {
            *out = (cx_secret_hit_t){CX_SECRET_TOKEN, at, length};
            return true;
        }
    }
    return false;
}

/* From BEGIN to the end of the END line, or of the text where that is missing. */
static bool find_private_key(cx_view_t view, size_t at, cx_secret_hit_t *out)
{
    static const char begin[] = "-----BEGIN ";
    static const char end[]   = "-----END ";

    if (!cx_view_starts(view, at, begin)) {
        return false;
    }
    size_t label = at + sizeof begin - 1;

    while (label < view.bytes && (cx_is_alnum(view.text[label]) || view.text[label] == ' ') &&
           !cx_view_starts(view, label, "PRIVATE KEY")) {
        label++;
    }
    if (!cx_view_starts(view, label, "PRIVATE KEY")) {
        return false;
    }
    const char *last = memmem(view.text + label, view.bytes - label, end, sizeof end - 1);
    size_t      stop = last ? (size_t)(last - view.text) + sizeof end - 1 : view.bytes;

    while (stop < view.bytes && (cx_is_alnum(view.text[stop]) || strchr(" -", view.text[stop]))) {
        stop++;
    }
    *out = (cx_secret_hit_t){CX_SECRET_PRIVATE_KEY, at, stop - at};
    return true;
}

/* scheme://user:password@ */
static bool find_url_password(cx_view_t view, size_t at, cx_secret_hit_t *out)
{
    size_t colon = 0;

    if (!cx_view_starts(view, at, "://")) {
        return false;
    }
    for (size_t i = at + 3; i < view.bytes && !strchr("/ \t\r\n\"'", view.text[i]); i++) {
        if (view.text[i] == ':' && colon == 0) {
            colon = i;
        }
        if (view.text[i] == '@' && colon > 0 && !is_placeholder(view, colon + 1, i - colon - 1)) {
            *out = (cx_secret_hit_t){CX_SECRET_PASSWORD, colon + 1, i - colon - 1};
            return true;
        }
    }
    return false;
}

static bool is_bearer_character(char c)
{
    return cx_is_alnum(c) || (c != '\0' && strchr("._~+/=-", c));
}

static bool find_bearer(cx_view_t view, size_t at, cx_secret_hit_t *out)
{
    static const char word[] = "bearer ";
    const size_t      from   = at + sizeof word - 1;
    size_t            end    = from;

    if (!cx_view_has_word(view, at, word) || (at > 0 && cx_is_alnum(view.text[at - 1]))) {
        return false;
    }
    while (end < view.bytes && is_bearer_character(view.text[end])) {
        end++;
    }
    if (end - from < BEARER_LENGTH_MIN ||
        distinct_count(view, from, end - from) < DISTINCT_CHARACTERS_MIN) {
        return false;
    }
    *out = (cx_secret_hit_t){CX_SECRET_BEARER, from, end - from};
    return true;
}

/* Shannon's entropy of the characters' frequencies. */
static double entropy_bits(cx_view_t view, size_t at, size_t length)
{
    uint32_t counts[256] = {0};
    double   bits        = 0.0;

    for (size_t i = 0; i < length; i++) {
        counts[(unsigned char)view.text[at + i]]++;
    }
    for (size_t i = 0; i < 256; i++) {
        if (counts[i] > 0) {
            const double share = (double)counts[i] / (double)length;

            bits -= share * log2(share);
        }
    }
    return bits;
}

/* One unbroken run of base64 or hex. Dashes and underscores break it, so that slugs made of words,
 * and UUIDs, are none; a path begins with a slash and is none either. */
static bool is_random_run(cx_view_t view, size_t at, size_t length)
{
    bool has_digit = false, has_other = false;

    if (length < NAMED_LENGTH_MIN || view.text[at] == '/') {
        return false;
    }
    for (size_t i = at; i < at + length; i++) {
        const char c = view.text[i];

        has_digit = has_digit || (c >= '0' && c <= '9');
        has_other = has_other || !cx_is_hex(c);
    }
    if (!has_other) {
        return length >= NAMED_HEX_LENGTH_MIN &&
               distinct_count(view, at, length) >= DISTINCT_CHARACTERS_MIN;
    }
    return has_digit && entropy_bits(view, at, length) >= NAMED_ENTROPY_BITS_MIN;
}

static bool is_random(cx_view_t view, size_t at, size_t length)
{
    size_t run = at;

    for (size_t i = at; i < at + length; i++) {
        const char c = view.text[i];

        if (!cx_is_alnum(c) && !strchr("+/=", c)) {
            if (is_random_run(view, run, i - run)) {
                return true;
            }
            run = i + 1;
        }
    }
    return is_random_run(view, run, at + length - run);
}

/* A name is judged by its words: parts between '_', '-' and '.'. */
static bool name_has(cx_view_t view, const cx_pair_t *pair, const char *const words[],
                     size_t word_count)
{
    for (size_t i = 0; i < word_count; i++) {
        for (size_t at = pair->name_at; at < pair->name_at + pair->name_length; at++) {
            if (at + strlen(words[i]) <= pair->name_at + pair->name_length &&
                cx_view_has_word(view, at, words[i])) {
                return true;
            }
        }
    }
    return false;
}

#define NAME_HAS(view, pair, words) \
    name_has((view), (pair), (words), sizeof(words) / sizeof((words)[0]))

/* `name=value`, `"name": "value"`, `--name value`: decided by the name, and for most by the value.
 */
static bool find_named(cx_view_t view, size_t at, cx_secret_hit_t *out)
{
    static const char *const password_words[] = {"password", "passwd", "passphrase"};
    static const char *const secret_words[]   = {"token", "secret", "key", "credential", "auth"};
    static const char *const digest_words[]   = {"sha1",       "sha2",        "sha5",  "digest",
                                                 "hash",       "checksum",    "blake", "commit",
                                                 "comparison", "fingerprint", "public"};
    cx_pair_t                pair;

    if (!cx_view_pair(view, at, &pair) || is_placeholder(view, pair.value_at, pair.value_length)) {
        return false;
    }
    if (find_token(view, pair.value_at, out)) {
        return true;
    }
    if (NAME_HAS(view, &pair, password_words)) {
        *out = (cx_secret_hit_t){CX_SECRET_PASSWORD, pair.value_at, pair.value_length};
        return true;
    }
    if (!NAME_HAS(view, &pair, secret_words) || NAME_HAS(view, &pair, digest_words) ||
        !is_random(view, pair.value_at, pair.value_length)) {
        return false;
    }
    *out = (cx_secret_hit_t){CX_SECRET_NAMED, pair.value_at, pair.value_length};
    return true;
}

/* Inside a word nothing begins but a key's dashes and the colon behind a URL's scheme. */
static bool can_begin(cx_view_t view, size_t at)
{
    return at == 0 || !cx_is_alnum(view.text[at - 1]) || view.text[at] == '-' ||
           view.text[at] == ':';
}

void cx_secret_find(const char *text, size_t bytes, size_t from_bytes, cx_secret_hit_t *out)
{
    static bool (*const finders[])(cx_view_t view, size_t at, cx_secret_hit_t * out) = {
        find_private_key, find_token,  find_url_password, find_named,  find_bearer,
        cx_guid_find,     cx_mac_find, cx_ip6_find,       cx_ip4_find, cx_email_find,
    };
    const cx_view_t view = {text, bytes};

    for (size_t at = from_bytes; at < bytes; at++) {
        for (size_t i = 0; can_begin(view, at) && i < sizeof finders / sizeof finders[0]; i++) {
            if (finders[i](view, at, out)) {
                return;
            }
        }
    }
    *out = (cx_secret_hit_t){CX_SECRET_NONE, 0, 0};
}

cx_status_t cx_secret_scan(const char *text, size_t bytes, cx_secret_hit_t *out)
{
    if (!text && bytes > 0) {
        return CX_FAIL(CX_INVALID, "there is no text to scan");
    }
    cx_secret_find(text, bytes, 0, out);
    return CX_OK;
}
