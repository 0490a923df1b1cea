/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of bytes: stores that go around the caches, and the processor's own copy instruction,
 * where it has them. Not a replacement of memcpy(), which does what fits the nearest caches. */
#include "copy.h"

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <emmintrin.h>

#define LINE_BYTES 64u

/* Whole lines only, else each costs a read of memory after all. Weakly ordered: the fence makes
 * them visible before the flag that announces them. */
static void stream_lines(unsigned char *to, const unsigned char *from, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += LINE_BYTES) {
        const __m128i *in  = (const __m128i *)(const void *)(from + at);
        __m128i       *out = (__m128i *)(void *)(to + at);
        const __m128i  a = _mm_loadu_si128(in), b = _mm_loadu_si128(in + 1);
        const __m128i  c = _mm_loadu_si128(in + 2), d = _mm_loadu_si128(in + 3);

        _mm_stream_si128(out, a);
        _mm_stream_si128(out + 1, b);
        _mm_stream_si128(out + 2, c);
        _mm_stream_si128(out + 3, d);
    }
    _mm_sfence();
}

static void stream(unsigned char *to, const unsigned char *from, size_t bytes)
{
    const size_t unaligned = (LINE_BYTES - (uintptr_t)to % LINE_BYTES) % LINE_BYTES;
    const size_t head      = unaligned < bytes ? unaligned : bytes;
    const size_t body      = (bytes - head) / LINE_BYTES * LINE_BYTES;

    memcpy(to, from, head);
    stream_lines(to + head, from + head, body);
    memcpy(to + head + body, from + head + body, bytes - head - body);
}

/* "Enhanced rep movsb" is bit 9 of ebx of leaf 7. Asked once, when the plugin is loaded: a virtual
 * machine traps each question, for longer than a short message takes. */
#define LEAF_FEATURES 7u
#define EBX_ERMS (1u << 9)
static bool has_string_copy;

__attribute__((constructor)) static void find_string_copy(void)
{
    unsigned int a, b, c, d;

    has_string_copy = __get_cpuid_count(LEAF_FEATURES, 0, &a, &b, &c, &d) && (b & EBX_ERMS);
}

/* From here on the instruction wins over memcpy(), which stops using it at the size of the second
 * cache: by a quarter to a third at 0.5 to 16 MiB on a Zen 5. docs/speed.md has the table. */
#define STRING_BYTES_MIN (64u << 10)

static void keep(void *to, const void *from, size_t bytes)
{
    if (!has_string_copy || bytes < STRING_BYTES_MIN) {
        memcpy(to, from, bytes);
        return;
    }
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
}
#else
static void stream(unsigned char *to, const unsigned char *from, size_t bytes)
{
    memcpy(to, from, bytes);
}

static void keep(void *to, const void *from, size_t bytes)
{
    memcpy(to, from, bytes);
}
#endif

void cx_hostref_copy(void *to, const void *from, size_t bytes, bool is_streaming)
{
    if (is_streaming) {
        stream(to, from, bytes);
    } else {
        keep(to, from, bytes);
    }
}

void cx_hostref_swap(void *a, void *b, size_t bytes)
{
    unsigned char  bounce[4096];
    unsigned char *x = a, *y = b;

    for (size_t at = 0; at < bytes; at += sizeof bounce) {
        const size_t left = bytes - at;
        const size_t part = left < sizeof bounce ? left : sizeof bounce;

        memcpy(bounce, x + at, part);
        memcpy(x + at, y + at, part);
        memcpy(y + at, bounce, part);
    }
}
