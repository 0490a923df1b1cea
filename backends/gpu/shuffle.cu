/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels of a token shuffle, the all-to-all way to do expert parallelism: who gets what, rows
 * into messages, messages into rows, and the sum of what came home. Written once; what compilers
 * call differently is in names.inl of the device's folder. Nothing here crosses a link: a library
 * moves the messages between dispatch's and combine's halves. */
#ifdef __HIP__
#include "../../devices/hip/names.inl"
#else
#include "../../devices/cuda/names.inl"
#endif
#include "shuffle_params.inl"

typedef struct gpu_shuffle_params params_t;

#define PIECE_ELEMS 8

/* A block of threads copies; memory that is not aligned for it is copied by elements of bf16. */
__device__ static void gpu_copy(void *to, const void *from, unsigned long long bytes)
{
    if (((unsigned long long)to | (unsigned long long)from | bytes) % GPU_SHUFFLE_PIECE_BYTES ==
        0) {
        for (unsigned long long i = threadIdx.x; i < bytes / GPU_SHUFFLE_PIECE_BYTES;
             i += blockDim.x) {
            ((uint4 *)to)[i] = ((const uint4 *)from)[i];
        }
        return;
    }
    for (unsigned long long i = threadIdx.x; i < bytes / 2; i += blockDim.x) {
        ((unsigned short *)to)[i] = ((const unsigned short *)from)[i];
    }
}

__device__ static inline unsigned char *gpu_block_for(const params_t *params, int peer)
{
    unsigned char *box = peer == params->rank ? params->inbox : params->outbox;

    return box + peer * params->block_bytes;
}

__device__ static inline const unsigned char *gpu_block_from(const params_t *params, int peer)
{
    return params->inbox + peer * params->block_bytes;
}

__device__ static inline unsigned char *gpu_row_at(const params_t *params, unsigned long long row)
{
    return params->rows + row * GPU_SHUFFLE_ROW_BYTES(params->hidden_elems);
}

/* ---- dispatch, before the messages travel --------------------------------------------------- */

__device__ static inline bool gpu_goes_to(const params_t *params, int token, int peer)
{
    const int *experts = params->experts + (long long)token * params->topk;
    bool       goes    = false;

    for (int k = 0; k < params->topk; k++) {
        goes |= experts[k] / params->local_expert_count == peer;
    }
    return goes;
}

/* Block p plans what rank p gets: a thread counts its share of the tokens, which lie next to each
 * other, and gives them the places behind those of the threads before it. So places are in the
 * order of tokens, every time. */
extern "C" __global__ void cx_gpu_shuffle_plan(params_t params)
{
    __shared__ int sums[GPU_SHUFFLE_PLAN_THREADS];
    const int      peer = (int)blockIdx.x, thread = (int)threadIdx.x, threads = (int)blockDim.x;
    const int      share = (params.token_count + threads - 1) / threads;
    const int      first = thread * share;
    const int      end   = first + share < params.token_count ? first + share : params.token_count;
    int            count = 0, place;

    for (int token = first; token < end; token++) {
        count += gpu_goes_to(&params, token, peer);
    }
    sums[thread] = count;
    __syncthreads();
    for (int step = 1; step < threads; step *= 2) {
        const int before = thread >= step ? sums[thread - step] : 0;

        __syncthreads();
        sums[thread] += before;
        __syncthreads();
    }
    place = sums[thread] - count;
    for (int token = first; token < end; token++) {
        params.positions[(long long)token * params.rank_count + peer] =
            gpu_goes_to(&params, token, peer) ? place++ : -1;
    }
    if (thread == threads - 1) {
        *(int *)gpu_block_for(&params, peer) = sums[thread];
    }
    for (int i = thread; peer == params.rank && i < params.local_expert_count; i += threads) {
        params.expert_counts[i] = 0;
    }
}

/* A row with what its rank has to know of it. */
__device__ static void gpu_pack_row(const params_t *params, long long token, int peer,
                                    unsigned char *row)
{
    int   *experts = (int *)(row + GPU_SHUFFLE_ROW_BYTES(params->hidden_elems));
    float *gates   = (float *)(experts + params->topk);

    gpu_copy(row, params->x + token * params->hidden_elems, 2ull * (unsigned)params->hidden_elems);
    for (int k = (int)threadIdx.x; k < params->topk; k += (int)blockDim.x) {
        const int  expert  = params->experts[token * params->topk + k];
        const bool is_here = expert / params->local_expert_count == peer;

        experts[k] = is_here ? expert : -1;
        gates[k]   = is_here ? params->gates[token * params->topk + k] : 0.0f;
    }
}

/* Block t takes token t to every rank that gets it. */
extern "C" __global__ void cx_gpu_shuffle_pack(params_t params)
{
    const unsigned long long out_bytes = GPU_SHUFFLE_OUT_BYTES(params.hidden_elems, params.topk);
    const long long          token     = blockIdx.x;

    for (int peer = 0; peer < params.rank_count; peer++) {
        const int place = params.positions[token * params.rank_count + peer];

        if (place >= 0) {
            gpu_pack_row(&params, token, peer,
                         gpu_block_for(&params, peer) + GPU_SHUFFLE_HEADER_BYTES +
                             place * out_bytes);
        }
    }
}

/* ---- dispatch, after ------------------------------------------------------------------------ */

/* Block (i, p) takes row i of what rank p sent to its place behind the rows of lower ranks. */
extern "C" __global__ void cx_gpu_shuffle_unpack(params_t params)
{
    const int            source = (int)blockIdx.y, index = (int)blockIdx.x;
    const unsigned char *block = gpu_block_from(&params, source);
    const int            count = *(const int *)block;
    const unsigned char *from  = block + GPU_SHUFFLE_HEADER_BYTES +
                                index * GPU_SHUFFLE_OUT_BYTES(params.hidden_elems, params.topk);
    const int   *experts = (const int *)(from + GPU_SHUFFLE_ROW_BYTES(params.hidden_elems));
    const float *gates   = (const float *)(experts + params.topk);
    long long    row     = index;

    if (index == 0 && threadIdx.x == 0) {
        params.source_counts[source] = count;
    }
    if (index >= count) {
        return;
    }
    for (int lower = 0; lower < source; lower++) {
        row += *(const int *)gpu_block_from(&params, lower);
    }
    gpu_copy(gpu_row_at(&params, row), from, GPU_SHUFFLE_ROW_BYTES(params.hidden_elems));
    for (int k = (int)threadIdx.x; k < params.topk; k += (int)blockDim.x) {
        const int local = experts[k] - params.rank * params.local_expert_count;

        params.row_experts[row * params.topk + k] = experts[k];
        params.row_gates[row * params.topk + k]   = gates[k];
        /* A message that never came must not lead out of the table. */
        if ((unsigned)local < (unsigned)params.local_expert_count) {
            atomicAdd(&params.expert_counts[local], 1);
        }
    }
}

/* ---- combine -------------------------------------------------------------------------------- */

/* Block (i, p) takes the i-th row that rank p sent to where it travels home from. */
extern "C" __global__ void cx_gpu_shuffle_return(params_t params)
{
    const int                source = (int)blockIdx.y, index = (int)blockIdx.x;
    const unsigned long long row_bytes = GPU_SHUFFLE_ROW_BYTES(params.hidden_elems);
    long long                row       = index;

    if (index >= params.source_counts[source]) {
        return;
    }
    for (int lower = 0; lower < source; lower++) {
        row += params.source_counts[lower];
    }
    gpu_copy(gpu_block_for(&params, source) + index * row_bytes, gpu_row_at(&params, row),
             row_bytes);
}

__device__ static inline float gpu_widen(unsigned short half)
{
    return __uint_as_float((unsigned)half << 16);
}

/* To the nearest, ties to even; a NaN stays one. */
__device__ static inline unsigned short gpu_narrow(float value)
{
    const unsigned bits = __float_as_uint(value);

    if ((bits & 0x7fffffffu) > 0x7f800000u) {
        return (unsigned short)(bits >> 16 | 0x0040u);
    }
    return (unsigned short)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

/* Eight elements, as the device loads and stores them at once. */
typedef union gpu_piece {
    uint4          word;
    unsigned short elems[PIECE_ELEMS];
} gpu_piece_t;

/* domain-fp32 of include/collectivex/ep.h, of one piece of a token's rows. */
__device__ static gpu_piece_t gpu_sum_piece(const params_t *params, long long token, int piece)
{
    const unsigned long long row_bytes          = GPU_SHUFFLE_ROW_BYTES(params->hidden_elems);
    float                    total[PIECE_ELEMS] = {0}, domain[PIECE_ELEMS] = {0};
    gpu_piece_t              out;

    for (int peer = 0; peer < params->rank_count; peer++) {
        const int place = params->positions[token * params->rank_count + peer];

        if (place >= 0) {
            gpu_piece_t one;

            one.word = ((const uint4 *)(gpu_block_from(params, peer) + place * row_bytes))[piece];
#pragma unroll
            for (int i = 0; i < PIECE_ELEMS; i++) {
                domain[i] += gpu_widen(one.elems[i]);
            }
        }
        if ((peer + 1) % params->domain_rank_count == 0 || peer + 1 == params->rank_count) {
#pragma unroll
            for (int i = 0; i < PIECE_ELEMS; i++) {
                total[i] += gpu_widen(gpu_narrow(domain[i]));
                domain[i] = 0;
            }
        }
    }
#pragma unroll
    for (int i = 0; i < PIECE_ELEMS; i++) {
        out.elems[i] = gpu_narrow(total[i]);
    }
    return out;
}

/* Block t adds up what came home of token t. */
extern "C" __global__ void cx_gpu_shuffle_sum(params_t params)
{
    const long long token       = blockIdx.x;
    unsigned short *to          = params.combined + token * params.hidden_elems;
    const int       piece_count = (params.hidden_elems + PIECE_ELEMS - 1) / PIECE_ELEMS;
    const bool      is_aligned  = ((unsigned long long)to % GPU_SHUFFLE_PIECE_BYTES) == 0;

    for (int piece = (int)threadIdx.x; piece < piece_count; piece += (int)blockDim.x) {
        const int         first = piece * PIECE_ELEMS;
        const gpu_piece_t sum   = gpu_sum_piece(&params, token, piece);

        if (is_aligned && first + PIECE_ELEMS <= params.hidden_elems) {
            ((uint4 *)to)[piece] = sum.word;
            continue;
        }
        for (int i = 0; i < PIECE_ELEMS && first + i < params.hidden_elems; i++) {
            to[first + i] = sum.elems[i];
        }
    }
}
