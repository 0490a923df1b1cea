# SPDX-License-Identifier: Apache-2.0
# A source of kernels, compiled by a vendor's compiler and embedded in a plugin as a symbol. No
# compiler, or one that cannot compile here, means no kernels: the plugin is built all the same and
# says so. -DCX_NVCC=OFF and -DCX_HIPCC=OFF leave kernels out on purpose; with
# -DCX_KERNELS_REQUIRED=ON a compiler that is there must compile them for every architecture.
set(CX_CUDA_ARCHITECTURES 80 90 100 120 CACHE STRING "Compute capabilities kernels are compiled for")
set(CX_HIP_ARCHITECTURES gfx90a gfx940 gfx942 gfx950 CACHE STRING "AMD architectures kernels are compiled for")
find_program(CX_NVCC nvcc HINTS ENV CUDA_HOME ENV CUDA_PATH PATHS /usr/local/cuda PATH_SUFFIXES bin)
find_program(CX_HIPCC hipcc HINTS ENV ROCM_PATH PATHS /opt/rocm PATH_SUFFIXES bin)
set(CX_KERNEL_FLAGS -O3 -I${CMAKE_SOURCE_DIR}/include)

# Sets `out` to whether this command line compiles kernels; tried once in a build folder, with those
# of the devices.
function(cx_kernel_compiler_works out)
  string(MD5 command "${ARGN}")
  if(NOT DEFINED CX_KERNELS_${command})
    execute_process(COMMAND ${ARGN} ${CX_KERNEL_FLAGS} -o ${CMAKE_BINARY_DIR}/kernels-trial
                            ${CMAKE_SOURCE_DIR}/devices/gpu/kernels.cu
                    RESULT_VARIABLE result OUTPUT_VARIABLE words ERROR_VARIABLE words)
    set(level STATUS)
    if(CX_KERNELS_REQUIRED)
      set(level FATAL_ERROR)
    endif()
    if(NOT result STREQUAL 0)
      message(${level} "kernels cannot be compiled with ${ARGN}: ${words}")
    endif()
    string(COMPARE EQUAL "${result}" 0 is_good)
    set(CX_KERNELS_${command} ${is_good} CACHE INTERNAL "whether this works: ${ARGN}")
  endif()
  set(${out} ${CX_KERNELS_${command}} PARENT_SCOPE)
endfunction()

# An older nvcc does not know the newest of the architectures. The oldest is added as PTX, which the
# driver compiles for whatever GPU is not in the list.
function(cx_cuda_compiler command_out targets_out)
  set(${targets_out} "" PARENT_SCOPE)
  if(NOT CX_NVCC)
    message(STATUS "${target} has no kernels: there is no nvcc")
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
    message(STATUS "${target} has no kernels: ${CX_NVCC} knows none of ${CX_CUDA_ARCHITECTURES}")
    return()
  endif()
  list(GET targets 0 oldest)
  cx_kernel_compiler_works(is_good ${CX_NVCC} --fatbin -arch ${oldest})
  if(is_good)
    string(REPLACE sm_ compute_ oldest ${oldest})
    set(${command_out} ${CX_NVCC} --fatbin ${codes} -gencode arch=${oldest},code=${oldest} PARENT_SCOPE)
    list(JOIN targets " " targets)
    set(${targets_out} "${targets} and PTX" PARENT_SCOPE)
  endif()
endfunction()

function(cx_hip_compiler command_out targets_out)
  set(${targets_out} "" PARENT_SCOPE)
  if(NOT CX_HIPCC)
    message(STATUS "${target} has no kernels: there is no hipcc")
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
    set(${command_out} ${CX_HIPCC} -x hip --genco ${codes} PARENT_SCOPE)
    list(JOIN targets " " targets)
    set(${targets_out} ${targets} PARENT_SCOPE)
  endif()
endfunction()

# cx_plugin_kernels(VENDOR SOURCE SYMBOL), in a plugin.cmake: adds what SOURCE compiles to, as the
# bytes of SYMBOL, and tells the plugin's own file for what (GPU_KERNEL_TARGETS).
macro(cx_plugin_kernels vendor source symbol)
  if("${vendor}" STREQUAL "cuda")
    cx_cuda_compiler(compiler targets)
  else()
    cx_hip_compiler(compiler targets)
  endif()
  if(targets)
    set(image ${CMAKE_BINARY_DIR}/generated/${symbol}-${vendor})
    file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/generated)
    add_custom_command(OUTPUT ${image}.c
                       COMMAND ${compiler} ${CX_KERNEL_FLAGS} -MD -MF ${image}.d -MT ${image}.c -o ${image} ${source}
                       COMMAND ${CMAKE_COMMAND} -DINPUT=${image} -DOUTPUT=${image}.c -DSYMBOL=${symbol}
                               -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
                       DEPENDS ${source} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake DEPFILE ${image}.d
                       COMMENT "Compiling ${symbol} for ${vendor}" VERBATIM)
    list(APPEND sources ${image}.c)
    set_source_files_properties(${dir}/${name}.c PROPERTIES COMPILE_DEFINITIONS
                                "GPU_KERNEL_TARGETS=\"${targets}\"")
  endif()
endmacro()
