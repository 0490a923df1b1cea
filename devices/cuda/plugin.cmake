# SPDX-License-Identifier: Apache-2.0
# The vendor's library is found when it runs; what is linked is the means to look for it.
include(${CMAKE_SOURCE_DIR}/cmake/gpu_kernels.cmake)
set(CX_PLUGIN_LIBRARIES ${CMAKE_DL_LIBS} m)
cx_plugin_kernels(cuda ${CMAKE_SOURCE_DIR}/devices/gpu/kernels.cu cx_gpu_image)
