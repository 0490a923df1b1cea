/* SPDX-License-Identifier: Apache-2.0 */
/* From a table of who sends how much to whom to the copies that this rank makes. */
#include "device.h"

#include <stdlib.h>

static size_t elem_bytes_of(cx_dtype_t dtype)
{
    static const size_t bytes_of[CX_DTYPE_COUNT] = {
#define BYTES(name, slug, bytes) bytes,
        CX_DTYPE_MAP(BYTES)
#undef BYTES
    };

    return bytes_of[dtype];
}

/* Elements before the block of (sender, receiver): in what is sent, in what is received. */
static int64_t sent_before(const int64_t *counts, int32_t rank_count, int32_t sender,
                           int32_t receiver)
{
    int64_t elems = 0;

    for (int32_t rank = 0; rank < receiver; rank++) {
        elems += counts[(int64_t)sender * rank_count + rank];
    }
    return elems;
}

static int64_t received_before(const int64_t *counts, int32_t rank_count, int32_t sender,
                               int32_t receiver)
{
    int64_t elems = 0;

    for (int32_t rank = 0; rank < sender; rank++) {
        elems += counts[(int64_t)rank * rank_count + receiver];
    }
    return elems;
}

static bool is_mine(const cx_session_t *session, int32_t sender, int32_t receiver)
{
    return session->core->rank == (session->shape.limit == CX_LIMIT_SM_LOAD ? receiver : sender);
}

/* Appends this rank's copies of one slot to `copies` (NULL: none), and counts them. */
static int32_t plan_slot(const cx_session_t *session, const cx_point_t *point,
                         const cx_slot_t *slot, cx_device_copy_t *copies)
{
    const int32_t rank_count = session->core->rank_count;
    const size_t  elem_bytes = elem_bytes_of(session->shape.dtype);
    int32_t       count      = 0;

    for (int32_t pair = 0; pair < rank_count * rank_count; pair++) {
        int32_t sender = pair / rank_count, receiver = pair % rank_count;
        int64_t elems = point->counts[pair];

        if (elems == 0 || !is_mine(session, sender, receiver)) {
            continue;
        }
        if (copies) {
            size_t from =
                slot->send_offset +
                (size_t)sent_before(point->counts, rank_count, sender, receiver) * elem_bytes;
            size_t to =
                slot->recv_offset +
                (size_t)received_before(point->counts, rank_count, sender, receiver) * elem_bytes;

            copies[count] = (cx_device_copy_t){
                .to    = (char *)session->region.bases[receiver] + to,
                .from  = (const char *)session->region.bases[sender] + from,
                .bytes = (size_t)elems * elem_bytes,
            };
        }
        count++;
    }
    return count;
}

cx_status_t cx_device_plan_copies(cx_session_t *session, const cx_point_t *point)
{
    int32_t           count = plan_slot(session, point, &point->slots[0], NULL);
    cx_device_copy_t *copies;

    if (count > CX_DEVICE_COPIES_MAX) {
        return CX_CORE_FAIL(session->core, CX_UNSUPPORTED,
                            "%d copies at once are more than the %d that a device can", count,
                            CX_DEVICE_COPIES_MAX);
    }
    copies = calloc((size_t)point->slot_count * (size_t)count + 1, sizeof *copies);
    if (!copies) {
        return CX_CORE_FAIL(session->core, CX_RESOURCE, "no memory for the copies of %d slots",
                            point->slot_count);
    }
    for (int32_t i = 0; i < point->slot_count; i++) {
        (void)plan_slot(session, point, &point->slots[i], &copies[(size_t)i * (size_t)count]);
    }
    session->copies     = copies;
    session->copy_count = count;
    return CX_OK;
}
