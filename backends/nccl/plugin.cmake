# SPDX-License-Identifier: Apache-2.0
# The library itself is found when the program starts: nothing of it is needed to build.
include(${CMAKE_SOURCE_DIR}/cmake/gpu_kernels.cmake)
set(CX_PLUGIN_LIBRARIES Threads::Threads ${CMAKE_DL_LIBS})
cx_plugin_kernels(cuda ${CMAKE_SOURCE_DIR}/backends/gpu/shuffle.cu cx_shuffle_image)
