# SPDX-License-Identifier: Apache-2.0
# devices/gpu/kernels.cu, compiled by a vendor's compiler and embedded in a plugin. No compiler, or
# one that cannot compile here, means no kernels: the plugin is built all the same and says so.
# -DCX_NVCC=OFF and -DCX_HIPCC=OFF leave kernels out on purpose.
set(CX_CUDA_ARCHITECTURES 80 90 100 120 CACHE STRING "Compute capabilities kernels are compiled for")
set(CX_HIP_ARCHITECTURES gfx90a gfx940 gfx942 CACHE STRING "AMD architectures kernels are compiled for")
find_program(CX_NVCC nvcc HINTS ENV CUDA_HOME ENV CUDA_PATH PATHS /usr/local/cuda PATH_SUFFIXES bin)
find_program(CX_HIPCC hipcc HINTS ENV ROCM_PATH PATHS /opt/rocm PATH_SUFFIXES bin)
set(CX_KERNEL_SOURCE ${CMAKE_SOURCE_DIR}/devices/gpu/kernels.cu)
set(CX_KERNEL_FLAGS -O3 -I${CMAKE_SOURCE_DIR}/include)

# Sets `out` to whether this command line compiles the kernels; tried once in a build folder.
function(cx_kernel_compiler_works out)
  string(MD5 command "${ARGN}")
  if(NOT DEFINED CX_KERNELS_${command})
    execute_process(COMMAND ${ARGN} ${CX_KERNEL_FLAGS} -o ${CMAKE_BINARY_DIR}/kernels-trial ${CX_KERNEL_SOURCE}
                    RESULT_VARIABLE result OUTPUT_VARIABLE words ERROR_VARIABLE words)
    if(NOT result STREQUAL 0)
      message(STATUS "kernels cannot be compiled with ${ARGN}: ${words}")
    endif()
    string(COMPARE EQUAL "${result}" 0 is_good)
    set(CX_KERNELS_${command} ${is_good} CACHE INTERNAL "whether this works: ${ARGN}")
  endif()
  set(${out} ${CX_KERNELS_${command}} PARENT_SCOPE)
endfunction()

# Sets `out` to a C file that holds what this command line compiles the kernels to.
function(cx_compile_kernels name out)
  set(image ${CMAKE_BINARY_DIR}/generated/kernels-${name})
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/generated)
  add_custom_command(OUTPUT ${image}.c
                     COMMAND ${ARGN} ${CX_KERNEL_FLAGS} -o ${image} ${CX_KERNEL_SOURCE}
                     COMMAND ${CMAKE_COMMAND} -DINPUT=${image} -DOUTPUT=${image}.c -DSYMBOL=cx_gpu_image
                             -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
                     DEPENDS ${CX_KERNEL_SOURCE} ${CMAKE_SOURCE_DIR}/devices/gpu/params.inl
                             ${CMAKE_SOURCE_DIR}/devices/${name}/names.inl
                             ${CMAKE_SOURCE_DIR}/include/collectivex/digest.h
                             ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
                     COMMENT "Compiling kernels for ${name}" VERBATIM)
  set(${out} ${image}.c PARENT_SCOPE)
endfunction()

# An older nvcc does not know the newest of the architectures. The oldest is added as PTX, which the
# driver compiles for whatever GPU is not in the list.
function(cx_cuda_kernels source_out targets_out)
  set(${targets_out} "" PARENT_SCOPE)
  if(NOT CX_NVCC)
    message(STATUS "cx-device-cuda has no kernels: there is no nvcc")
    return()
  endif()
  execute_process(COMMAND ${CX_NVCC} --list-gpu-code OUTPUT_VARIABLE known ERROR_QUIET)
  foreach(architecture ${CX_CUDA_ARCHITECTURES})
    if(known MATCHES "sm_${architecture}[^0-9a-z]")
      list(APPEND codes -gencode arch=compute_${architecture},code=sm_${architecture})
      list(APPEND targets sm_${architecture})
    endif()
  endforeach()
  if(NOT targets)
    message(STATUS "cx-device-cuda has no kernels: ${CX_NVCC} knows none of ${CX_CUDA_ARCHITECTURES}")
    return()
  endif()
  list(GET targets 0 oldest)
  cx_kernel_compiler_works(is_good ${CX_NVCC} --fatbin -arch ${oldest})
  if(is_good)
    string(REPLACE sm_ compute_ oldest ${oldest})
    cx_compile_kernels(cuda source ${CX_NVCC} --fatbin ${codes} -gencode arch=${oldest},code=${oldest})
    list(JOIN targets " " targets)
    set(${source_out} ${source} PARENT_SCOPE)
    set(${targets_out} "${targets} and PTX" PARENT_SCOPE)
  endif()
endfunction()

function(cx_hip_kernels source_out targets_out)
  set(${targets_out} "" PARENT_SCOPE)
  if(NOT CX_HIPCC)
    message(STATUS "cx-device-hip has no kernels: there is no hipcc")
    return()
  endif()
  foreach(architecture ${CX_HIP_ARCHITECTURES})
    cx_kernel_compiler_works(is_good ${CX_HIPCC} -x hip --genco --offload-arch=${architecture})
    if(is_good)
      list(APPEND codes --offload-arch=${architecture})
      list(APPEND targets ${architecture})
    endif()
  endforeach()
  if(targets)
    cx_compile_kernels(hip source ${CX_HIPCC} -x hip --genco ${codes})
    list(JOIN targets " " targets)
    set(${source_out} ${source} PARENT_SCOPE)
    set(${targets_out} ${targets} PARENT_SCOPE)
  endif()
endfunction()
