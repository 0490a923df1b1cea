#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What limits a machine: on the host, and on stub GPUs, where a copy can be made to go wrong.

. "$BATS_TEST_DIRNAME/kit.sh"

setup() {
    kit_setup
    few=(--budget 20ms --samples-max 60 --target 0% --progress none)
    small=("${few[@]}" --sizes 4KiB --rotate-bytes 64KiB)
}
teardown() { kit_teardown; }

# The devices and libraries of the stub, for the rest of a test.
use_stub() {
    export CX_PLUGIN_PATH=$CX_BUILD/test-gpu:$CX_PLUGIN_PATH
    export CX_CUDA_PATH=$CX_BUILD/test-gpu/libcuda.so.1 CX_NVML_PATH=$CX_BUILD/test-gpu/libnvidia-ml.so.1
}

@test "the suite asks the host what a host has" {
    kit_run 0 cx plan -n 2 limits --device host
    [ "$(grep -c 'limits\.' out)" -eq 5 ]
    kit_has out limits.copy_engine.one limits.memory_copy.all limits.flag.isolated
    kit_measures cx run -n 2 limits --device host "${few[@]}" --sizes 4KiB,64KiB -o results
    kit_is results 'len(records)' 5
    kit_is results 'set(x["contract"]["name"] for x in records)' "limits.isolated"
    kit_checks results
}

@test "the suite asks an accelerator for more" {
    use_stub
    kit_run 0 cx plan -n 2 limits --device cuda
    kit_has out limits.sm_store.one.b16 limits.sm_load.all.ball limits.sm_store_all.all.b32 \
        limits.device_barrier.steady limits.graph_launch.isolated
    kit_measures cx run -n 2 limits --device cuda "${few[@]}" --sizes 4KiB -o results
    kit_is results 'len(records)' 41
    kit_checks results
}

@test "bytes are checked, flags and launches are not, and a bandwidth is over what was moved" {
    kit_measures cx run -n 3 --family limits --device host "${few[@]}" --sizes 64KiB --rotate-bytes 1MiB \
        --limit copy_engine,memory_copy,flag --movers one,all --regime isolated,steady -o results
    kit_is results 'len(records)' 10
    kit_is results 'all(row["verified_count"] > 0 for x in records for row in x["rows"] if row["message_bytes"])' True
    kit_is results 'set(row["verified_count"] for x in by("flag") for row in x["rows"])' 0
    kit_is results 'set(row["busbw_bytes_per_s"] for x in records for row in x["rows"])' None
    kit_is results 'all(abs(row["algbw_bytes_per_s"] / (2 * 65536e6 / row["time_us_p50"]) - 1) < 1e-6 for x in by("memory_copy") for row in x["rows"])' True
    kit_is results 'all(abs(row["algbw_bytes_per_s"] / (65536e6 / row["time_us_p50"]) - 1) < 1e-6 for x in by("copy_engine") for row in x["rows"])' True
    kit_is results 'set(x["definition"]["over_ranks"] for x in records)' max
    kit_checks results
}

@test "a copy that skips its last chunk is incorrect" {
    use_stub
    for limit in sm_store sm_load sm_store_all; do
        STUB_GPU_SKIP_BYTES=16 kit_run 1 cx run -n 2 --family limits --limit $limit --device cuda "${small[@]}" \
            -o "$limit.d"
        kit_is "$limit.d" 'r["status"]' incorrect
        kit_is "$limit.d" 'r["rows"][0]["wrong_count"] > 0' True
        kit_has out "rank "
    done
}

@test "what cannot be is refused or unsupported, with the reason" {
    kit_run 1 cx run -n 2 --family limits --limit sm_store --device host "${small[@]}" -o sm.d
    kit_is sm.d 'r["status"]' unsupported
    kit_has out "sm_store: device host has no kernels that copy"
    kit_run 1 cx run -n 1 --family limits --limit flag --device host "${few[@]}" -o lone.d
    kit_has out "flag is between ranks, and there is only one"
    kit_run 2 cx run -n 2 --family limits --regime loop_mean "${small[@]}" -o loop.d
    kit_has err "family limits has isolated and steady, not loop_mean"
    kit_run 2 cx run -n 2 --family limits --limit flag --blocks 4 "${few[@]}" -o blocks.d
    kit_has err "blocks means nothing for any case"
    kit_run 2 cx run -n 2 --op gather --limit flag "${few[@]}" -o limit.d
    kit_has err "limit means nothing for any case"
    kit_run 1 cx run -n 2 --family limits --backend hostref --device host "${small[@]}" -o hostref.d
    kit_has out "backend hostref has no limit copy_engine"
}
