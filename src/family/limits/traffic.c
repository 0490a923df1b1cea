/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of traffic. */
#include "family/limits/traffic.h"

#include "model/case.h"

bool cx_limits_size(const cx_shape_t *shape, int32_t rank_count, int64_t wanted_bytes,
                    int64_t *elems)
{
    int64_t unit_bytes = (int64_t)cx_dtype_bytes(shape->dtype);

    if (!cx_limit_moves_bytes(shape->limit)) {
        *elems = 0;
        return true;
    }
    if (shape->limit == CX_LIMIT_SM_STORE_ALL && rank_count > 1) {
        unit_bytes *= rank_count - 1;
    }
    if (wanted_bytes < unit_bytes) {
        return false;
    }
    *elems = wanted_bytes / unit_bytes;
    return true;
}

void cx_limits_traffic(const cx_shape_t *shape, bool do_all_move, int32_t rank_count, int64_t elems,
                       int64_t *counts)
{
    int32_t mover_count = do_all_move ? rank_count : 1;

    for (int32_t mover = 0; mover < mover_count; mover++) {
        int32_t next = (mover + 1) % rank_count;

        switch (shape->limit) {
        case CX_LIMIT_SM_LOAD:
            counts[(int64_t)next * rank_count + mover] = elems;
            break;
        case CX_LIMIT_MEMORY_COPY:
            counts[(int64_t)mover * rank_count + mover] = elems;
            break;
        case CX_LIMIT_SM_STORE_ALL:
            for (int32_t rank = 0; rank < rank_count; rank++) {
                counts[(int64_t)mover * rank_count + rank] = rank == mover ? 0 : elems;
            }
            break;
        default:
            counts[(int64_t)mover * rank_count + next] = elems;
            break;
        }
    }
}

int64_t cx_limits_copied_bytes(const cx_shape_t *shape, int64_t message_bytes)
{
    return shape->family == CX_FAMILY_LIMITS && shape->limit == CX_LIMIT_MEMORY_COPY
               ? 2 * message_bytes
               : message_bytes;
}
