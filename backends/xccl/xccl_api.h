/* SPDX-License-Identifier: Apache-2.0 */
/* The small part of NCCL's interface that is called here, declared by ourselves: RCCL's is the
 * same. Not a vendor header: tests/unit/xccl compares it with nccl.h where there is one. */
#ifndef CX_BACKENDS_XCCL_API_H
#define CX_BACKENDS_XCCL_API_H

#include "collectivex/device.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define XCCL_VERSION(major, minor, patch)                                \
    ((major) <= 2 && (minor) <= 8 ? (major)*1000 + (minor)*100 + (patch) \
                                  : (major)*10000 + (minor)*100 + (patch))

/* our name, theirs, value */
#define XCCL_RESULT_MAP(X)                             \
    X(SUCCESS, ncclSuccess, 0)                         \
    X(UNHANDLED_CUDA_ERROR, ncclUnhandledCudaError, 1) \
    X(SYSTEM_ERROR, ncclSystemError, 2)                \
    X(INTERNAL_ERROR, ncclInternalError, 3)            \
    X(INVALID_ARGUMENT, ncclInvalidArgument, 4)        \
    X(INVALID_USAGE, ncclInvalidUsage, 5)              \
    X(REMOTE_ERROR, ncclRemoteError, 6)                \
    X(IN_PROGRESS, ncclInProgress, 7)

typedef enum xccl_result {
#define XCCL_RESULT_ENUM(name, theirs, value) XCCL_##name = (value),
    XCCL_RESULT_MAP(XCCL_RESULT_ENUM)
#undef XCCL_RESULT_ENUM
} xccl_result_t;

/* cx_dtype_t, theirs, value, first version that has it. There are no 16-bit integers. */
#define XCCL_DTYPE_MAP(X)                           \
    X(INT8, ncclInt8, 0, XCCL_VERSION(2, 0, 0))     \
    X(UINT8, ncclUint8, 1, XCCL_VERSION(2, 0, 0))   \
    X(INT32, ncclInt32, 2, XCCL_VERSION(2, 0, 0))   \
    X(UINT32, ncclUint32, 3, XCCL_VERSION(2, 0, 0)) \
    X(INT64, ncclInt64, 4, XCCL_VERSION(2, 0, 0))   \
    X(UINT64, ncclUint64, 5, XCCL_VERSION(2, 0, 0)) \
    X(FP16, ncclFloat16, 6, XCCL_VERSION(2, 0, 0))  \
    X(FP32, ncclFloat32, 7, XCCL_VERSION(2, 0, 0))  \
    X(FP64, ncclFloat64, 8, XCCL_VERSION(2, 0, 0))  \
    X(BF16, ncclBfloat16, 9, XCCL_VERSION(2, 10, 0))

/* cx_redop_t, theirs, value, first version that has it */
#define XCCL_REDOP_MAP(X)                       \
    X(SUM, ncclSum, 0, XCCL_VERSION(2, 0, 0))   \
    X(PROD, ncclProd, 1, XCCL_VERSION(2, 0, 0)) \
    X(MAX, ncclMax, 2, XCCL_VERSION(2, 0, 0))   \
    X(MIN, ncclMin, 3, XCCL_VERSION(2, 0, 0))   \
    X(AVG, ncclAvg, 4, XCCL_VERSION(2, 10, 0))

#define XCCL_UNIQUE_ID_BYTES 128
typedef struct xccl_unique_id {
    char internal[XCCL_UNIQUE_ID_BYTES];
} xccl_unique_id_t; /* passed by value, as theirs is */

typedef struct xccl_comm   xccl_comm_t;   /* theirs */
typedef struct xccl_window xccl_window_t; /* theirs */

#define XCCL_WINDOW_SYMMETRIC 1
#define XCCL_WINDOW_ALIGNMENT_BYTES 4096

/* The first whose operations can be captured in graphs. */
#define XCCL_CAPTURE_VERSION XCCL_VERSION(2, 9, 0)

/* The configuration as 2.17 had it: later libraries take the size, the version and the members that
 * are there, and defaults for the rest. */
#define XCCL_CONFIG_MAGIC 0xcafebeefu
#define XCCL_CONFIG_VERSION XCCL_VERSION(2, 17, 0)
#define XCCL_UNDEFINED INT_MIN
typedef struct xccl_config {
    size_t      struct_size;
    unsigned    magic, version;
    int         blocking, cga_cluster_count, min_ctas, max_ctas;
    const char *net_name;
    int         split_share;
} xccl_config_t;

/* The one name that vendors write differently. */
#ifndef XCCL_ALL_TO_ALL_SYMBOL
#define XCCL_ALL_TO_ALL_SYMBOL "ncclAlltoAll"
#endif

/* member, symbol, must a library have it?, result, parameters */
#define XCCL_FUNCTION_MAP(X)                                                                       \
    X(get_version, "ncclGetVersion", true, xccl_result_t, (int *version))                          \
    X(get_unique_id, "ncclGetUniqueId", true, xccl_result_t, (xccl_unique_id_t * id))              \
    X(get_error_string, "ncclGetErrorString", true, const char *, (xccl_result_t result))          \
    X(get_last_error, "ncclGetLastError", false, const char *, (xccl_comm_t * comm))               \
    X(comm_init_rank, "ncclCommInitRank", true, xccl_result_t,                                     \
      (xccl_comm_t * *comm, int rank_count, xccl_unique_id_t id, int rank))                        \
    X(comm_init_rank_config, "ncclCommInitRankConfig", false, xccl_result_t,                       \
      (xccl_comm_t * *comm, int rank_count, xccl_unique_id_t id, int rank, xccl_config_t *config)) \
    X(comm_destroy, "ncclCommDestroy", true, xccl_result_t, (xccl_comm_t * comm))                  \
    X(comm_abort, "ncclCommAbort", true, xccl_result_t, (xccl_comm_t * comm))                      \
    X(comm_get_async_error, "ncclCommGetAsyncError", true, xccl_result_t,                          \
      (xccl_comm_t * comm, xccl_result_t * error))                                                 \
    X(comm_register, "ncclCommRegister", false, xccl_result_t,                                     \
      (xccl_comm_t * comm, void *buffer, size_t byte_count, void **handle))                        \
    X(comm_deregister, "ncclCommDeregister", false, xccl_result_t,                                 \
      (xccl_comm_t * comm, void *handle))                                                          \
    X(window_register, "ncclCommWindowRegister", false, xccl_result_t,                             \
      (xccl_comm_t * comm, void *buffer, size_t byte_count, xccl_window_t **window, int flags))    \
    X(window_deregister, "ncclCommWindowDeregister", false, xccl_result_t,                         \
      (xccl_comm_t * comm, xccl_window_t * window))                                                \
    X(all_reduce, "ncclAllReduce", true, xccl_result_t,                                            \
      (const void *send, void *recv, size_t count, int type, int redop, xccl_comm_t *comm,         \
       cx_stream_t *stream))                                                                       \
    X(all_gather, "ncclAllGather", true, xccl_result_t,                                            \
      (const void *send, void *recv, size_t count, int type, xccl_comm_t *comm,                    \
       cx_stream_t *stream))                                                                       \
    X(reduce_scatter, "ncclReduceScatter", true, xccl_result_t,                                    \
      (const void *send, void *recv, size_t count, int type, int redop, xccl_comm_t *comm,         \
       cx_stream_t *stream))                                                                       \
    X(broadcast, "ncclBroadcast", true, xccl_result_t,                                             \
      (const void *send, void *recv, size_t count, int type, int root, xccl_comm_t *comm,          \
       cx_stream_t *stream))                                                                       \
    X(reduce, "ncclReduce", true, xccl_result_t,                                                   \
      (const void *send, void *recv, size_t count, int type, int redop, int root,                  \
       xccl_comm_t *comm, cx_stream_t *stream))                                                    \
    X(all_to_all, XCCL_ALL_TO_ALL_SYMBOL, false, xccl_result_t,                                    \
      (const void *send, void *recv, size_t count, int type, xccl_comm_t *comm,                    \
       cx_stream_t *stream))                                                                       \
    X(gather, "ncclGather", false, xccl_result_t,                                                  \
      (const void *send, void *recv, size_t count, int type, int root, xccl_comm_t *comm,          \
       cx_stream_t *stream))                                                                       \
    X(scatter, "ncclScatter", false, xccl_result_t,                                                \
      (const void *send, void *recv, size_t count, int type, int root, xccl_comm_t *comm,          \
       cx_stream_t *stream))                                                                       \
    X(send, "ncclSend", true, xccl_result_t,                                                       \
      (const void *send, size_t count, int type, int peer_rank, xccl_comm_t *comm,                 \
       cx_stream_t *stream))                                                                       \
    X(recv, "ncclRecv", true, xccl_result_t,                                                       \
      (void *recv, size_t count, int type, int peer_rank, xccl_comm_t *comm, cx_stream_t *stream)) \
    X(group_start, "ncclGroupStart", true, xccl_result_t, (void))                                  \
    X(group_end, "ncclGroupEnd", true, xccl_result_t, (void))

/* What was found in the loaded library; NULL where it has no such function. */
typedef struct xccl_api {
#define XCCL_MEMBER(member, symbol, is_required, result, parameters) result(*member) parameters;
    XCCL_FUNCTION_MAP(XCCL_MEMBER)
#undef XCCL_MEMBER
} xccl_api_t;

#endif
