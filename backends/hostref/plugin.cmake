# SPDX-License-Identifier: Apache-2.0
# Loops over elements are vectorised from -O3 on; the rest gains nothing from it.
set(level $<$<NOT:$<BOOL:${CX_COVERAGE}>>:-O3>)
set_source_files_properties(${dir}/reduce.c ${dir}/half.c PROPERTIES COMPILE_OPTIONS "${level}")
# A product and its sum are rounded one after the other, as include/collectivex/ep.h defines.
set_source_files_properties(${dir}/ep_sum.c PROPERTIES COMPILE_OPTIONS "${level};-ffp-contract=off")
