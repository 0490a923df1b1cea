# SPDX-License-Identifier: Apache-2.0
# cx_plugins(KIND FOLDER): every FOLDER/NAME/ with C sources becomes plugins/cx-KIND-NAME.so.
# A plugin sees include/ only. A folder that needs a library brings a plugin.cmake, which sets
# CX_PLUGIN_LIBRARIES to what to link, or CX_PLUGIN_MISSING to a sentence: then it is not built.
function(cx_add_plugin kind name dir)
  file(GLOB sources CONFIGURE_DEPENDS ${dir}/*.c)
  set(target cx-${kind}-${name})
  set(CX_PLUGIN_LIBRARIES "")
  set(CX_PLUGIN_MISSING "")
  include(${dir}/plugin.cmake OPTIONAL)
  if(CX_PLUGIN_MISSING)
    message(STATUS "${target} is not built: ${CX_PLUGIN_MISSING}")
    return()
  endif()
  add_library(${target} MODULE ${sources})
  set_target_properties(${target} PROPERTIES PREFIX "" C_VISIBILITY_PRESET hidden
                        LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/include)
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
  target_link_libraries(${target} PRIVATE ${CX_PLUGIN_LIBRARIES})
  cx_harden(${target})
  install(TARGETS ${target} LIBRARY DESTINATION lib/collectivex)
endfunction()

function(cx_plugins kind folder)
  file(GLOB dirs CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*)
  foreach(dir ${dirs})
    file(GLOB sources CONFIGURE_DEPENDS ${dir}/*.c)
    if(sources)
      get_filename_component(name ${dir} NAME)
      cx_add_plugin(${kind} ${name} ${dir})
    endif()
  endforeach()
endfunction()
