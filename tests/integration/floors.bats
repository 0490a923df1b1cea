#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# How far a row is from what the machine allows: on stub GPUs, whose kernels take what they are told.

. "$BATS_TEST_DIRNAME/kit.sh"

setup() {
    kit_setup
    export CX_PLUGIN_PATH=$CX_BUILD/test-gpu:$CX_PLUGIN_PATH
    export CX_CUDA_PATH=$CX_BUILD/test-gpu/libcuda.so.1 CX_NVML_PATH=$CX_BUILD/test-gpu/libnvidia-ml.so.1
    export CX_NCCL_PATH=$CX_BUILD/test-libraries/nccl-22809
    small=(--sizes 8B,64KiB --budget 20ms --samples-max 60 --target 0% --progress none)
}
teardown() { kit_teardown; }

@test "an accelerator has limits, and its rows their distance to them" {
    STUB_GPU_KERNEL_NS=20 kit_measures cx run -n 2 --device cuda --backend nccl --op all_reduce,barrier \
        --regime steady "${small[@]}" -o results
    kit_is results 'all(v > 0 for x in records for k, v in x["limits"].items() if "nominal" not in k)' True
    kit_is results 'set(v for x in records for k, v in x["limits"].items() if "nominal" in k)' None
    kit_is results 'set(row["floor_source"] for x in records for row in x["rows"])' measured
    kit_is results 'all(abs(row["time_us_p50"] / row["floor_us"] / row["floor_ratio"] - 1) < 1e-9 for x in records for row in x["rows"])' True
    kit_has out 'x floor'
    kit_checks results
}

@test "a result under its floor is not published" {
    STUB_GPU_KERNEL_NS=2000000 kit_measures cx run -n 2 --device cuda --backend nccl --op all_reduce \
        --regime loop_mean "${small[@]}" -o results
    kit_is results 'r["rows"][0]["floor_ratio"] < 1' True
    kit_is results 'r["publication"]["class"]' invalid
    kit_is results '"under-floor" in r["publication"]["reasons"]' True
    kit_checks results
}

# builds_for RATE: from now on the stub's links (18 lanes) and memory are built for that many bytes/s.
builds_for() {
    mkdir registry
    cp -R "$CX_REGISTRY/." registry
    export CX_REGISTRY=$PWD/registry
    printf '{"bounds": [
        {"name": "Stub link", "kind": "nvlink", "model": "Stub GPU", "bytes_per_s": %s, "lane_count": 18, "source": "this test"},
        {"name": "Stub HBM", "kind": "memory", "model": "Stub GPU", "bytes_per_s": %s, "source": "this test"}]}' "$1" "$1" \
        >registry/bounds.json
}

@test "what was measured stands beside what the hardware is built for" {
    builds_for 1e15
    kit_run 0 cx probe --width 1000
    kit_has out 'Stub GPU, nominal: memory Stub HBM 1000000 GB/s, links Stub link 1000000 GB/s each way'
    STUB_GPU_KERNEL_NS=20 kit_measures cx run -n 2 --device cuda --family limits --limit copy_engine,memory_copy \
        "${small[@]}" --sizes 64KiB -o results
    kit_is results '{x["limits"][k] for x in records for k in x["limits"] if "nominal" in k}' 1000000000000000.0
    kit_has out '  nominal' '; nominal is the'
    kit_checks results
}

@test "a limit that beats what the hardware is built for is a finding" {
    builds_for 1e6
    STUB_GPU_KERNEL_NS=20 kit_measures cx run -n 2 --device cuda --backend nccl --op all_reduce \
        --regime steady "${small[@]}" -o results
    kit_run 1 cx check results
    kit_has out over-nominal 'its limit memory_copy_bytes_per_s is' 'but that is built for 1000000'
    printf '{"bounds": 1}' >registry/bounds.json
    kit_run 2 cx run -n 2 --device cuda --backend nccl --op all_reduce "${small[@]}" -o refused
    kit_has err 'bounds.json: expected {"bounds": [...]}'
}

@test "hosts and virtual time have no limits" {
    kit_measures cx run -n 2 --device host --backend hostref --op all_reduce "${small[@]}" -o results
    kit_is results 'r["limits"]' None
    kit_is results 'set(row["floor_us"] for row in r["rows"])' None
    rm -rf results
    kit_measures cx run -n 2 --device sim --backend null --op all_reduce "${small[@]}" -o results
    kit_is results 'r["limits"]' None
    kit_checks results
}

@test "a device alone has launches, but neither links nor floors" {
    STUB_GPU_KERNEL_NS=20 kit_measures cx run -n 1 --device cuda --backend nccl --op all_reduce --regime steady \
        "${small[@]}" -o results
    kit_is results 'r["limits"]["launch_us"] > 0' True
    kit_is results 'r["limits"]["link_copy_bytes_per_s"]' None
    kit_is results 'r["limits"]["flag_round_trip_us"]' None
    kit_is results 'set(row["floor_us"] for row in r["rows"])' None
    kit_checks results
}

@test "what crosses links of a dispatch and a combine is their floor" {
    STUB_GPU_KERNEL_NS=20 kit_run 0 cx run -n 2 --device cuda --backend nccl --family ep --hidden 128 --experts 8 \
        --topk 2 --tokens 4 --sampling fast --regime isolated --progress none -o results
    kit_is results '{row["component"] for row in r["rows"] if row["floor_us"]} == {"dispatch", "combine", "roundtrip"}' True
    kit_is results 'all(row["floor_us"] >= r["limits"]["launch_us"] for row in r["rows"] if row["floor_us"])' True
    kit_has out '  x floor  check'
    kit_checks results
}
