# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The stages of test.sh, run from the repository root, each in a shell of its own with `set -e`.
# A comment `# NAME: what it does` makes stage_NAME a stage; they run in the order of this file.
# Not the count of what passed: that is test.sh.

jobs=$(nproc)

# build PRESET: configures and builds build-PRESET/ (see CMakePresets.json).
build() {
    cmake --preset "$1" >"build-$1.log" 2>&1 || {
        cat "build-$1.log"
        rm -f "build-$1.log"
        return 1
    }
    rm -f "build-$1.log"
    cmake --build --preset "$1" --parallel "$jobs"
}

# unit PRESET [CTEST-OPTION...]: runs the unit and property tests of a build.
unit() {
    local preset=$1
    shift
    ctest --test-dir "build-$preset" --output-on-failure --no-tests=error -j "$jobs" "$@"
}

# runner PATH ARGUMENT...: a test driver that comes with its tests.
runner() {
    if [ -x "$1" ]; then
        "$@"
    else
        echo "nothing to do: there is no $1"
    fi
}

# lint: layers, names, units, limits, documents, spelling, formatting, commit trailers
stage_lint() {
    python3 tests/lint/run.py
    python3 tools/lint.py
}

# build: gcc and clang, every warning an error
stage_build() {
    build gcc
    build clang
}

# kernels: what GPUs run compiles for AMD's gfx90a and gfx940 with Debian's hipcc (no GPU is needed)
stage_kernels() {
    local images=()
    cmake --preset kernels
    mapfile -t images < <(ninja -C build-kernels -t targets all | sed -n 's,^\(generated/[^:/]*-hip\.c\): .*,\1,p')
    if [ ${#images[@]} -ne "$(grep -rl --include=plugin.cmake '^cx_plugin_kernels(hip ' devices backends | wc -l)" ]; then
        echo "error: of the plugins with kernels for hip these alone are compiled: ${images[*]:-none}" >&2
        return 1
    fi
    cmake --build --preset kernels --parallel "$jobs" --target "${images[@]}"
}

# test: unit and property tests
stage_test() {
    build gcc
    unit gcc
}

# asan: unit and property tests under AddressSanitizer and UndefinedBehaviorSanitizer
stage_asan() {
    build asan
    ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1 unit asan
}

# tsan: unit tests of peers and run under ThreadSanitizer
stage_tsan() {
    local run=(setarch -R)
    build tsan
    # ThreadSanitizer wants the memory layout it knows; where that cannot be asked for, try without.
    "${run[@]}" true 2>/dev/null || run=()
    TSAN_OPTIONS=halt_on_error=1 "${run[@]}" ctest --test-dir build-tsan --output-on-failure \
        --no-tests=error -j "$jobs" -R '^unit/(peers|run)/'
}

# tables: schema and reference pages are what the tables of the program print
stage_tables() {
    build gcc
    tools/print_tables --check build-gcc/collectivex
}

# golden: recorded sessions on the sim device, byte for byte
stage_golden() {
    build gcc
    runner tests/golden/run build-gcc
}

# bats_all BUILD: the integration tests, on one build, and not the test of a promised time, which wants the machine for
# itself. As many files at a time as there are processors, the largest first, as they take the longest.
bats_all() {
    find tests/integration -name '*.bats' ! -name bootstrap.bats ! -name quick.bats -printf '%s %p\0' | sort -zrn |
        cut -zd ' ' -f 2 | CX_BUILD=$PWD/build-$1 xargs -0 -n 1 -P "$jobs" tools/bats_one
}

# integration: several processes, Open MPI, Slurm, two network namespaces, killed ranks
stage_integration() {
    local rc=0
    build gcc
    bats_all gcc || rc=1
    CX_BUILD=$PWD/build-gcc tools/bats_one tests/integration/quick.bats || rc=1
    return "$rc"
}

# abi: plugins built from frozen headers still load, and the layouts are unchanged
stage_abi() {
    build gcc
    runner tests/abi/run build-gcc
}

# fuzz: every parser under libFuzzer for FUZZ_SECONDS each
stage_fuzz() {
    local fuzzers=()
    cmake --preset fuzz
    mapfile -t fuzzers < <(cmake --build build-fuzz --target help | sed -n 's/^\(fuzz_[a-z0-9_]*\): .*/\1/p')
    if [ ${#fuzzers[@]} -ne "$(find tests/fuzz -name 'fuzz_*.c' | wc -l)" ]; then
        echo "error: the build knows the fuzzers '${fuzzers[*]}', and tests/fuzz/ has others" >&2
        return 1
    fi
    [ ${#fuzzers[@]} -gt 0 ] || return 0
    cmake --build build-fuzz --parallel "$jobs" --target "${fuzzers[@]}"
    find build-fuzz -type f -name 'fuzz_*' -executable -print0 | sort -z |
        xargs -0 -n 1 -P "$jobs" tools/fuzz_one "${FUZZ_SECONDS:-60}"
}

# tidy: clang-tidy, one file per invocation, and cppcheck
stage_tidy() {
    build clang
    # With two files in one invocation clang-tidy 14 invents va_list errors in the second.
    find src devices backends -name '*.c' -print0 | sort -z |
        xargs -0 -n 1 -P "$jobs" clang-tidy -p build-clang --quiet
    cppcheck -j "$jobs" --quiet --error-exitcode=1 --inline-suppr --std=c11 \
        --enable=warning,performance,portability --suppress=missingIncludeSystem \
        -D__GNUC__ -Iinclude -Isrc src devices backends
}

# coverage: lines run by the unit, property, golden and integration tests, with their gates
stage_coverage() {
    build coverage
    find build-coverage -name '*.gcda' -delete
    unit coverage
    runner tests/golden/run build-coverage
    bats_all coverage
    gcovr --root . --gcov-ignore-parse-errors --object-directory build-coverage --filter 'src/' --filter 'devices/' \
        --filter 'backends/' --json-summary build-coverage/summary.json
    python3 tools/coverage.py build-coverage/summary.json
}

# bootstrap: both commands on a Debian 12 that has nothing but its base packages
stage_bootstrap() {
    tools/bats_one tests/integration/bootstrap.bats
}
