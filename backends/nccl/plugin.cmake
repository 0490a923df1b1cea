# SPDX-License-Identifier: Apache-2.0
# The library itself is found when the program starts: nothing of it is needed to build.
set(CX_PLUGIN_LIBRARIES Threads::Threads ${CMAKE_DL_LIBS})
