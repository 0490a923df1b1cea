# SPDX-License-Identifier: Apache-2.0
# The vendor's library is found when it runs; what is linked is the means to look for it.
include(${CMAKE_SOURCE_DIR}/cmake/gpu_kernels.cmake)
set(CX_PLUGIN_LIBRARIES ${CMAKE_DL_LIBS} m)
cx_cuda_kernels(kernels targets)
if(targets)
  list(APPEND sources ${kernels})
  set_source_files_properties(${dir}/cuda.c PROPERTIES COMPILE_DEFINITIONS
                              "GPU_KERNEL_TARGETS=\"${targets}\"")
endif()
