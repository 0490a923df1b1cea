#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Two hosts, which are two network namespaces joined by a cable: TCP bring-up and synchronised clocks.

. "$BATS_TEST_DIRNAME/kit.sh"

setup() {
    kit_setup
    [ "$(id -u)" -eq 0 ] || skip "needs root for network namespaces"
    name=cx$BASHPID
    ip netns add "${name}a" 2>/dev/null || skip "no network namespace can be made here"
    ip netns add "${name}b"
    ip link add eth netns "${name}a" type veth peer name eth netns "${name}b"
    ip -n "${name}a" addr add 10.77.0.1/24 dev eth
    ip -n "${name}b" addr add 10.77.0.2/24 dev eth
    for side in a b; do
        ip -n "$name$side" link set eth up
        ip -n "$name$side" link set lo up
    done
}

teardown() {
    kit_teardown
    ip netns del "${name}a" 2>/dev/null || true
    ip netns del "${name}b" 2>/dev/null || true
}

# on INDEX ARGUMENT...: the command of one host.
on() {
    local side=a
    [ "$1" -eq 0 ] || side=b
    ip netns exec "$name$side" timeout 60 "$program" run --nodes 2 --node-index "$1" \
        --rendezvous 10.77.0.1:29500 --op all_reduce --sizes 1KiB "${quick[@]}" -o results "${@:2}"
}

# both ARGUMENT...: the hosts' exit codes in rc0 and rc1, what the second says in out.1.
both() {
    rc0=0 rc1=0
    on 1 "$@" >out.1 2>&1 3>&- &
    on 0 "$@" >out 2>err 3>&- || rc0=$?
    wait $! || rc1=$?
}

@test "two hosts of two ranks: rank 0 reports, and skew has the bound of synchronised clocks" {
    both -n 2 --backend null
    cat out err out.1
    [ "$rc0" -eq 0 ]
    [ "$rc1" -eq 0 ]
    [ ! -s out.1 ]
    kit_is results 'r["status"], r["environment"]["host_count"], r["environment"]["rank_count"]' \
        "('ok', '2', '4')"
    kit_is results 'r["environment"]["control_plane"]' tcp
    # Far above the resolution of one clock, far below what a network takes.
    kit_is results '0.2 < r["rows"][0]["skew_bound_us"] < 10000' True
    kit_run 0 cx check results
    kit_is_clean results
}

@test "a backend of one host is refused with both numbers" {
    both -n 1 --backend hostref
    [ "$rc0" -eq 1 ]
    kit_is results 'r["status"]' unsupported
    kit_is results '"one host" in r["detail"] and "on 2" in r["detail"]' True
}

@test "real data between hosts is right" {
    both -n 1 --backend faulty
    kit_is results 'r["status"] in ("ok", "unstable"), r["rows"][0]["wrong_count"]' '(True, 0)'
    kit_is results 'r["rows"][0]["verified_count"] > 0' True
}

@test "two hosts with different requests end with both named" {
    on 1 -n 1 --backend null --seed 2 >out.1 2>&1 3>&- &
    rc=0
    on 0 -n 1 --backend null >out 2>err 3>&- || rc=$?
    rc1=0
    wait $! || rc1=$?
    [ "$rc" -ne 0 ]
    # Nobody reports for the second host, so it has to say itself that it did not measure.
    [ "$rc1" -eq 1 ]
    grep -q '^collectivex: ' out.1
    cat out err out.1
    cat out err out.1 | grep -q 'another request'
    kit_is_clean results
}


@test "a host that dies takes the other down, and the record says so" {
    on 1 -n 1 --backend null --budget 30s --samples-max 10000000 --null-script 100us >out.1 2>&1 3>&- &
    other=$!
    kit_start on 0 -n 1 --backend null --budget 30s --samples-max 10000000 --null-script 100us
    kit_wait 20 kit_has_ranks 2
    sleep 2
    # The supervisor of the second host is killed, as when the host goes down.
    pkill -KILL -P "$(pgrep -P "$other" | head -n 1)" || kill -KILL "$other"
    kit_end 1
    kit_is results 'r["status"]' peer
    kit_is_clean results
}
