/* SPDX-License-Identifier: Apache-2.0 */
/* Reduction loops of fp16 with the conversion instructions of x86 (F16C), found when loaded.
 * Not needed for a right answer: half.c has the same loops for any processor. */
#include "reduce.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>
#include <string.h>

#define LANES 8u
#define F16C __attribute__((target("avx,f16c")))

/* What is left of an array after its whole blocks goes through one on the stack. Out of line, lest
 * the loops set that up for every block. */
F16C __attribute__((noinline)) static __m256 load_rest(const uint16_t *from, size_t left_count)
{
    uint16_t block[LANES] = {0};

    memcpy(block, from, left_count * sizeof *from);
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)block));
}

F16C __attribute__((noinline)) static void store_rest(uint16_t *to, __m128i value,
                                                      size_t left_count)
{
    uint16_t block[LANES];

    _mm_storeu_si128((__m128i *)(void *)block, value);
    memcpy(to, block, left_count * sizeof *to);
}

F16C static inline __m256 load_fp16(const uint16_t *from, size_t left_count)
{
    if (left_count < LANES) {
        return load_rest(from, left_count);
    }
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)from));
}

F16C static inline void store_fp16(uint16_t *to, __m256 value, size_t left_count)
{
    const __m128i rounded = _mm256_cvtps_ph(value, _MM_FROUND_TO_NEAREST_INT);

    if (left_count < LANES) {
        store_rest(to, rounded, left_count);
        return;
    }
    _mm_storeu_si128((__m128i *)(void *)to, rounded);
}

/* Arrays of float hold whole blocks (reduce.c), so that only those of fp16 can end early. */
#define PAIR(op, vector_op)                                                                \
    F16C static void op##_pair(void *out, const void *a, const void *b, size_t elem_count) \
    {                                                                                      \
        uint16_t       *to     = out;                                                      \
        const uint16_t *from_a = a, *from_b = b;                                           \
        for (size_t i = 0; i < elem_count; i += LANES) {                                   \
            const __m256 x = load_fp16(from_a + i, elem_count - i);                        \
            const __m256 y = load_fp16(from_b + i, elem_count - i);                        \
            store_fp16(to + i, vector_op(x, y), elem_count - i);                           \
        }                                                                                  \
    }

#define LOOPS(op, vector_op)                                                               \
    PAIR(op, vector_op)                                                                    \
    F16C static void op##_into(void *out, const void *a, const void *b, size_t elem_count) \
    {                                                                                      \
        float          *to     = out;                                                      \
        const float    *from_a = a;                                                        \
        const uint16_t *from_b = b;                                                        \
        for (size_t i = 0; i < elem_count; i += LANES) {                                   \
            const __m256 y = load_fp16(from_b + i, elem_count - i);                        \
            _mm256_storeu_ps(to + i, vector_op(_mm256_loadu_ps(from_a + i), y));           \
        }                                                                                  \
    }

F16C static inline __m256 average(__m256 x, __m256 y)
{
    return _mm256_mul_ps(_mm256_add_ps(x, y), _mm256_set1_ps(0.5f));
}

LOOPS(sum, _mm256_add_ps)
LOOPS(prod, _mm256_mul_ps)
LOOPS(min, _mm256_min_ps)
LOOPS(max, _mm256_max_ps)
PAIR(avg, average)

F16C static void widen(void *out, const void *a, size_t elem_count)
{
    float          *to   = out;
    const uint16_t *from = a;

    for (size_t i = 0; i < elem_count; i += LANES) {
        _mm256_storeu_ps(to + i, load_fp16(from + i, elem_count - i));
    }
}

F16C static void narrow(void *out, const void *a, size_t elem_count)
{
    uint16_t    *to   = out;
    const float *from = a;

    for (size_t i = 0; i < elem_count; i += LANES) {
        store_fp16(to + i, _mm256_loadu_ps(from + i), elem_count - i);
    }
}

bool cx_hostref_half_init_f16c(cx_hostref_reducer_t *reducer, cx_redop_t redop)
{
    static const cx_hostref_combine_fn pairs[CX_REDOP_COUNT] = {
        [CX_REDOP_SUM] = sum_pair, [CX_REDOP_PROD] = prod_pair, [CX_REDOP_MIN] = min_pair,
        [CX_REDOP_MAX] = max_pair, [CX_REDOP_AVG] = avg_pair,
    };
    static const cx_hostref_combine_fn combines[CX_REDOP_COUNT] = {
        [CX_REDOP_SUM] = sum_into, [CX_REDOP_PROD] = prod_into, [CX_REDOP_MIN] = min_into,
        [CX_REDOP_MAX] = max_into, [CX_REDOP_AVG] = sum_into,
    };

    /* Every processor with AVX2 has F16C, which clang 14 cannot be asked about. */
    if (!__builtin_cpu_supports("avx2")) {
        return false;
    }
    reducer->pair    = pairs[redop];
    reducer->combine = combines[redop];
    reducer->widen   = widen;
    reducer->narrow  = narrow;
    return true;
}

#else

bool cx_hostref_half_init_f16c(cx_hostref_reducer_t *reducer, cx_redop_t redop)
{
    (void)reducer;
    (void)redop;
    return false;
}

#endif
