/* SPDX-License-Identifier: Apache-2.0 */
/* Hand-written finders of addresses, with the rules that tell them from versions and digests. */
#include "target/address.h"

#include <arpa/inet.h>
#include <string.h>

#define MAC_PAIRS 6
#define IP6_TEXT_MAX 45

static char char_at(cx_view_t view, size_t at)
{
    if (at >= view.bytes) {
        return '\0';
    }
    return view.text[at];
}

/* Whether the character before `at` is none of these kinds, so that a word can begin here. */
static bool begins(cx_view_t view, size_t at, const char *not_after)
{
    return at == 0 || (!cx_is_alnum(view.text[at - 1]) &&
                       !(view.text[at - 1] != '\0' && strchr(not_after, view.text[at - 1])));
}

static size_t hex_run(cx_view_t view, size_t at)
{
    size_t end = at;

    while (cx_is_hex(char_at(view, end))) {
        end++;
    }
    return end - at;
}

/* Length of groups of so many hex digits, ended by 0; or 0. */
static size_t hex_groups(cx_view_t view, size_t at, char separator, const size_t *lengths)
{
    size_t end = at;

    for (const size_t *length = lengths; *length > 0; length++) {
        if (length != lengths && char_at(view, end++) != separator) {
            return 0;
        }
        if (hex_run(view, end) != *length) {
            return 0;
        }
        end += *length;
    }
    return end - at;
}

bool cx_guid_find(cx_view_t view, size_t at, cx_secret_hit_t *out)
{
    static const size_t uuid[] = {8, 4, 4, 4, 12, 0};
    static const size_t guid[] = {4, 4, 4, 4, 0};
    const bool   is_gpu      = cx_view_starts(view, at, "GPU-") || cx_view_starts(view, at, "MIG-");
    const size_t uuid_length = is_gpu ? hex_groups(view, at + 4, '-', uuid) : 0;

    if (!begins(view, at, ":")) {
        return false;
    }
    if (uuid_length > 0) {
        *out = (cx_secret_hit_t){CX_SECRET_GUID, at, uuid_length + 4};
        return true;
    }
    const size_t length = hex_groups(view, at, ':', guid);

    if (length == 0 || char_at(view, at + length) == ':' ||
        cx_is_alnum(char_at(view, at + length))) {
        return false;
    }
    *out = (cx_secret_hit_t){CX_SECRET_GUID, at, length};
    return true;
}

/* All zero (loopback) and all ones (broadcast) name no device. */
static bool is_nobodys(cx_view_t view, size_t at, size_t length)
{
    const char first = view.text[at];

    for (size_t i = at; i < at + length; i++) {
        if (cx_is_hex(view.text[i]) && view.text[i] != first) {
            return false;
        }
    }
    return strchr("0fF", first) != NULL;
}

bool cx_mac_find(cx_view_t view, size_t at, cx_secret_hit_t *out)
{
    const char separator = char_at(view, at + 2);
    size_t     pairs     = 0;
    size_t     end       = at;

    if ((separator != ':' && separator != '-') || !begins(view, at, ":-")) {
        return false;
    }
    while (hex_run(view, end) == 2) {
        pairs++;
        end += 2;
        if (char_at(view, end) != separator || hex_run(view, end + 1) != 2) {
            break;
        }
        end++;
    }
    const bool is_bounded = char_at(view, end) != separator && !cx_is_alnum(char_at(view, end));

    if (!is_bounded || pairs < MAC_PAIRS || (separator == '-' && pairs > MAC_PAIRS) ||
        is_nobodys(view, at, end - at)) {
        return false;
    }
    *out = (cx_secret_hit_t){CX_SECRET_MAC, at, end - at};
    return true;
}

/* The characters of an IPv6 address from `at` on, without the end of a sentence. */
static size_t copy_ip6(cx_view_t view, size_t at, char text[IP6_TEXT_MAX + 1])
{
    size_t length = 0;

    while (length < IP6_TEXT_MAX) {
        const char c = char_at(view, at + length);

        if (!cx_is_hex(c) && c != ':' && c != '.') {
            break;
        }
        text[length++] = c;
    }
    while (length > 0 && text[length - 1] == '.') {
        length--;
    }
    text[length] = '\0';
    return length;
}

/* Words of hex letters around "::" are C++ and no address: one digit is asked for. */
bool cx_ip6_find(cx_view_t view, size_t at, cx_secret_hit_t *out)
{
    char            text[IP6_TEXT_MAX + 1];
    struct in6_addr address;

    if (!begins(view, at, ":._")) {
        return false;
    }
    const size_t length = copy_ip6(view, at, text);

    if (length == 0 || cx_is_alnum(char_at(view, at + length)) || !strpbrk(text, "0123456789") ||
        inet_pton(AF_INET6, text, &address) != 1 || IN6_IS_ADDR_LOOPBACK(&address) ||
        IN6_IS_ADDR_UNSPECIFIED(&address)) {
        return false;
    }
    *out = (cx_secret_hit_t){CX_SECRET_IP, at, length};
    return true;
}

/* Four numbers up to 255 without leading zeros; their length, or 0. */
static size_t quad_length(cx_view_t view, size_t at, int octets[4])
{
    size_t end = at;

    for (int i = 0; i < 4; i++) {
        const size_t from  = end;
        int          value = 0;

        while (char_at(view, end) >= '0' && char_at(view, end) <= '9' && end - from < 4) {
            value = value * 10 + (view.text[end++] - '0');
        }
        if (end == from || value > 255 || (view.text[from] == '0' && end - from > 1)) {
            return 0;
        }
        octets[i] = value;
        if (i < 3 && char_at(view, end++) != '.') {
            return 0;
        }
    }
    return end - at;
}

static bool ends_with(cx_view_t view, size_t from, size_t end, const char *word)
{
    const size_t length = strlen(word);

    return end - from >= length && cx_view_has_word(view, end - length, word) &&
           (end - from == length || strchr("_-.", view.text[end - length - 1]));
}

/* Whether the word before a quad is about software: "driver_version": "1.2.3.4", cuDNN 8.9.2.26. */
static bool follows_version_word(cx_view_t view, size_t at)
{
    static const char *const words[] = {"version", "ver",   "driver",   "firmware", "fw",
                                        "release", "build", "revision", "cudnn",    "tensorrt",
                                        "nccl",    "rccl",  "cuda",     "rocm"};
    size_t                   end     = at;

    while (end > 0 && strchr(" \t\"'\\=:(", view.text[end - 1])) {
        end--;
    }
    size_t from = end;

    while (from > 0 && cx_is_name(view.text[from - 1])) {
        from--;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (ends_with(view, from, end, words[i])) {
            return true;
        }
    }
    return false;
}

/* Whether a quad that ends at `end` goes on as a longer number, a file's name or a suffix: -rc1. */
static bool goes_on(cx_view_t view, size_t end)
{
    const char next  = char_at(view, end);
    const char after = char_at(view, end + 1);

    return cx_is_alnum(next) || next == '_' || next == '+' || (next == '.' && cx_is_alnum(after)) ||
           (next == '-' && cx_is_alnum(after) && after > '9');
}

/* This network, loopback, and netmasks: no machine's address. */
static bool is_no_machine(const int octets[4])
{
    return octets[0] == 0 || octets[0] == 127 || octets[0] == 255;
}

bool cx_ip4_find(cx_view_t view, size_t at, cx_secret_hit_t *out)
{
    int          octets[4];
    const size_t length = begins(view, at, "-_.") ? quad_length(view, at, octets) : 0;

    if (length == 0 || goes_on(view, at + length) || is_no_machine(octets) ||
        follows_version_word(view, at)) {
        return false;
    }
    *out = (cx_secret_hit_t){CX_SECRET_IP, at, length};
    return true;
}

/* The length of "host.domain.tld", or 0: a top level has two letters or more and no digit, and the
 * first label has a letter, so package@1.2.3 is none. */
static size_t domain_length(cx_view_t view, size_t at)
{
    size_t end = at, label = at, letters = 0, first_letters = 0;

    for (;; end++) {
        const char c = char_at(view, end);

        if (c == '.' && end > label && cx_is_alnum(char_at(view, end + 1))) {
            first_letters = label == at ? letters : first_letters;
            label         = end + 1;
            letters       = 0;
        } else if (cx_is_alnum(c) || c == '-') {
            letters += c >= 'A' ? 1 : 0;
        } else {
            break;
        }
    }
    const bool has_top = label > at && end - label >= 2 && letters == end - label;

    return has_top && first_letters > 0 ? end - at : 0;
}

bool cx_email_find(cx_view_t view, size_t at, cx_secret_hit_t *out)
{
    size_t end = at;

    if (!begins(view, at, "._%+-")) {
        return false;
    }
    while (cx_is_name(char_at(view, end)) || char_at(view, end) == '+' ||
           char_at(view, end) == '%') {
        end++;
    }
    if (end == at || char_at(view, end) != '@' || cx_view_starts(view, at, "git@")) {
        return false;
    }
    const size_t domain = domain_length(view, end + 1);

    if (domain == 0) {
        return false;
    }
    *out = (cx_secret_hit_t){CX_SECRET_EMAIL, at, end + 1 + domain - at};
    return true;
}
