/* SPDX-License-Identifier: Apache-2.0 */
/* Memory filled with its content, or compared with it, on the device.
 * Not what a content is: collectivex/content.h, which the host shares. Included by kernels.cu.
 *
 * The blocks of a span lie along x, the spans along y. Memory is taken in pairs of words from the
 * first address on that is aligned to that; what is left over at both ends, byte by byte. */

struct gpu_cut {
    unsigned char *memory;
    uint64_t       head_bytes, pair_count, edge_bytes; /* the edges are head and tail */
};

__device__ static inline gpu_cut gpu_cut_span(const cx_span_t &span)
{
    gpu_cut cut;

    cut.memory     = (unsigned char *)span.memory;
    cut.head_bytes = (16 - (uintptr_t)span.memory % 16) % 16;
    if (cut.head_bytes > span.byte_count) {
        cut.head_bytes = span.byte_count;
    }
    cut.pair_count = (span.byte_count - cut.head_bytes) / 16;
    cut.edge_bytes = span.byte_count - 16 * cut.pair_count;
    return cut;
}

/* Where the i-th byte of the edges is. */
__device__ static inline uint64_t gpu_edge_at(const gpu_cut &cut, uint64_t i)
{
    return i < cut.head_bytes ? i : i + 16 * cut.pair_count;
}

__device__ static inline ulonglong2 gpu_pair_at(const cx_content_t &content,
                                                const uint64_t *rank_words, uint64_t byte_index)
{
    uint64_t   word_index = byte_index / 8;
    unsigned   shift      = (unsigned)(byte_index % 8) * 8;
    ulonglong2 pair;

    pair.x = cx_content_word(&content, rank_words, word_index);
    pair.y = cx_content_word(&content, rank_words, word_index + 1);
    if (shift != 0) {
        pair.x = pair.x >> shift | pair.y << (64 - shift);
        pair.y = pair.y >> shift | cx_content_word(&content, rank_words, word_index + 2)
                                       << (64 - shift);
    }
    return pair;
}

/* All threads of a block call it. */
__device__ static inline void gpu_make_rank_words(const cx_content_t &content, uint64_t *rank_words)
{
    int rank_count = cx_content_rank_count(&content);

    for (int i = (int)threadIdx.x; i < rank_count && i < CX_CONTENT_RANK_WORDS;
         i += (int)blockDim.x) {
        rank_words[i] = cx_content_rank_word(&content, i);
    }
    __syncthreads();
}

/* What follows is compiled once for each kind of recipe, which is a constant there. */

template <int kind> struct gpu_filler {
    __device__ static void run(cx_span_t span, const uint64_t *rank_words, gpu_finding *)
    {
        const gpu_cut cut   = gpu_cut_span(span);
        ulonglong2   *pairs = (ulonglong2 *)(cut.memory + cut.head_bytes);
        uint64_t      first = span.content.first_byte;

        span.content.recipe.kind = (cx_recipe_kind_t)kind;
        for (uint64_t i = gpu_first_index(); i < cut.pair_count; i += gpu_index_step()) {
            pairs[i] = gpu_pair_at(span.content, rank_words, first + cut.head_bytes + 16 * i);
        }
        for (uint64_t i = gpu_first_index(); i < cut.edge_bytes; i += gpu_index_step()) {
            uint64_t at = gpu_edge_at(cut, i);

            cut.memory[at] = (unsigned char)cx_content_at(&span.content, rank_words, first + at);
        }
    }
};

/* Adds the bytes that are not zero in the difference of two words which lie `at` their span.
 * Called, as it takes registers that what is right can use. */
__device__ static __noinline__ void gpu_note(uint64_t difference, uint64_t at, gpu_finding *own)
{
    for (; difference != 0; difference >>= 8, at++) {
        if ((difference & 0xff) != 0) {
            own->wrong_count++;
            own->nearness = ~at > own->nearness ? ~at : own->nearness;
        }
    }
}

template <int kind> struct gpu_verifier {
    __device__ static void run(cx_span_t span, const uint64_t *rank_words, gpu_finding *own)
    {
        const gpu_cut     cut   = gpu_cut_span(span);
        const ulonglong2 *pairs = (const ulonglong2 *)(cut.memory + cut.head_bytes);
        uint64_t          first = span.content.first_byte;

        span.content.recipe.kind = (cx_recipe_kind_t)kind;
        for (uint64_t i = gpu_first_index(); i < cut.pair_count; i += gpu_index_step()) {
            uint64_t   at    = cut.head_bytes + 16 * i;
            ulonglong2 seen  = pairs[i];
            ulonglong2 right = gpu_pair_at(span.content, rank_words, first + at);

            if (seen.x != right.x || seen.y != right.y) {
                gpu_note(seen.x ^ right.x, at, own);
                gpu_note(seen.y ^ right.y, at + 8, own);
            }
        }
        for (uint64_t i = gpu_first_index(); i < cut.edge_bytes; i += gpu_index_step()) {
            uint64_t at    = gpu_edge_at(cut, i);
            uint64_t right = cx_content_at(&span.content, rank_words, first + at);

            gpu_note((cut.memory[at] ^ right) & 0xff, at, own);
        }
    }
};

template <template <int> class worker>
__device__ static inline void gpu_work(const cx_span_t &span, uint64_t *rank_words,
                                       gpu_finding *own)
{
    gpu_make_rank_words(span.content, rank_words);
    switch (span.content.recipe.kind) {
    case CX_RECIPE_NONE:
        worker<CX_RECIPE_NONE>::run(span, rank_words, own);
        break;
    case CX_RECIPE_ORDER:
        worker<CX_RECIPE_ORDER>::run(span, rank_words, own);
        break;
    case CX_RECIPE_COUNT:
        worker<CX_RECIPE_COUNT>::run(span, rank_words, own);
        break;
    case CX_RECIPE_FACTOR:
        worker<CX_RECIPE_FACTOR>::run(span, rank_words, own);
        break;
    default:
        worker<CX_RECIPE_ODD>::run(span, rank_words, own);
        break;
    }
}

/* Registers for four blocks on a multiprocessor: with fewer, memory waits for arithmetic. */
#define GPU_CONTENT_BOUNDS __launch_bounds__(GPU_CONTENT_THREADS, 4)

extern "C" __global__ void GPU_CONTENT_BOUNDS cx_gpu_fill(struct gpu_spans_params params)
{
    __shared__ uint64_t rank_words[CX_CONTENT_RANK_WORDS];

    gpu_work<gpu_filler>(params.spans[blockIdx.y], rank_words, NULL);
}

/* Adds what is wrong in spans[y] to findings[y], which the host has zeroed. */
extern "C" __global__ void GPU_CONTENT_BOUNDS cx_gpu_verify(struct gpu_spans_params params,
                                                            struct gpu_finding     *findings)
{
    __shared__ uint64_t           rank_words[CX_CONTENT_RANK_WORDS];
    __shared__ unsigned long long wrong_count, nearness;
    gpu_finding                   own = {0, 0};

    if (threadIdx.x == 0) {
        wrong_count = 0;
        nearness    = 0;
    }
    gpu_work<gpu_verifier>(params.spans[blockIdx.y], rank_words, &own);
    if (own.wrong_count > 0) {
        atomicAdd(&wrong_count, own.wrong_count);
        atomicMax(&nearness, own.nearness);
    }
    __syncthreads();
    if (threadIdx.x == 0 && wrong_count > 0) {
        atomicAdd(&findings[blockIdx.y].wrong_count, wrong_count);
        atomicMax(&findings[blockIdx.y].nearness, nearness);
    }
}
