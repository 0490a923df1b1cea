# SPDX-License-Identifier: Apache-2.0
# One place for warnings, sanitizers and coverage: cx_harden(target).
set(CX_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes
    -Wmissing-prototypes -Wvla -Wundef -Wformat=2 -Wwrite-strings)

function(cx_harden target)
  target_compile_options(${target} PRIVATE ${CX_WARNINGS} -fvisibility=hidden
                         $<$<BOOL:${CX_WERROR}>:-Werror>)
  if(CX_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${CX_SANITIZE} -fno-omit-frame-pointer
                           -fno-sanitize-recover=all)
    target_link_options(${target} PRIVATE -fsanitize=${CX_SANITIZE})
  endif()
  if(CX_COVERAGE)
    # exec would lose the counters of the process that it replaces.
    target_compile_definitions(${target} PRIVATE execv=__gcov_execv execvp=__gcov_execvp)
    target_compile_options(${target} PRIVATE --coverage -O0 -fprofile-update=single)
    target_link_options(${target} PRIVATE --coverage)
  endif()
endfunction()
