/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of bytes, and stores that go around the caches where the processor has them.
 * Not a replacement of memcpy(), which does all that fits a cache. */
#include "copy.h"

#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
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
#else
static void stream(unsigned char *to, const unsigned char *from, size_t bytes)
{
    memcpy(to, from, bytes);
}
#endif

void cx_hostref_copy(void *to, const void *from, size_t bytes, bool is_streaming)
{
    if (is_streaming) {
        stream(to, from, bytes);
    } else {
        memcpy(to, from, bytes);
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
