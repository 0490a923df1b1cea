/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in memory that nobody has written yet (poison) and around an area (guards).
 * Not the data of an operation (inputs.h of each family). */
#ifndef CX_FAMILY_COMMON_GUARD_H
#define CX_FAMILY_COMMON_GUARD_H

#include "family/common/verdict.h"

#include <stddef.h>
#include <stdint.h>

/* A guard zone of this many bytes lies directly before and directly after every area. */
#define CX_GUARD_BYTES 128u

/* Bytes that depend on the seed and on their distance from `memory`. Every float read from them is
 * a NaN, so that a reduction over memory that was never written cannot look right. */
void cx_poison(void *memory, size_t byte_count, uint64_t seed);
/* The poison bytes [first, first + byte_count) of a memory, without the memory. */
void cx_poison_bytes(uint64_t seed, uint64_t first, size_t byte_count, void *out);

/* Fill both guard zones of the area. `area` is host memory with CX_GUARD_BYTES on either side. */
void cx_guard_write(void *area, size_t area_bytes, uint64_t seed);

/**
 * Compare both guard zones with what cx_guard_write left there.
 * The verdict's sentence names `name` ("send of slot 3"), the side and the offset: how many bytes
 * before the area's start, or past its end; first_index is the offset from the area's start, and
 * wrong_count counts bytes. A right verdict is written as well.
 */
void cx_guard_check(const void *area, size_t area_bytes, uint64_t seed, const char *name,
                    cx_verdict_t *out);

#endif
