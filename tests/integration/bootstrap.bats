#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The README's two commands on a Debian 12 that has nothing but its base packages and the checkout.

. "$BATS_TEST_DIRNAME/bare.sh"

setup_file() {
    [ "$(id -u)" -eq 0 ] || return 0
    bare_roots=$(mktemp -d "${TMPDIR:-/tmp}/collectivex-bare.XXXXXX")
    export bare_roots
    bare_new "$bare_roots/root"
}

setup() {
    [ "$(id -u)" -eq 0 ] || skip "a chroot needs root"
}

teardown_file() {
    [ -z "${bare_roots:-}" ] || rm -rf --one-file-system "$bare_roots"
}

# expect_result ROOT: the last command printed a table and left records in the checkout.
expect_result() {
    [ "$status" -eq 0 ] || return 1
    [[ $output == *all_reduce* ]] || return 1
    find "$1/checkout" -name '*.json' -newer "$1/before" ! -path '*/build/*' | grep -q .
}

show() {
    echo "exit $status"
    echo "$output"
}

@test "quickstart --no-install on the bare system names the packages and stops" {
    run bare_run "$bare_roots/root" 60 ./quickstart.sh --no-install
    show
    [ "$status" -eq 2 ]
    [[ $output == "missing packages: "*cmake*libjansson-dev*libopenmpi-dev*ninja-build* ]]
    [ "${#lines[@]}" -eq 1 ]
    [ ! -e "$bare_roots/root/checkout/build" ]
    [ ! -e "$bare_roots/root/usr/bin/cmake" ]
}

@test "test --no-install on the bare system names the packages and stops" {
    run bare_run "$bare_roots/root" 60 ./test.sh --no-install
    show
    [ "$status" -eq 2 ]
    [[ $output == "missing packages: "*bats*clang*libcmocka-dev*slurmd* ]]
    [ ! -e "$bare_roots/root/usr/bin/bats" ]
}

@test "a user without sudo is told what to ask for" {
    bare_user "$bare_roots/root" plain
    run bare_run "$bare_roots/root" 60 su plain -c ./quickstart.sh
    show
    [ "$status" -eq 2 ]
    [[ $output == *"there is no sudo: ask for 'apt-get install "* ]]
}

@test "an unknown option is refused before anything happens" {
    run bare_run "$bare_roots/root" 60 ./quickstart.sh --no-instal
    show
    [ "$status" -eq 2 ]
    [[ $output == *"unknown option '--no-instal'"* ]]
    run bare_run "$bare_roots/root" 60 ./test.sh --no-instal
    show
    [ "$status" -eq 2 ]
    [ ! -e "$bare_roots/root/usr/bin/cmake" ]
}

@test "without a network the error says so" {
    run bare_run "$bare_roots/root" 120 unshare --net ./quickstart.sh
    show
    [ "$status" -eq 2 ]
    [[ $output == *"is there a network?"* ]]
    [ ! -e "$bare_roots/root/usr/bin/cmake" ]
}

@test "quickstart as root installs, builds, measures and leaves records" {
    touch "$bare_roots/root/before"
    run bare_run "$bare_roots/root" 600 ./quickstart.sh
    show
    [[ $output == *"installing: "*cmake* ]]
    expect_result "$bare_roots/root"
}

@test "after that nothing is missing, and it installs nothing" {
    run bare_run "$bare_roots/root" 60 ./quickstart.sh --no-install
    show
    [ "$status" -eq 0 ]
    [ "$output" = "no package is missing" ]
}

@test "quickstart and a stage of test.sh as a user with sudo" {
    root=$bare_roots/sudo
    rm -rf --one-file-system "$bare_roots/root"
    bare_new "$root"
    bare_run "$root" 300 sh -c 'apt-get -q update && apt-get -y -q --no-install-recommends install sudo' >/dev/null 2>&1
    bare_user "$root" somebody
    echo 'somebody ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/somebody"
    touch "$root/before"
    run bare_run "$root" 600 su somebody -c ./quickstart.sh
    show
    expect_result "$root"
    run bare_run "$root" 900 su somebody -c './test.sh test'
    show
    [ "$status" -eq 0 ]
    [[ ${lines[-1]} == *" passed, 0 failed" ]]
}
