#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The backend that is a program: what nccl-tests said becomes a record, and nothing that is cut
# short, unchecked, wrong or of something else is ok.

. "$BATS_TEST_DIRNAME/kit.sh"

setup() {
    kit_setup
    captures=$kit_source/tests/data/nccltests
    make_programs all_reduce all_gather alltoall broadcast reduce_scatter
    export CX_NCCLTESTS_PATH=$PWD/programs FAKE_MARK=$BATS_TEST_TMPDIR FAKE_ARGV=$PWD/argv
    export FAKE_CAPTURE=$captures/synthetic/good_all_reduce.txt
    # What the synthetic captures are of; the real ones are of `large`.
    small=(-n 4 --backend nccltests --device cuda --regime loop_mean --sizes 1KiB:4KiB:x2
        --progress none -o results)
    large=(-n 4 --backend nccltests --device cuda --regime loop_mean --sizes 8B:2GiB:x4
        --progress none -o results)
}
teardown() {
    local pid
    for pid in $(fakes); do
        kill -KILL "$pid" 2>/dev/null || true
    done
    kit_teardown
}

# make_programs NAME...: the fake under these names.
make_programs() {
    local name
    mkdir -p programs
    for name in "$@"; do
        ln -s "$kit_source/tests/support/fake_nccltests/perf" "programs/${name}_perf"
    done
}

# fakes: the processes of this test that were started for a program, as pids.
fakes() {
    local file pid
    grep -lzxF -e "FAKE_MARK=$FAKE_MARK" /proc/[0-9]*/environ 2>/dev/null | while read -r file; do
        pid=${file#/proc/}
        pid=${pid%/environ}
        if tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qE '_perf|^sleep 300|^mpirun'; then
            echo "$pid"
        fi
    done
}

has_fakes() {
    [ "$(fakes | wc -l)" -ge "$1" ]
}

has_no_program() {
    ! fakes | while read -r pid; do
        tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline"
    done | grep -q _perf
}

nothing_is_left() {
    if [ -n "$(fakes)" ]; then
        echo "still there: $(fakes)"
        return 1
    fi
    kit_is_clean results
}

# argv_is WORD...: what the program was given.
argv_is() {
    printf '%s\n' "$@" | diff - argv
}

# ends STATUS WORDS: the record of a run that ended so; no row is ok, and the gate has nothing else
# against the folder.
ends() {
    kit_is results 'len(records), r["status"]' "(1, '$1')"
    kit_ask results 'r["detail"]' >detail
    kit_has detail "$2"
    kit_is results '[row["status"] for row in r["rows"] if row["status"] == "ok"]' ''
    kit_is results 'r["publication"]["class"] in ("invalid", "failed")' True
    kit_run 1 cx check results
    if grep -q '^error' out; then
        cat out
        return 1
    fi
    nothing_is_left
}

@test "what the program said becomes a record with the command in it" {
    kit_run 0 cx run "${small[@]}"
    argv_is all_reduce_perf -t 4 -g 1 -b 1024 -e 4096 -f 2 -n 20 -w 5 -c 1 -d float -o sum
    kit_is results 'r["status"], r["detail"], r["identity"]["origin"]' "('ok', None, 'imported')"
    kit_is results '[(row["requested_bytes"], row["time_us_p50"]) for row in r["rows"]]' \
        '(1024, 10.0) (2048, 10.0) (4096, 10.0)'
    kit_is results 'r["provenance"]["tool"]["command"][0].endswith("programs/all_reduce_perf")' True
    kit_is results '" ".join(r["provenance"]["tool"]["command"][1:])' \
        '-t 4 -g 1 -b 1024 -e 4096 -f 2 -n 20 -w 5 -c 1 -d float -o sum'
    kit_is results 'r["provenance"]["tool"]["ending"]' 'all_reduce_perf ended with exit code 0'
    kit_is results 'r["environment"]["tool"], r["environment"]["rank_count"]' "('nccl-tests', '4')"
    kit_is results 'r["definition"]["clock"], r["case"]["seed"]["value"]' "(\"the tool's\", None)"
    kit_is results '"options_without_effect" in r["environment"]' False
    kit_has out imported
    kit_run 0 cx check results
    kit_run 0 cx show results
    nothing_is_left
}

@test "the columns of the other placement, and a second launch" {
    kit_run 0 cx run "${small[@]}" --placement out_of_place,in_place --launches 2
    kit_is results 'sorted((x["identity"]["launch"], x["rows"][0]["time_us_p50"]) for x in records)' \
        '(0, 10.0) (0, 11.0) (1, 10.0) (1, 11.0)'
    kit_run 0 cx check results
}

@test "what was kept of it can be imported again" {
    kit_run 0 cx run "${small[@]}"
    # The operation is in the text; the name of the file is the case's.
    kit_run 0 cx import results/captures/*.txt -o again
    kit_is again 'by("out_of_place")[0]["rows"][2]["time_us_p50"]' 10.0
    [ "$(kit_ask results 'r["identity"]["source"]["file_blake2b"]')" = \
        "$(kit_ask again 'r["identity"]["source"]["file_blake2b"]')" ]
}

@test "every option reaches the program, and those that cannot are named" {
    FAKE_CAPTURE=$captures/h100x4/broadcast.txt kit_run 0 cx run "${large[@]}" --op broadcast \
        --root 0 --loop-iters 7 --warmup-min 3 --sizes 8B:2GiB:x4 --budget 1s --seed 5 \
        --nccltests-args '-z 0 --parallel_init 1'
    argv_is broadcast_perf -t 4 -g 1 -b 8 -e 2147483648 -f 4 -n 7 -w 3 -c 1 -d float -r 0 \
        -z 0 --parallel_init 1
    kit_is results 'r["environment"]["options_without_effect"]' 'seed,budget'
    kit_run 0 cx check results
}

@test "a ladder by steps; sizes that the program does not run are left out, each with the reason" {
    FAKE_CAPTURE=$captures/h100x4/all_gather.txt kit_run 0 cx run "${large[@]}" --op all_gather
    kit_is results 'len(r["rows"]), r["rows"][0]["requested_bytes"]' '(13, 128)'
    kit_is results '[x["requested_bytes"] for x in r["left_out"]]' '8 32'
    kit_run 0 cx check results
    rm -r results argv
    kit_run 1 cx run "${small[@]}" --sizes 1KiB:5KiB:+1KiB
    argv_is all_reduce_perf -t 4 -g 1 -b 1024 -e 5120 -i 1024 -n 20 -w 5 -c 1 -d float -o sum
    ends invalid '2 of 5 sizes have no row'
}

@test "its JSON has more digits, and is kept without its environment" {
    FAKE_CAPTURE=$captures/h100x4/all_reduce.txt kit_run 0 cx run "${large[@]}" \
        --nccltests-format json
    kit_is results 'r["rows"][0]["time_us_p50"], len(r["rows"])' '(34.51525, 15)'
    grep -qx -e '-J' argv
    kit_is results 'r["identity"]["source"]["file"].endswith(".json")' True
    if grep -q '"env"' results/captures/*.json; then
        return 1
    fi
    kit_run 0 cx check results
    nothing_is_left
}

@test "a JSON that is cut short or not there is not made up for by the text" {
    FAKE_CAPTURE=$captures/h100x4/all_reduce.txt FAKE_END=cut_json kit_run 1 cx run "${large[@]}" \
        --nccltests-format json
    ends invalid 'left no whole JSON'
    rm -r results
    FAKE_CAPTURE=$captures/h100x4/all_reduce.txt FAKE_END=silent_json kit_run 1 cx run \
        "${large[@]}" --nccltests-format json
    ends invalid 'left no whole JSON'
}

@test "one process per rank through mpirun" {
    FAKE_CAPTURE=$captures/h100x4/mpi_all_reduce.txt kit_run 0 cx run "${large[@]}" \
        --sizes 8B:64MiB:x4 --loop-iters 50 --warmup-min 10 --nccltests-launch mpirun
    grep -A1 -x -e '-g' argv >gpus
    [ "$(grep -cx 1 gpus)" -eq 4 ]
    kit_is results '[w.rsplit("/")[-1] for w in r["provenance"]["tool"]["command"][:6]]' \
        'mpirun -n 4 --bind-to none all_reduce_perf'
    kit_run 0 cx check results
    nothing_is_left
}

@test "a build without MPI started by mpirun is no run of four ranks" {
    FAKE_ALONE=1 FAKE_LINES=16 kit_run 1 cx run "${small[@]}" --nccltests-launch mpirun
    kit_is results 'r["status"]' invalid
    rm -r results
    FAKE_ALONE=1 kit_run 1 cx run "${small[@]}" --nccltests-launch mpirun
    kit_is results 'r["status"]' invalid
    nothing_is_left
}

@test "an absent check footer, an unchecked run, wrong elements, zero bandwidth, an edited average" {
    local line
    for line in 'no_footer invalid footer is absent' 'unchecked invalid did not check' \
        'wrong_elements incorrect check of the run failed' 'edited_average invalid average' \
        'time_out timeout Test timeout' 'library_failure backend unhandled system error'; do
        read -r name status words <<<"$line"
        FAKE_CAPTURE=$captures/synthetic/$name.txt kit_run 1 cx run "${small[@]}"
        ends "$status" "$words"
        rm -r results
    done
    FAKE_CAPTURE=$captures/synthetic/zero_bandwidth.txt kit_run 1 cx run "${small[@]}" --sizes 4MiB
    ends invalid 'bandwidth is zero'
}

@test "output that stops in the middle" {
    FAKE_LINES=15 kit_run 1 cx run "${small[@]}"
    ends invalid 'footer is absent'
    rm -r results
    FAKE_LINES=12 kit_run 1 cx run "${small[@]}"
    ends invalid 'no row'
    rm -r results
    FAKE_CAPTURE=/dev/null kit_run 1 cx run "${small[@]}"
    ends invalid 'no row'
    # The footer is there, a row is not.
    rm -r results
    grep -v ' 2048 ' "$FAKE_CAPTURE" | sed 's/^# Avg bus bandwidth.*/# Avg bus bandwidth    : 0.365/' >holed
    FAKE_CAPTURE=holed kit_run 1 cx run "${small[@]}"
    ends invalid '1 of 3 sizes have no row'
}

@test "ranks, device or work that were not asked for" {
    kit_run 1 cx run "${small[@]}" -n 2
    ends invalid '2 ranks were asked for, but it had 4'
    rm -r results
    kit_run 1 cx run "${small[@]}" --device hip
    ends invalid 'device hip was asked for'
    rm -r results
    kit_run 1 cx run "${small[@]}" --dtype fp64
    ends invalid 'no row of the operation, types, placement and sizes'
    rm -r results
    FAKE_CAPTURE=$captures/synthetic/cut_device_list.txt kit_run 1 cx run "${small[@]}"
    ends invalid 'how many ranks it had'
}

@test "an exit code that is not 0 spoils whatever was printed; its own words come first" {
    FAKE_END=3 kit_run 1 cx run "${small[@]}"
    ends backend 'all_reduce_perf ended with exit code 3: the fake was told to fail'
    rm -r results
    FAKE_END=7 FAKE_CAPTURE=$captures/synthetic/wrong_elements.txt kit_run 1 cx run "${small[@]}"
    ends incorrect 'check of the run failed'
    rm -r results
    FAKE_END=crash kit_run 1 cx run "${small[@]}"
    ends backend 'killed by signal 11'
    rm -r results
    FAKE_END=flood kit_run 1 cx run "${small[@]}"
    ends backend 'printed more than 7 MiB'
}

@test "a hang is a timeout, and nothing of it is left, though it heeds no signal and left its group" {
    FAKE_END=hang kit_run 1 cx run "${small[@]}" --timeout 300ms --grace 200ms
    ends timeout 'did not end within'
    kit_is results 'len(r["rows"])' 3
}

@test "a hang of all ranks of mpirun" {
    FAKE_END=hang FAKE_ALONE=1 kit_run 1 cx run "${small[@]}" --nccltests-launch mpirun \
        --timeout 500ms --grace 4s
    kit_is results 'r["status"]' timeout
    nothing_is_left
}

@test "interrupted: the case is not recorded, and --resume runs it" {
    FAKE_END=hang kit_start cx run "${small[@]}"
    kit_wait 10 has_fakes 3
    kill -INT "$(kit_processes | head -n 1)"
    kit_end 130
    kit_is results 'len(records)' 0
    nothing_is_left
    kit_run 0 cx run "${small[@]}" --resume
    kit_is results 'r["status"]' ok
    kit_run 0 cx check results
}

@test "a program does not outlive a supervisor that is killed" {
    FAKE_END=hang kit_start "$program" run "${small[@]}"
    kit_wait 10 has_fakes 3
    kill -KILL "$started"
    kit_end 137
    # Who kills all that descends from it is gone; but the program itself ends with its starter.
    kit_wait 5 has_no_program
}

@test "without the program a case is unsupported, with a remedy, and so is what it cannot do" {
    rm programs/all_reduce_perf
    kit_run 1 cx run "${small[@]}"
    kit_is results 'r["status"], r["rows"], r["identity"]["source"]' "('unsupported', [], None)"
    kit_ask results 'r["detail"]' >detail
    kit_has detail 'all_reduce_perf is neither' CX_NCCLTESTS_PATH github.com/NVIDIA/nccl-tests
    rm -r results
    kit_run 1 cx run "${small[@]}" --op barrier,all_to_all_v
    kit_is results 'set(x["status"] for x in records)' unsupported
    rm -r results
    kit_run 1 cx run "${small[@]}" --op all_to_all --placement in_place
    kit_ask results 'r["detail"]' >detail
    kit_has detail 'does not check all_to_all in place'
}

@test "list says what is there, or what to do" {
    kit_run 0 cx list backends
    kit_has out 'nccltests        yes' '5 of 9 programs'
    CX_NCCLTESTS_PATH='' kit_run 0 cx list backends
    kit_has out 'nccltests        no' 'not set'
    CX_NCCLTESTS_PATH='' PATH=$PWD/programs:$PATH kit_run 0 cx list backends
    kit_has out 'nccltests        yes' '5 of 9 programs'
}

@test "beside a backend that is a plugin, in one plan" {
    kit_run 0 cx run --backend nccltests -n 4 --op all_reduce --device cuda --regime loop_mean \
        --sizes 1KiB:4KiB:x2 --progress none -o alone
    printf 'suite: both\nsummary: two kinds of backends\ncases:\n' >both.yaml
    printf '  - {op: all_reduce, backend: null, device: sim, regime: loop_mean, sizes: "8B"}\n' |
        sed 's/backend: null/backend: "null"/' >>both.yaml
    printf '  - {op: all_reduce, backend: nccltests, device: cuda, regime: loop_mean, sizes: "1KiB:4KiB:x2"}\n' \
        >>both.yaml
    kit_run 0 cx run both.yaml -n 4 "${quick[@]}" -o results --launches 2
    kit_is results 'len(records), set(x["status"] for x in records)' "(4, {'ok'})"
    kit_run 0 cx check results
}

# refuses WORDS ARGUMENT...: exit 2, one line, nothing run or written.
refuses() {
    local words=$1
    shift
    kit_run 2 cx run "$@"
    kit_has err "$words"
    [ "$(wc -l <err)" -eq 1 ]
    [ ! -e argv ]
    [ ! -e results ]
}

@test "requests that cannot be said to it" {
    refuses 'add --regime loop_mean' "${small[@]}" --regime isolated
    refuses 'regime steady' "${small[@]}" --regime loop_mean,steady
    refuses 'add --device cuda' -n 4 --backend nccltests --regime loop_mean -o results
    refuses 'FIRST:LAST:xFACTOR' "${small[@]}" --sizes 1KiB,2KiB,8KiB
    refuses 'FIRST:LAST:xFACTOR' "${small[@]}" --sizes 8B:64B:x2,1KiB:2KiB:+1KiB
    refuses 'root 4 is not one of' "${small[@]}" --op broadcast --root 4
    refuses 'use --loop-iters' "${small[@]}" --nccltests-args '-n 5'
    refuses 'use --loop-iters' "${small[@]}" --nccltests-args=--iter=5
    refuses 'use --ranks' "${small[@]}" --nccltests-args '-z 1 -g8'
    refuses 'nccltests-launch' "${small[@]}" --nccltests-launch srun
    refuses 'nccltests-lunch' "${small[@]}" --nccltests-lunch mpirun
    refuses 'without a launcher' "${small[@]}" --backend nccltests,mpi
    refuses 'without a launcher' "${small[@]}" --nodes 2 --rendezvous 127.0.0.1:1
}

@test "arguments are words, never a shell's" {
    # shellcheck disable=SC2016 # nothing may expand it
    kit_run 0 cx run "${small[@]}" --nccltests-args '-z $(touch${IFS}shelled) |cat'
    # shellcheck disable=SC2016
    grep -qxF '$(touch${IFS}shelled)' argv
    [ ! -e shelled ]
}
