/* SPDX-License-Identifier: Apache-2.0 */
/* The small vocabularies every layer shares: element types, reductions, phases.
 * Not shapes of work (shape.h) and not statuses (status.h). */
#ifndef COLLECTIVEX_TYPES_H
#define COLLECTIVEX_TYPES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define CX_EXPORT __attribute__((visibility("default")))
#else
#define CX_EXPORT
#endif

/* name, slug, bytes of one element */
#define CX_DTYPE_MAP(X)    \
    X(INT8, "int8", 1)     \
    X(UINT8, "uint8", 1)   \
    X(INT16, "int16", 2)   \
    X(UINT16, "uint16", 2) \
    X(INT32, "int32", 4)   \
    X(UINT32, "uint32", 4) \
    X(INT64, "int64", 8)   \
    X(UINT64, "uint64", 8) \
    X(FP16, "fp16", 2)     \
    X(BF16, "bf16", 2)     \
    X(FP32, "fp32", 4)     \
    X(FP64, "fp64", 8)

typedef enum cx_dtype {
#define CX_DTYPE_ENUM(name, slug, bytes) CX_DTYPE_##name,
    CX_DTYPE_MAP(CX_DTYPE_ENUM)
#undef CX_DTYPE_ENUM
        CX_DTYPE_COUNT
} cx_dtype_t;

/* `none` is what an operation without arithmetic carries, so that the key of a case is closed. */
#define CX_REDOP_MAP(X) \
    X(NONE, "none")     \
    X(SUM, "sum")       \
    X(PROD, "prod")     \
    X(MIN, "min")       \
    X(MAX, "max")       \
    X(AVG, "avg")

typedef enum cx_redop {
#define CX_REDOP_ENUM(name, slug) CX_REDOP_##name,
    CX_REDOP_MAP(CX_REDOP_ENUM)
#undef CX_REDOP_ENUM
        CX_REDOP_COUNT
} cx_redop_t;

/* The pieces of work a backend can be asked to enqueue. A collective has one phase. In family ep
 * dispatch sends tokens to the ranks of their experts, stage turns what arrived into what combine
 * reads (bf16; where nothing is to be done it costs nothing), combine brings the rows home. */
#define CX_PHASE_MAP(X)       \
    X(OPERATION, "operation") \
    X(DISPATCH, "dispatch")   \
    X(STAGE, "stage")         \
    X(COMBINE, "combine")

typedef enum cx_phase {
#define CX_PHASE_ENUM(name, slug) CX_PHASE_##name,
    CX_PHASE_MAP(CX_PHASE_ENUM)
#undef CX_PHASE_ENUM
        CX_PHASE_COUNT
} cx_phase_t;

/* How memory must be allocated for a backend to move it (a declared part of the comparison key). */
#define CX_MEMORY_MAP(X) \
    X(PLAIN, "plain")    \
    X(EXPORTABLE, "exportable")

typedef enum cx_memory {
#define CX_MEMORY_ENUM(name, slug) CX_MEMORY_##name,
    CX_MEMORY_MAP(CX_MEMORY_ENUM)
#undef CX_MEMORY_ENUM
        CX_MEMORY_COUNT
} cx_memory_t;

#ifdef __cplusplus
}
#endif
#endif
