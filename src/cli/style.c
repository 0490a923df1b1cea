/* SPDX-License-Identifier: Apache-2.0 */
/* What a stream can show, and text made fit for it. Knows nothing of what is printed. */
#include "cli/style.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_MIN 20
#define WIDTH_MAX 10000

/* "" when it is not set. */
static const char *value_of(const char *variable)
{
    const char *value = getenv(variable);

    return value ? value : "";
}

static bool is_set(const char *variable)
{
    return *value_of(variable) != '\0';
}

static bool is_forced(const char *variable)
{
    return is_set(variable) && strcmp(value_of(variable), "0") != 0;
}

static bool is_dumb(void)
{
    return strcmp(value_of("TERM"), "dumb") == 0;
}

static bool decide_color(cx_color_t color, bool is_terminal)
{
    if (color != CX_COLOR_AUTO) {
        return color == CX_COLOR_ALWAYS;
    }
    if (is_set("NO_COLOR")) {
        return false;
    }
    if (is_forced("FORCE_COLOR") || is_forced("CLICOLOR_FORCE")) {
        return true;
    }
    return is_terminal && !is_dumb();
}

static int32_t keep_width(long column_count)
{
    column_count = column_count < WIDTH_MIN ? WIDTH_MIN : column_count;
    return (int32_t)(column_count > WIDTH_MAX ? WIDTH_MAX : column_count);
}

/* 0 when the window does not say. */
static int32_t window_column_count(FILE *stream)
{
    struct winsize window;

    if (ioctl(fileno(stream), TIOCGWINSZ, &window) != 0) {
        return 0;
    }
    return window.ws_col;
}

static long asked_column_count(const cx_style_request_t *request)
{
    if (request->column_count > 0) {
        return (long)request->column_count;
    }
    return strtol(value_of("COLUMNS"), NULL, 10);
}

void cx_style_init(cx_style_t *style, FILE *stream, const cx_style_request_t *request)
{
    const long asked = asked_column_count(request);

    style->is_terminal  = isatty(fileno(stream)) == 1;
    style->is_colored   = decide_color(request->color, style->is_terminal);
    style->is_utf8      = !request->is_ascii && strcasecmp(nl_langinfo(CODESET), "UTF-8") == 0;
    style->is_live      = style->is_terminal && !is_dumb() && !is_set("CI");
    style->is_width_set = asked > 0;
    style->column_count = keep_width(asked > 0 ? asked : CX_WIDTH_DEFAULT);
    style->column_count = cx_style_column_count_now(style, stream);
}

void cx_style_init_lines(cx_style_t *style)
{
    cx_style_init(style, stdout, &(cx_style_request_t){0});
    if (!style->is_terminal && !style->is_width_set) {
        style->column_count = INT32_MAX;
    }
}

int32_t cx_style_column_count_now(const cx_style_t *style, FILE *stream)
{
    const int32_t window =
        style->is_terminal && !style->is_width_set ? window_column_count(stream) : 0;

    return window > 0 ? keep_width(window) : style->column_count;
}

const char *cx_style_glyph(const cx_style_t *style, cx_glyph_t glyph)
{
    static const char *const glyphs[CX_GLYPH_COUNT][2] = {
        [CX_GLYPH_BEST] = {">", ">"},    [CX_GLYPH_TIE] = {"~", "≈"},
        [CX_GLYPH_CAVEAT] = {"!", "!"},  [CX_GLYPH_FAILED] = {"x", "x"},
        [CX_GLYPH_MICRO] = {"us", "µs"}, [CX_GLYPH_PLUS_MINUS] = {"+-", "±"},
        [CX_GLYPH_DOT] = {"|", "·"},     [CX_GLYPH_ELLIPSIS] = {"...", "…"},
    };

    return glyphs[glyph][style->is_utf8];
}

/* 16-colour codes without backgrounds: readable on white and on black. */
static const char *sgr_of(const cx_style_t *style, cx_meaning_t meaning)
{
    static const char *const codes[CX_MEANING_COUNT] = {
        [CX_MEANING_PLAIN] = "",          [CX_MEANING_BEST] = "\033[32m",
        [CX_MEANING_CAVEAT] = "\033[33m", [CX_MEANING_FAILED] = "\033[31m",
        [CX_MEANING_DIM] = "\033[2m",     [CX_MEANING_BOLD] = "\033[1m",
        [CX_MEANING_PATH] = "\033[36m",
    };

    return style->is_colored ? codes[meaning] : "";
}

void cx_style_put(FILE *out, const cx_style_t *style, cx_meaning_t meaning, const char *text)
{
    const char *sgr = sgr_of(style, meaning);

    fprintf(out, "%s%s%s", sgr, text, *sgr ? "\033[0m" : "");
}

/* Bytes of the UTF-8 sequence that starts here and its code point; 0 when it is broken.
 * Source: RFC 3629, section 4 (overlong forms and surrogates are broken). */
static size_t decode(const unsigned char *bytes, uint32_t *code_out)
{
    static const uint32_t least_of[5] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char   first       = bytes[0];
    size_t   count = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t code  = count == 1 ? first : first & (0x7fU >> count);

    for (size_t i = 1; i < count; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return 0;
        }
        code = code << 6 | (bytes[i] & 0x3f);
    }
    if (code < least_of[count] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
        return 0;
    }
    *code_out = code;
    return count;
}

typedef struct range {
    uint32_t first, last;
} range_t;

static bool is_within(const range_t *ranges, size_t count, uint32_t code)
{
    for (size_t i = 0; i < count; i++) {
        if (code >= ranges[i].first && code <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

#define IS_WITHIN(ranges, code) is_within(ranges, sizeof(ranges) / sizeof(ranges)[0], code)

static bool is_hostile(uint32_t code)
{
    static const range_t controls[] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0x061c, 0x061c}, {0x200e, 0x200f},
        {0x2028, 0x202e}, {0x2066, 0x2069}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
    };

    return IS_WITHIN(controls, code);
}

char *cx_style_clean(const cx_style_t *style, const char *text, char *out, size_t out_bytes)
{
    const unsigned char *bytes  = (const unsigned char *)text;
    size_t               length = 0;

    while (*bytes) {
        uint32_t   code  = 0;
        size_t     count = decode(bytes, &code);
        const bool is_safe =
            count == 1 ? !is_hostile(code) : count > 1 && style->is_utf8 && !is_hostile(code);
        const size_t kept = is_safe ? count : 1;

        if (length + kept >= out_bytes) {
            break;
        }
        memcpy(out + length, is_safe ? (const char *)bytes : "?", kept);
        length += kept;
        bytes += count ? count : 1;
    }
    out[length] = '\0';
    return out;
}

/* Source: Unicode 15, general categories Mn and Cf (common blocks) and East Asian Width W and F. */
static int32_t code_cell_count(uint32_t code)
{
    static const range_t combining[] = {
        {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x064b, 0x065f},
        {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200d}, {0x20d0, 0x20ff},
        {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff},
    };
    static const range_t wide[] = {
        {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xac00, 0xd7a3},
        {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
        {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1faff}, {0x20000, 0x3fffd},
    };

    if (IS_WITHIN(combining, code)) {
        return 0;
    }
    return IS_WITHIN(wide, code) ? 2 : 1;
}

int32_t cx_style_cell_count(const char *text)
{
    const unsigned char *bytes      = (const unsigned char *)text;
    int32_t              cell_count = 0;

    while (*bytes) {
        uint32_t code  = '?';
        size_t   count = decode(bytes, &code);

        cell_count += code_cell_count(code);
        bytes += count ? count : 1;
    }
    return cell_count;
}

static bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

/* Whether a line may end after the first `end` bytes, whole words: a number stays with its unit. */
static bool may_end(const char *text, size_t end)
{
    return !text[end] || !is_digit(text[end - 1]) || is_digit(text[end + 1]) ||
           text[end + 1] == '(';
}

/* Bytes of the longest run of whole words that fits; of one word, if not even that fits. */
static size_t line_length(const char *text, int32_t room_count)
{
    size_t fitting = 0;

    for (size_t i = 0; text[i];) {
        char   word[1024];
        size_t end = i + strspn(text + i, " ");

        end += strcspn(text + end, " ");

        const size_t length = end - i < sizeof word ? end - i : sizeof word - 1;

        memcpy(word, text + i, length);
        word[length] = '\0';
        room_count -= cx_style_cell_count(word);
        if (room_count < 0 && fitting > 0) {
            break;
        }
        if (end > 0 && may_end(text, end)) {
            fitting = end;
        }
        i = end;
    }
    return fitting;
}

void cx_style_wrap(FILE *out, const cx_style_t *style, cx_meaning_t meaning, int32_t begun_count,
                   int32_t indent_count, const char *text)
{
    const char *sgr         = *text ? sgr_of(style, meaning) : "";
    int32_t     blank_count = 0;

    do {
        const size_t length = line_length(text, style->column_count - begun_count);

        fprintf(out, "%*s%s%.*s%s\n", (int)blank_count, "", sgr, (int)length, text,
                *sgr ? "\033[0m" : "");
        text += length;
        text += strspn(text, " ");
        begun_count = blank_count = indent_count;
    } while (*text);
}
