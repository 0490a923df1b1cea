# SPDX-License-Identifier: Apache-2.0
# Run by each build: what was built, from which commit, with what.
set(CX_GIT_DESCRIBE "unknown")
find_package(Git QUIET)
if(GIT_FOUND)
  execute_process(COMMAND ${GIT_EXECUTABLE} -C ${SOURCE_DIR} describe --always --dirty
                  OUTPUT_VARIABLE described OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(described)
    set(CX_GIT_DESCRIBE ${described})
  endif()
endif()
if(SANITIZE)
  set(BUILD_TYPE "sanitize ${SANITIZE}")
endif()
configure_file(${SOURCE_DIR}/cmake/build.h.in ${BINARY_DIR}/generated/build.h @ONLY)
