#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Ctrl-C, twice, SIGTERM, and going on afterwards.

. "$BATS_TEST_DIRNAME/kit.sh"

setup() {
    kit_setup
    # About half a second each, so that a signal finds some done and some to do.
    plan=(-n 2 --backend hostref --op all_reduce,broadcast,reduce,all_gather --sizes 8B,64B --budget 250ms
        --target 0% --samples-max 10000000 --progress none -o results)
}
teardown() { kit_teardown; }

# interrupted_by SIGNAL: after one record is written. In a session of its own, as background jobs of
# a shell ignore SIGINT.
interrupted_by() {
    kit_start python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$program" run "${plan[@]}"
    kit_wait 20 kit_has_records results 1
    kill -"$1" "$started"
}

# Every record is whole; the last may say that it was interrupted, and none has been begun after it.
ended_in_order() {
    kit_is results '1 <= len(records) <= 3' True
    kit_is results 'sum(x["status"] not in ("ok", "unstable") for x in records) <= 1' True
    kit_has out PARTIAL '--resume'
    kit_is_clean results
}


@test "SIGINT ends after the running point, with exit 130" {
    interrupted_by INT
    kit_end 130
    ended_in_order
    kit_run 1 cx check results
    kit_has out 'left no record'
}

@test "SIGTERM does the same" {
    interrupted_by TERM
    kit_end 130
    ended_in_order
}

@test "SIGINT ends a long case of expert parallelism within seconds" {
    plan=(-n 2 --backend hostref --family ep --tokens 64,96,128 --progress none -o results)
    kit_start python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$program" run "${plan[@]}"
    kit_wait 10 kit_has_ranks 2
    sleep 4
    kill -INT "$started"
    kit_end 130
    kit_is results '[(x["status"], x["detail"]) for x in records]' \
        "('invalid', 'interrupted before all sizes were measured')"
    kit_is_clean results
}

@test "a second SIGINT ends at once, even what hears nobody" {
    plan=(-n 2 --backend faulty --faulty-fault deaf_rank --op all_reduce --sizes 8B --timeout 50s
        --progress none -o results)
    kit_start python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$program" run "${plan[@]}"
    kit_wait 10 kit_has_ranks 2
    sleep 0.5
    kill -INT "$started"
    sleep 0.3
    kill -0 "$started"
    kill -INT "$started"
    kit_end 130
    kit_is_clean results
}

@test "--resume measures what is left, and check is content" {
    interrupted_by INT
    kit_end 130
    first=$(kit_ask results '[x["time"]["started_utc"] for x in records if x["status"] == "ok"][0]')
    done_before=$(kit_ask results 'len([x for x in records if x["status"] == "ok"])')
    kit_run 0 cx run "${plan[@]}" --resume
    kit_is results 'len(records)' 4
    kit_is results 'set(x["status"] for x in records)' ok
    # What was there is kept as it was.
    kit_is results "'$first' in [x['time']['started_utc'] for x in records]" True
    kit_run 0 cx check results
    [ "$done_before" -lt 4 ]
}

@test "--resume of a folder that holds another plan is refused" {
    kit_run 0 cx run -n 2 --backend null --op all_reduce --sizes 8B --progress none -o results
    kit_run 2 cx run -n 2 --backend null --op broadcast --sizes 8B --progress none -o results --resume
    [ "$(wc -l <err)" -eq 1 ]
}

@test "--resume without a folder to resume is refused" {
    kit_run 2 cx run -n 2 --backend null --op broadcast --sizes 8B -o results --resume
    [ "$(wc -l <err)" -eq 1 ]
    [ ! -e results ]
}
