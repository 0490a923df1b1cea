/* SPDX-License-Identifier: Apache-2.0 */
/* The names of NCCL, for the body that it shares with RCCL (backends/xccl).
 * Not where anything is called. */
#define XCCL_NAME "nccl"
#define XCCL_LABEL "NCCL"
#define XCCL_SUMMARY "collectives and expert parallelism by NVIDIA's NCCL, found when it starts"
#define XCCL_DEVICE "cuda"
#define XCCL_PATH_VARIABLE "CX_NCCL_PATH"
#define XCCL_SONAME "libnccl.so.2"
#define XCCL_STEM "libnccl.so"
#define XCCL_WHEEL_FILE "nvidia/nccl/lib/libnccl.so.2"
#define XCCL_REMEDY                                                                         \
    "install the wheel nvidia-nccl-cu13 or the package libnccl2, or set CX_NCCL_PATH to a " \
    "libnccl.so.2 or its folder"
#define XCCL_ALL_TO_ALL_SYMBOL "ncclAlltoAll"

/* Symmetric windows want memory that can be exported, and nothing is slower on it. */
#define XCCL_MEMORY CX_MEMORY_EXPORTABLE

/* Those that a communicator can be made with (xccl_algorithm.inl). */
#define XCCL_ALGORITHMS (CX_BIT(CX_ALGORITHM_RING) | CX_BIT(CX_ALGORITHM_TREE))

#define XCCL_DRIVER_STEM "libcuda.so"
#define XCCL_CONTEXT_GET "cuCtxGetCurrent"
#define XCCL_CONTEXT_SET "cuCtxSetCurrent"

#include "../xccl/xccl.inl"
