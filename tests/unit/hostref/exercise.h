/* SPDX-License-Identifier: Apache-2.0 */
/* Runs one collective of the loaded plugin on forked ranks and checks every element that arrives.
 * Not a test by itself: test_eager.c and test_direct.c choose the way messages travel. */
#ifndef CX_TESTS_HOSTREF_EXERCISE_H
#define CX_TESTS_HOSTREF_EXERCISE_H

#include "support/fake_core.h"
#include "unit/hostref/load.h"

#include <math.h>

#define EXERCISE_SLOTS 2
#define EXERCISE_POISON 0xa5
#define EXERCISE_BUDGET_NS INT64_C(20000000000)

typedef struct exercise {
    cx_shape_t shape;
    int64_t    elems;
    int64_t    eager_bytes; /* the plugin's only option */
    int64_t    last_cache_bytes;
    int32_t    call_count;
} exercise_t;

/* What one rank keeps while it runs an exercise. */
typedef struct exercise_run {
    const exercise_t *what;
    int32_t           rank, rank_count;
    size_t            elem_bytes;
    int64_t           counts[FAKE_RANKS_MAX * FAKE_RANKS_MAX];
    int64_t           send_elems, recv_elems;
    cx_slot_t         slots[EXERCISE_SLOTS];
    cx_point_t        point;
} exercise_run_t;

static const size_t exercise_elem_bytes[CX_DTYPE_COUNT] = {
#define BYTES(name, slug, bytes) [CX_DTYPE_##name] = (bytes),
    CX_DTYPE_MAP(BYTES)
#undef BYTES
};

/* A 16-bit float made from a double in another way than the plugin's: through its fraction. */
static inline uint16_t exercise_half(double value, int fraction_bits, int bias)
{
    int          exponent;
    const double fraction = frexp(fabs(value), &exponent); /* [0.5, 1) */
    const double kept     = nearbyint(ldexp(fraction, fraction_bits + 1));
    const int    sign     = signbit(value) ? 0x8000 : 0;

    if (value == 0.0) {
        return (uint16_t)sign;
    }
    /* `kept` carries the hidden bit, which adds the missing one to the exponent. */
    return (uint16_t)(sign + ((exponent - 2 + bias) << fraction_bits) + (int)kept);
}

static inline void exercise_store(cx_dtype_t dtype, double value, void *to)
{
    const int64_t integer = (int64_t)value; /* toward zero */
    const float   single  = (float)value;
    uint16_t      half;

    switch (dtype) {
    case CX_DTYPE_FP64:
        memcpy(to, &value, sizeof value);
        return;
    case CX_DTYPE_FP32:
        memcpy(to, &single, sizeof single);
        return;
    case CX_DTYPE_FP16:
    case CX_DTYPE_BF16:
        half =
            dtype == CX_DTYPE_FP16 ? exercise_half(single, 10, 15) : exercise_half(single, 7, 127);
        memcpy(to, &half, sizeof half);
        return;
    default: /* little-endian: the low bytes are the wrapped integer */
        memcpy(to, &integer, exercise_elem_bytes[dtype]);
    }
}

/* Small numbers of every sign the type has, that differ from rank to rank and call to call. */
static inline double exercise_value(const exercise_run_t *run, int32_t rank, int32_t call,
                                    int64_t index)
{
    const cx_dtype_t dtype     = run->what->shape.dtype;
    const bool       is_signed = dtype != CX_DTYPE_UINT8 && dtype != CX_DTYPE_UINT16 &&
                           dtype != CX_DTYPE_UINT32 && dtype != CX_DTYPE_UINT64;
    const int64_t mixed = (int64_t)rank * 5 + (int64_t)call * 3 + index * 7 + index / 11;

    return (double)(mixed % 6 - (is_signed ? 2 : 0));
}

static inline double exercise_reduced(const exercise_run_t *run, int32_t call, int64_t index)
{
    double result = exercise_value(run, 0, call, index);

    for (int32_t rank = 1; rank < run->rank_count; rank++) {
        const double value = exercise_value(run, rank, call, index);

        switch (run->what->shape.redop) {
        case CX_REDOP_PROD:
            result *= value;
            break;
        case CX_REDOP_MIN:
            result = value < result ? value : result;
            break;
        case CX_REDOP_MAX:
            result = value > result ? value : result;
            break;
        default:
            result += value;
        }
    }
    return run->what->shape.redop == CX_REDOP_AVG ? result / run->rank_count : result;
}

static inline double exercise_expected_v(const exercise_run_t *run, int32_t call, int64_t index)
{
    const int32_t n    = run->rank_count;
    int32_t       from = 0;
    int64_t       skip = 0;

    while (index >= run->counts[from * n + run->rank]) {
        index -= run->counts[from * n + run->rank];
        from++;
    }
    for (int32_t to = 0; to < run->rank; to++) {
        skip += run->counts[from * n + to];
    }
    return exercise_value(run, from, call, skip + index);
}

static inline double exercise_expected(const exercise_run_t *run, int32_t call, int64_t index)
{
    const int64_t elems = run->what->elems;
    const int32_t root  = run->what->shape.root_rank;

    switch (run->what->shape.op) {
    case CX_COLLECTIVE_ALL_REDUCE:
    case CX_COLLECTIVE_REDUCE:
        return exercise_reduced(run, call, index);
    case CX_COLLECTIVE_REDUCE_SCATTER:
        return exercise_reduced(run, call, run->rank * elems + index);
    case CX_COLLECTIVE_ALL_GATHER:
    case CX_COLLECTIVE_GATHER:
        return exercise_value(run, (int32_t)(index / elems), call, index % elems);
    case CX_COLLECTIVE_ALL_TO_ALL:
        return exercise_value(run, (int32_t)(index / elems), call,
                              run->rank * elems + index % elems);
    case CX_COLLECTIVE_ALL_TO_ALL_V:
        return exercise_expected_v(run, call, index);
    case CX_COLLECTIVE_SCATTER:
        return exercise_value(run, root, call, run->rank * elems + index);
    case CX_COLLECTIVE_SEND_RECV:
        return exercise_value(run, (run->rank + run->rank_count - 1) % run->rank_count, call,
                              index);
    default:
        return exercise_value(run, root, call, index);
    }
}

static inline int64_t exercise_sum_v(exercise_run_t *run, bool is_sender)
{
    const int32_t n   = run->rank_count;
    int64_t       sum = 0;

    for (int32_t other = 0; other < n; other++) {
        sum += is_sender ? run->counts[run->rank * n + other] : run->counts[other * n + run->rank];
    }
    return sum;
}

/* How much this rank sends and receives; the table of all_to_all_v has zeros off and on its
 * diagonal. */
static inline void exercise_measure(exercise_run_t *run)
{
    const exercise_t *what = run->what;
    const int32_t     n = run->rank_count, is_root = run->rank == what->shape.root_rank;
    const int64_t     all = what->elems * n;

    for (int32_t i = 0; i < n * n; i++) {
        run->counts[i] = i % 3 == 1 ? 0 : what->elems * (1 + i % 5) / 5;
    }
    run->send_elems = run->recv_elems = what->elems;
    switch (what->shape.op) {
    case CX_COLLECTIVE_ALL_GATHER:
        run->recv_elems = all;
        break;
    case CX_COLLECTIVE_GATHER:
        run->recv_elems = is_root ? all : 0;
        break;
    case CX_COLLECTIVE_REDUCE_SCATTER:
        run->send_elems = all;
        break;
    case CX_COLLECTIVE_SCATTER:
        run->send_elems = is_root ? all : 0;
        break;
    case CX_COLLECTIVE_ALL_TO_ALL:
        run->send_elems = run->recv_elems = all;
        break;
    case CX_COLLECTIVE_ALL_TO_ALL_V:
        run->send_elems = exercise_sum_v(run, true);
        run->recv_elems = exercise_sum_v(run, false);
        break;
    case CX_COLLECTIVE_REDUCE:
        run->recv_elems = is_root ? what->elems : 0;
        break;
    case CX_COLLECTIVE_BROADCAST:
        run->send_elems = is_root ? what->elems : 0;
        run->recv_elems = is_root ? 0 : what->elems;
        break;
    default:
        break;
    }
}

/* Slots of the largest buffers any rank needs, so that offsets are the same on all. */
static inline cx_status_t exercise_lay_out(exercise_run_t *run, cx_device_t *device)
{
    const cx_shape_t *shape  = &run->what->shape;
    const size_t      most   = (size_t)run->what->elems * (size_t)run->rank_count;
    const size_t      buffer = (most * run->elem_bytes + 511) / 256 * 256;
    const size_t      own    = (size_t)run->rank * (size_t)run->what->elems * run->elem_bytes;
    const size_t      step   = shape->is_in_place ? 0 : buffer;
    const size_t      bytes  = EXERCISE_SLOTS * (buffer + step);
    unsigned char    *region;
    cx_status_t       status;

    run->point = (cx_point_t){.elems         = run->what->elems,
                              .message_bytes = (int64_t)(most * run->elem_bytes),
                              .slot_count    = EXERCISE_SLOTS,
                              .slots         = run->slots,
                              .region_bytes  = bytes,
                              .memory        = CX_MEMORY_EXPORTABLE,
                              .counts        = run->counts};
    status     = fake_alloc(device, bytes, CX_MEMORY_EXPORTABLE, &run->point.region);
    if (status != CX_OK) {
        return status;
    }
    region = run->point.region;
    for (int32_t i = 0; i < EXERCISE_SLOTS; i++) {
        cx_slot_t *slot = &run->slots[i];
        const bool gather =
            shape->op == CX_COLLECTIVE_ALL_GATHER || shape->op == CX_COLLECTIVE_GATHER;
        const bool scatter =
            shape->op == CX_COLLECTIVE_REDUCE_SCATTER || shape->op == CX_COLLECTIVE_SCATTER;

        slot->send_offset = (size_t)i * (buffer + step);
        slot->recv_offset = slot->send_offset + step;
        slot->send        = region + slot->send_offset + (shape->is_in_place && gather ? own : 0);
        slot->recv        = region + slot->recv_offset + (shape->is_in_place && scatter ? own : 0);
    }
    return CX_OK;
}

static inline void exercise_fill(const exercise_run_t *run, const cx_slot_t *slot, int32_t call)
{
    unsigned char *send = (unsigned char *)(uintptr_t)slot->send;

    if (!run->what->shape.is_in_place) {
        memset(slot->recv, EXERCISE_POISON, (size_t)run->recv_elems * run->elem_bytes);
    }
    for (int64_t i = 0; i < run->send_elems; i++) {
        exercise_store(run->what->shape.dtype, exercise_value(run, run->rank, call, i),
                       send + (size_t)i * run->elem_bytes);
    }
}

static inline int exercise_check(const exercise_run_t *run, const cx_slot_t *slot, int32_t call)
{
    for (int64_t i = 0; i < run->recv_elems; i++) {
        unsigned char        expected[8] = {0};
        const unsigned char *got = (const unsigned char *)slot->recv + (size_t)i * run->elem_bytes;

        exercise_store(run->what->shape.dtype, exercise_expected(run, call, i), expected);
        if (memcmp(got, expected, run->elem_bytes) != 0) {
            const cx_shape_t *shape = &run->what->shape;

            (void)fprintf(stderr,
                          "op %d dtype %d redop %d in place %d elems %lld eager %lld: rank %d of "
                          "%d call %d element %lld\n",
                          (int)shape->op, (int)shape->dtype, (int)shape->redop, shape->is_in_place,
                          (long long)run->what->elems, (long long)run->what->eager_bytes, run->rank,
                          run->rank_count, call, (long long)i);
            return 1;
        }
    }
    return 0;
}

static inline int exercise_call(const exercise_run_t *run, const cx_backend_ops_t *ops,
                                cx_session_t *session, int32_t call)
{
    /* Mostly the same slot, so that it is reused at once. */
    const int32_t    slot_index = call % 5 == 4;
    const cx_slot_t *slot       = &run->slots[slot_index];

    exercise_fill(run, slot, call);
    if (ops->enqueue(session, CX_PHASE_OPERATION, slot_index, NULL) != CX_OK) {
        (void)fprintf(stderr, "rank %d: %s\n", run->rank, fake_detail_text);
        return 1;
    }
    return exercise_check(run, slot, call);
}

/* One rank's part. No host synchronisation between calls: ranks may run ahead of each other. */
static inline int exercise_rank(fake_core_t *fake, const cx_backend_ops_t *ops,
                                const exercise_t *what)
{
    exercise_run_t run          = {.what       = what,
                                   .rank       = fake->core.rank,
                                   .rank_count = fake->core.rank_count,
                                   .elem_bytes = exercise_elem_bytes[what->shape.dtype]};
    cx_session_t  *session      = NULL;
    int            failed_count = 0;

    fake->device.last_cache_bytes = what->last_cache_bytes;
    exercise_measure(&run);
    if (exercise_lay_out(&run, &fake->device) != CX_OK ||
        ops->open(&fake->core, &what->shape, &what->eager_bytes, &session) != CX_OK ||
        ops->prepare(session, &run.point) != CX_OK) {
        (void)fprintf(stderr, "rank %d: %s\n", run.rank, fake_detail_text);
        return 1;
    }
    for (int32_t call = 0; call < what->call_count && failed_count == 0; call++) {
        failed_count += exercise_call(&run, ops, session, call);
    }
    ops->release(session);
    ops->close(session);
    fake_free(&fake->device, run.point.region);
    return failed_count + (fake->device.export_count != 0);
}

#endif
