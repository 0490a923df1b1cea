#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The first command of a new user.

. "$BATS_TEST_DIRNAME/kit.sh"

setup() { kit_setup; }
teardown() { kit_teardown; }

# The tests' rule that nothing is timed has this exception: 90 s is what is promised.
@test "run quick answers within 90 seconds, writes records and says what to do next" {
    rc=0
    timeout --kill-after=5 90 "$program" run quick -n 2 --progress none >out 2>err 3>&- || rc=$?
    cat out err
    # A series that did not settle on a busy machine is an honest answer.
    [ "$rc" -le 1 ]
    kit_has out 'data: cx-results/quick-' 'next: collectivex check' 'GB/s' 'µs'
    folder=$(sed -n 's/^data: //p' out)
    kit_is "$folder" 'set(x["status"] for x in records) <= {"ok", "unstable"}' True
    kit_is "$folder" 'len(records) >= 7' True
    kit_is "$folder" 'sum(row["wrong_count"] for x in records for row in x["rows"])' 0
    kit_checks "$folder"
}
