#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A request that is wrong: one line on stderr, exit 2, nothing run, nothing written.

. "$BATS_TEST_DIRNAME/kit.sh"

setup() {
    kit_setup
    files
}
teardown() { kit_teardown; }

# The files that requests name; what else is in the folder afterwards was written.
files() {
    printf 'suite: a\nsummary: b\nsuite: c\n' >twice.yaml
    printf 'suite: a\nsummary: b\ncases:\n  - op: all_reduce\n    op: broadcast\n' >twice_deep.yaml
    printf 'suite: a\nsummary: b\ncasess:\n  - op: all_reduce\n' >key.yaml
    printf 'suite: a\nsummary: b\ncases:\n  - opp: all_reduce\n' >option.yaml
    printf 'suite: a\nsummary: b\ncases:\n  - op: all_reduec\n' >value.yaml
    printf 'suite: a\nsummary: b\ncases:\n  - op: reduce\n  - op: gather\n    only_on: [cudaa]\n' >only_on.yaml
    printf 'suite: a\nsummary: b\ncases:\n  - op: all_reduce\n    budget: 20\n' >unit.yaml
    printf 'suite: a\nsummary: b\ncases: []\n' >nothing.yaml
    printf 'suite: a\nsummary: [\n' >cut.yaml
    printf '' >empty.yaml
    printf '{"suite": "a", "cases": [{"op": "all_reduce", "op": "reduce"}]}' >twice.json
    printf '{"suite": "a", "cases": [{"op": "all_red' >cut.json
    printf '1 2\n3 x\n' >weights
}

# refuses NAME LINE...: every LINE is the arguments of the program, " => ", and what stderr must have.
refuses() {
    local line arguments before
    before=$(find . | sort)
    for line in "$@"; do
        read -ra arguments <<<"${line%% => *}"
        kit_run 2 cx "${arguments[@]}"
        kit_has err "${line#* => }"
        if [ "$(wc -l <err)" -ne 1 ] || [ -s out ]; then
            echo "not one line on stderr alone: $line"
            cat out err
            return 1
        fi
        rm -f out err
        [ "$(find . | sort)" = "$before" ]
    done
    kit_has_no_process
}

@test "words the program does not know, with the nearest it does" {
    refuses 'lisst => did you mean "list"' \
        'run --bogus 1 => "bogus"' \
        'run --siezs 8B => did you mean "sizes"' \
        'run --formatt json => did you mean' \
        'run --op all_reduec => did you mean "all_reduce"' \
        'run --dtype fp31 => did you mean "fp32"' \
        'run --dtype float32 => fp16, bf16, fp32, fp64' \
        'run --backend null --foo-bar 1 => unknown option' \
        'run --redop summ => did you mean "sum"' \
        'run --regime isolatd => did you mean "isolated"' \
        'run --backend hostreff => did you mean "hostref"' \
        'run --device gpu => no device called "gpu"' \
        'run --backend faulty --faulty-fault of_by_one => did you mean "off_by_one"' \
        'run --backend hostref --faulty-fault none => "faulty-fault"' \
        'run --format xml => "xml"' \
        'run nosuite => no suite called "nosuite"' \
        'run quik => did you mean "quick"' \
        'list backend => did you mean "backends"' \
        'check --bogus results => bogus' \
        'probe --bogus => bogus'
}

@test "values that are none" {
    refuses 'run --budget 20 => unit' \
        'run --sizes 8 => unit' \
        'run --sizes 1M => did you mean MiB?' \
        'run --timeout 0s => 0s is outside 1ms..86400s' \
        'run --sizes 8B:1KiB => FIRST:LAST:xFACTOR' \
        'run --sizes 1KiB:8B:x2 => never rises' \
        'run --sizes 8B,8B => must rise' \
        'run --rotate-bytes 1000 => unit' \
        'run -n x => whole number' \
        'run -n 1025 => 0..1024' \
        'run --launches 0 => 1..1000' \
        'run --seed -1 => outside' \
        'run --target 200% => outside' \
        'run --samples-max 1.5 => whole number' \
        'run --op all_reduce, => empty value' \
        'run --op => needs a value'
}

@test "wishes that contradict each other" {
    refuses 'run -n 2 --op broadcast --root 7 => root 7 is not one of the ranks 0 to 1' \
        'run --op all_gather --redop sum => redop' \
        'run --op all_gather --root 1 => root' \
        'run --op all_reduce --traffic-skew 2 => traffic-skew' \
        'run --op all_to_all_v --placement in_place => in place has no meaning' \
        'run --samples-min 100 --samples-max 10 => above' \
        'run --nodes 2 => rendezvous' \
        'run --node-index 1 => --nodes 1' \
        'run --rendezvous 127.0.0.1:1 => --nodes 1' \
        'run -n 2 --op all_to_all_v --traffic-skew 5 => skew' \
        'run -n 2 --sizes 100TiB => memory' \
        'run --resume => --resume'
}

@test "suites, with line and column" {
    refuses 'run twice.yaml => twice.yaml:3:1: duplicate key "suite", first given on line 1' \
        'run twice_deep.yaml => twice_deep.yaml:5:5: duplicate key "op", first given on line 4' \
        'run key.yaml => key.yaml:3:1: unknown key "casess"' \
        'run only_on.yaml => only_on.yaml:6:14: no device called "cudaa"; did you mean "cuda"?' \
        'run option.yaml => option.yaml:4:' \
        'run option.yaml => did you mean "op"' \
        'run value.yaml => value.yaml:4:9: op: unknown value "all_reduec"; did you mean "all_reduce"?' \
        'run unit.yaml => unit.yaml:5:13: budget: expected a time with a unit' \
        'run nothing.yaml => nothing.yaml:3:1: the suite has no cases' \
        'run cut.yaml => cut.yaml:3:1' \
        'run empty.yaml => empty.yaml:1:1: the file is empty' \
        'run twice.json => twice.json:1:47: duplicate key "op"' \
        'run cut.json => cut.json:' \
        'run missing.yaml => missing.yaml' \
        'run -n 2 --op all_to_all_v --traffic weights => weights:2:3' \
        'run -n 2 --op all_to_all_v --traffic nowhere => nowhere' \
        'plan value.yaml => value.yaml:4:9'
}

@test "records that cannot be read" {
    cx run -n 2 --backend null --op all_reduce --sizes 8B --progress none -o results >out 2>err
    rm -f out err
    record=$(echo results/records/*)
    head -c 300 "$record" >short
    cp short "$record"
    refuses 'show results => premature end' \
        'show nowhere => nowhere' \
        'check nowhere => nowhere' \
        'check => check'
}

@test "an environment variable with a value that is none" {
    before=$(find . | sort)
    CX_BUDGET=20 kit_run 2 cx run --backend null --op all_reduce
    kit_has err budget unit
    rm out err
    [ "$(find . | sort)" = "$before" ]
}
