#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a checkout to a first result: installs what is missing, builds, runs the quick suite.
set -euo pipefail
cd "$(dirname "$0")"
. tools/packages.sh

usage() {
    cat <<'END'
usage: ./quickstart.sh [--no-install] [-- RUN-OPTION...]

Installs the Debian packages that are missing (and says which), builds CollectiveX in build/, and
runs `build/collectivex run quick`. What follows `--` is passed to that command.

  --no-install  print the missing packages and stop: exit 0 if there are none, 2 otherwise
  -h, --help    print this
END
}

mode=install
while [ $# -gt 0 ]; do
    case $1 in
    --no-install) mode=check ;;
    -h | --help)
        usage
        exit 0
        ;;
    --)
        shift
        break
        ;;
    *)
        echo "error: unknown option '$1'; options of the run itself come after '--' (try --help)" >&2
        exit 2
        ;;
    esac
    shift
done

packages_need "$mode" build mpi

mkdir -p build
# A build folder keeps the generator it was made with.
generator=()
[ -e build/CMakeCache.txt ] || generator=(-G Ninja)
echo "building in build/" >&2
if ! { cmake -S . -B build "${generator[@]}" -DCMAKE_BUILD_TYPE=Release -DCX_TESTS=OFF &&
    cmake --build build --parallel; } >build/quickstart.log 2>&1 </dev/null; then
    tail -n 30 build/quickstart.log >&2
    echo "error: the build failed; its whole output is in build/quickstart.log" >&2
    exit 3
fi
exec build/collectivex run quick "$@"
