# SPDX-License-Identifier: Apache-2.0
# Any MPI with a C compiler wrapper; another one than the default: -DMPI_C_COMPILER=mpicc.mpich.
# The plugin is never unloaded, because MPI cannot be initialised twice in a process.
find_package(MPI QUIET COMPONENTS C)
if(MPI_C_FOUND)
  set(CX_PLUGIN_LIBRARIES MPI::MPI_C -Wl,-z,nodelete)
else()
  set(CX_PLUGIN_MISSING "no MPI for C found; install libopenmpi-dev or libmpich-dev")
endif()
