# SPDX-License-Identifier: Apache-2.0
# Reduction loops are vectorised from -O3 on; the rest gains nothing from it.
if(NOT CX_COVERAGE)
  set_source_files_properties(${dir}/reduce.c ${dir}/half.c PROPERTIES COMPILE_OPTIONS -O3)
endif()
