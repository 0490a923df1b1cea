#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Expert parallelism between real processes: what is run, what is left out, what is refused.

. "$BATS_TEST_DIRNAME/kit.sh"

setup() {
    kit_setup
    small=(--family ep --backend hostref --hidden 256 --topk 3 --experts 24 --fast --rotate-bytes 1MiB
        --progress none)
}
teardown() { kit_teardown; }

# proves DIR ROWS: every case is ok, each with that many rows, every check of every pass right and
# pairs looked at.
proves() {
    kit_is "$1" 'set(x["status"] for x in records)' "ok"
    kit_is "$1" "set(len(x['rows']) for x in records)" "$2"
    kit_is "$1" 'all(p["is_right"] and p["failed_checks"] == "" for x in records for p in x["points"])' True
    kit_is "$1" 'sum(row["wrong_count"] for x in records for row in x["rows"])' 0
    kit_is "$1" 'all(sum(row["verified_count"] for row in x["rows"]) > 0 for x in records)' True
    kit_checks "$1"
}

@test "both modes and both regimes, on 2 and 4 ranks" {
    for ranks in 2 4; do
        kit_run 0 cx run -n $ranks "${small[@]}" --tokens 1,8,32 --mode normal,low-latency \
            --regime isolated,steady -o "$ranks.d"
        proves "$ranks.d" 9
        kit_is "$ranks.d" 'len(records)' 4
    done
    kit_is 2.d '[x["component"] for x in by("normal.bf16.uniform.isolated")[0]["rows"][:3]]' \
        "dispatch combine roundtrip"
    kit_is 2.d '[x["component"] for x in by("normal.bf16.uniform.steady")[0]["rows"][:3]]' \
        "pair-period dispatch-floor combine-floor"
    kit_is 2.d '[p["receive_total"] == p["copies"] for p in by("normal.bf16.uniform.steady")[0]["points"]]' \
        "True True True"
    kit_is 2.d '[p["receive_total"] == p["assignments"] for p in by("low-latency")[0]["points"]]' \
        "True True True"
}

@test "every precision, and rows that come home quantised" {
    kit_run 0 cx run -n 2 "${small[@]}" --tokens 1,8 --regime steady --mode normal,low-latency -o codecs.d \
        --precision bf16,e4m3fn-block128,e4m3fn-token,e4m3fn-direct,e4m3fnuz-block128,e5m2-block128,mxfp8,nvfp4
    proves codecs.d 6
    kit_run 0 cx run -n 2 "${small[@]}" --tokens 1,8 --precision e4m3fn-block128 -o home.d \
        --combine-precision e4m3fn-block128,e5m2-token,mxfp8
    kit_is home.d 'len(records)' 3
    proves home.d 8
    kit_is home.d '[x["component"] for x in r["rows"][:4]]' "dispatch combine stage roundtrip"
    kit_run 0 cx run -n 2 "${small[@]}" --tokens 8 --precision mxfp8 --consume dequant -o dequant.d
    kit_is dequant.d 'r["environment"]["ep_staging"]' in-pair
    kit_is home.d 'r["environment"]["ep_staging"]' hoisted
}

@test "uneven tokens, replicas of experts, and routing that moves" {
    kit_run 0 cx run -n 4 "${small[@]}" --tokens 1,8 --uneven linear,empty-rank -o uneven.d
    proves uneven.d 6
    kit_is uneven.d '[x["points"][1]["global_tokens"] for x in sorted(records, key=lambda x: x["case"]["uneven"]["value"])]' \
        "24 32"
    kit_run 0 cx run -n 4 "${small[@]}" --tokens 8 --routing zipf,hotspot --eplb 5 -o eplb.d
    proves eplb.d 3
    kit_is eplb.d 'all(x["points"][0]["rank_imbalance_ratio"] < x["points"][0]["logical_imbalance_ratio"] for x in records)' \
        True
    kit_run 0 cx run -n 4 "${small[@]}" --tokens 8 --regime steady -o moving.d \
        --routing hotspot-moving,alternating-groups,balanced,balanced-rank-local
    proves moving.d 3
}

@test "ranks really move with a placement" {
    kit_run 0 cx run -n 4 "${small[@]}" --tokens 8 --domain-ranks 2 --routing hotspot -o places.d \
        --rank-placement packed,striped,adversarial
    proves places.d 3
    kit_is places.d 'len(set(x["points"][0]["cross_domain_fraction"] for x in records)) > 1' True
}

@test "more ranks than processors" {
    kit_run 0 cx run -n 8 "${small[@]}" --tokens 1,8 --mode normal,low-latency --regime steady -o many.d
    proves many.d 6
}

@test "a trace from a file is the same on all ranks, and part of what may be compared" {
    kit_run 0 cx workload --hidden 256 --topk 3 --experts 24 --ep 2 --tokens 8 --routing zipf \
        --what routing --format csv -o trace.csv
    kit_run 0 cx run -n 2 "${small[@]}" --tokens 8 --routing trace --trace trace.csv -o one.d
    proves one.d 3
    sed -i '$d' trace.csv
    kit_run 2 cx run -n 2 "${small[@]}" --tokens 8 --routing trace --trace trace.csv -o two.d
    kit_has err "trace.csv: the trace has 15 tokens, the workload needs 16"
}

@test "a backend without it is a record that says so" {
    kit_run 1 cx run -n 2 "${small[@]}" --backend null --device sim --tokens 8 -o none.d
    kit_is none.d 'r["status"]' unsupported
    kit_is none.d 'r["detail"]' "backend null has no expert parallelism"
}

# refuses WORDS ARGUMENT...: exit 2, one line on stderr with the words, nothing written.
refuses() {
    local words=$1
    shift
    kit_run 2 cx run -n 2 "${small[@]}" "$@" -o none.d
    kit_has err "$words"
    [ "$(wc -l <err)" -eq 1 ]
    [ ! -e none.d ]
}

@test "bad requests are refused with place and the nearest that is possible" {
    refuses 'command line: mode: unknown value "nomal"; did you mean "normal"?' --mode nomal
    refuses 'command line: precision: unknown value "mxpf8"; did you mean "mxfp8"?' --precision mxpf8
    refuses 'did you mean "zipf"?' --routing zip
    refuses 'command line: tokens: 0 is outside 1..10000000; the nearest is 1' --tokens 0
    refuses 'command line: tokens: must rise, but 4 follows 8' --tokens 8,4
    refuses 'such as 1:512:x2' --tokens 1:512
    refuses 'command line: shape: no shape called "deepsek-v3"; did you mean "deepseek-v3"?' \
        --shape deepsek-v3 --hidden 0
    refuses 'family ep has no loop_mean' --regime loop_mean
    refuses 'experts: 25 do not divide by 2 ranks; the nearest number of ranks is 1' --experts 25
    refuses 'topk: 9 distinct experts cannot come from 8' --topk 9 --experts 8
    refuses 'hidden: 16 is below 32' --hidden 16
    refuses 'trace: routing trace needs a file' --routing trace
    refuses 'hot-expert: there is no expert 24' --routing hotspot --hot-expert 24
    refuses 'eplb-seed: 67' --eplb 2 --eplb-seed 67
    refuses 'command line: dtype means nothing for any case of this request' --dtype fp32
    refuses 'command line: zipf-exponent means nothing' --zipf-exponent 2
    refuses 'mxfp8' --hidden 40 --precision mxfp8
    kit_run 2 cx run -n 2 --op all_reduce --backend hostref --mode normal -o none.d
    kit_has err 'command line: mode means nothing for any case of this request'
    kit_has_no_process
}

@test "suites expand, and every case of them has a name of its own" {
    for suite in ep-decode ep-prefill ep-precision ep-routing ep-scaling ep-models; do
        kit_run 0 cx plan "$suite" -n 4 --backend hostref
        kit_has out "$suite: " "ep." "tokens "
        [ "$(sed 1d out | awk '{print $1}' | sort -u | wc -l)" -eq "$(sed -n "s/^$suite: \([0-9]*\) .*/\1/p" out)" ]
    done
    kit_run 0 cx plan ep-models -n 2 --backend hostref
    kit_has out deepseek-v3 deepseek-v4-pro kimi-k2 minimax qwen glm gpt-oss
    kit_run 0 cx plan ep-decode --fast -n 2 --backend hostref
    kit_has out "isolated-fast" "steady-fast" "low-latency"
}
