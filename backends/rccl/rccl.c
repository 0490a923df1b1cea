/* SPDX-License-Identifier: Apache-2.0 */
/* The names of RCCL, for the body that it shares with NCCL (backends/xccl).
 * Not where anything is called. */
#define XCCL_NAME "rccl"
#define XCCL_LABEL "RCCL"
#define XCCL_SUMMARY "collectives and expert parallelism by AMD's RCCL; unvalidated on hardware"
#define XCCL_DEVICE "hip"
#define XCCL_PATH_VARIABLE "CX_RCCL_PATH"
#define XCCL_SONAME "librccl.so.1"
#define XCCL_STEM "librccl.so"
#define XCCL_WHEEL_FILE "torch/lib/librccl.so"
#define XCCL_REMEDY                                                                           \
    "install the package rccl of ROCm, or set CX_RCCL_PATH to a librccl.so.1 or its folder, " \
    "for example /opt/rocm/lib"
#define XCCL_ALL_TO_ALL_SYMBOL "ncclAllToAll"
#define XCCL_MEMORY CX_MEMORY_PLAIN

/* Of those of NCCL none is sure to be heeded (xccl_algorithm.inl). */
#define XCCL_ALGORITHMS UINT64_C(0)

#define XCCL_DRIVER_STEM "libamdhip64.so"
#define XCCL_CONTEXT_GET "hipCtxGetCurrent"
#define XCCL_CONTEXT_SET "hipCtxSetCurrent"

#include "../xccl/xccl.inl"
