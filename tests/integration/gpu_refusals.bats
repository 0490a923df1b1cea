#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Accelerators that are not there, not permitted, not enough or not alike: each has a reason in `list` and
# `probe`, and a refusal in `run`: exit 2 and nothing written where it is known before anything starts, else a
# record `unsupported`. On the stubs of the vendors' libraries.

. "$BATS_TEST_DIRNAME/kit.sh"

setup() {
    kit_setup
    local stubs=$CX_BUILD/test-gpu libraries=$CX_BUILD/test-libraries
    export CX_PLUGIN_PATH=$stubs:$CX_BUILD/test-plugins:$CX_BUILD/plugins
    export CX_CUDA_PATH=$stubs/libcuda.so.1 CX_NVML_PATH=$stubs/libnvidia-ml.so.1
    export CX_HIP_PATH=$stubs/libamdhip64.so CX_ROCM_SMI_PATH=$stubs/librocm_smi64.so
    export CX_NCCL_PATH=$libraries/nccl-22809 CX_RCCL_PATH=$libraries/rccl
    unset CUDA_VISIBLE_DEVICES
    case_of_two=(-n 2 --device cuda --backend nccl --op all_reduce --sizes 64B "${quick[@]}" -o results)
}
teardown() { kit_teardown; }

# shows TEXT...: what `probe` and `list devices` say has each of them.
shows() {
    kit_run 0 cx probe --width 1000
    kit_has out "$@"
    kit_run 0 cx list devices
    kit_has out "$@"
}

# refuses TEXT...: the run ends with 2 and one line that has each of them; nothing is written or left.
refuses() {
    kit_run 2 cx run "${case_of_two[@]}"
    kit_has err "$@"
    [ "$(wc -l <err)" -eq 1 ]
    [ ! -s out ]
    [ ! -e results ]
    kit_has_no_process
}

# leaves_unsupported TEXT...: the run ends with 1, and a record `unsupported` whose detail has each of them.
leaves_unsupported() {
    kit_run 1 cx run "${case_of_two[@]}" "${more[@]}"
    kit_is results 'r["status"]' unsupported
    kit_ask results 'r["detail"]' >detail
    kit_has detail "$@"
    kit_has_no_process
    kit_is_clean results
}

# measures: the same run ends with a number.
measures() {
    kit_measures cx run "${case_of_two[@]}" "${more[@]}"
}

@test "no library of the driver" {
    export CX_CUDA_PATH=/nowhere/libcuda.so.1
    shows 'no CUDA driver library' 'install the NVIDIA driver'
    refuses 'no CUDA driver library libcuda.so.1 ($CX_CUDA_PATH: /nowhere/libcuda.so.1' 'install the NVIDIA driver'
}

@test "no GPU" {
    export STUB_GPU_FAIL=cuInit:100
    shows 'no device is detected (error 100)' 'passed into this container?'
    refuses 'no device is detected (error 100)' 'passed into this container?'
}

@test "a driver that counts none" {
    export STUB_GPU_COUNT=0
    shows 'no cuda device' 'it counts none'
    refuses 'no cuda device' 'it counts none'
}

@test "a driver that does not start" {
    local code
    for code in 101 304 802 803 804 999; do
        export STUB_GPU_FAIL=cuInit:$code
        shows "(error $code); "
        refuses "(error $code); "
    done
}

@test "a driver that never answers" {
    export STUB_GPU_SLEEP=100 CX_DRIVER_PATIENCE=1s
    local command
    for command in probe 'list devices' "run ${case_of_two[*]}"; do
        read -ra words <<<"$command"
        kit_run 1 cx "${words[@]}"
        kit_has err 'device cuda: its driver does not answer' dmesg
        [ ! -e results ]
    done
    kit_has_no_process
}

@test "device files this user may not open" {
    export STUB_GPU_FAIL=cuInit:100 LD_PRELOAD=$CX_BUILD/test-gpu/forbid.so
    local path
    for path in /dev/nvidiactl /dev/nvidia-uvm /dev/nvidia0; do
        export STUB_FORBIDDEN=$path
        shows "this user may not open $path" 'ask for the rights'
        refuses "this user may not open $path" 'ask for the rights'
    done
}

@test "device files of AMD this user may not open" {
    export STUB_GPU_FAIL=hipInit:100 LD_PRELOAD=$CX_BUILD/test-gpu/forbid.so STUB_FORBIDDEN=/dev/kfd
    shows 'this user may not open /dev/kfd' 'render and video'
    case_of_two+=(--device hip --backend rccl)
    refuses 'this user may not open /dev/kfd' 'render and video'
}

@test "GPUs hidden from this process" {
    export STUB_GPU_FAIL=cuInit:100 CUDA_VISIBLE_DEVICES=7
    shows 'CUDA_VISIBLE_DEVICES is "7"'
    refuses 'the driver knows 2 GPUs, and CUDA_VISIBLE_DEVICES is "7"'
}

@test "fewer GPUs than ranks" {
    export STUB_GPU_COUNT=1
    refuses '2 ranks on this host need as many cuda devices, and this process sees 1'
    CUDA_VISIBLE_DEVICES=0 refuses 'CUDA_VISIBLE_DEVICES is "0"'
    case_of_two+=(--device hip --backend rccl)
    refuses '2 ranks on this host need as many hip devices, and this process sees 1'
}

@test "a GPU cut into slices, without one of them" {
    export STUB_GPU_FAIL=cuInit:100 STUB_NVML_MIG=1
    shows '2 of 2 GPUs are in MIG mode' 'nvidia-smi mig -cgi'
    refuses '2 of 2 GPUs are in MIG mode' 'nvidia-smi mig -cgi'
}

@test "one slice for two ranks" {
    export STUB_GPU_COUNT=1 STUB_NVML_MIG=1 STUB_GPU_SLICES=1
    kit_run 0 cx probe --width 1000
    kit_has out ' mig '
    refuses '2 ranks' 'in MIG mode, and of their slices a process sees one'
    case_of_two+=(-n 1)
    measures
    kit_is results 'r["environment"]["accelerator_partition"]' mig
    kit_is results 'r["provenance"]["accelerators"][0]["is_slice"]' True
}

@test "mixed GPUs, unless asked" {
    export STUB_GPU_MODELS='NVIDIA H100,NVIDIA H200'
    kit_run 0 cx probe --width 1000
    kit_has out 'NVIDIA H100' 'NVIDIA H200'
    refuses 'different models: 0 is NVIDIA H100, 1 is NVIDIA H200' --mixed-devices
    more=(--mixed-devices)
    measures
    kit_is results 'r["environment"]["accelerators"]' '1 x NVIDIA H100, 1 x NVIDIA H200'
    kit_is results '"mixed-devices" in r["publication"]["reasons"]' True
    kit_is results 'r["publication"]["class"] in ("official", "comparable")' False
}

@test "one rank beside another model is not mixed" {
    export STUB_GPU_MODELS='NVIDIA H100,NVIDIA H200'
    case_of_two+=(-n 1)
    measures
    kit_is results 'r["environment"]["accelerators"]' '1 x NVIDIA H100'
    kit_is results 'r["environment"]["accelerator_links"]' none
}

@test "a device that is missing takes only its cases away" {
    export STUB_GPU_FAIL=cuInit:100
    cat >both.yaml <<'END'
suite: both
summary: one case with a device, one without
cases:
  - {op: all_reduce, device: cuda, backend: nccl, sizes: 64B}
  - {op: all_reduce, device: host, backend: hostref, sizes: 64B}
END
    kit_run 1 cx run both.yaml -n 2 "${quick[@]}" -o results
    kit_is results 'by(".cuda.")[0]["status"]' unsupported
    kit_is results 'by(".host.")[0]["status"] in ("ok", "unstable")' True
    kit_is results '"no device is detected" in by(".cuda.")[0]["detail"]' True
}

@test "a build without kernels" {
    export CX_PLUGIN_PATH=$CX_BUILD/test-gpu/bare:$CX_PLUGIN_PATH
    shows 'built without kernels, for want of a working nvcc'
    leaves_unsupported 'built without kernels for' nvcc
}

@test "kernels for other GPUs" {
    export STUB_GPU_FAIL=cuModuleLoadData:209
    leaves_unsupported 'do not load on Stub GPU'
}

@test "a second NCCL in the process" {
    LD_PRELOAD=$CX_BUILD/test-libraries/nccl-22705/libnccl.so.2 kit_run 0 cx list backends
    kit_has out 'is loaded in this process already' 'a process holds one'
    export LD_PRELOAD=$CX_BUILD/test-libraries/nccl-22705/libnccl.so.2
    leaves_unsupported 'is loaded in this process already' CX_NCCL_PATH
}

@test "an NCCL that was chosen, and another on the loader's path" {
    export LD_LIBRARY_PATH=$CX_BUILD/test-libraries/nccl-22705
    kit_run 0 cx probe --width 1000
    kit_has out '2.28.9'
    measures
    kit_is results 'r["environment"]["backend_library"]' 2.28.9
    CX_NCCL_PATH='' kit_run 0 cx probe --width 1000
    kit_has out '2.27.5'
}

@test "an NCCL older than what is asked of it" {
    export CX_NCCL_PATH=$CX_BUILD/test-libraries/nccl-21805
    more=(--nccl-registration symmetric)
    leaves_unsupported 'nccl-registration=symmetric needs NCCL 2.27 or later, this is 2.18.5'
    rm -r results
    more=(--nccl-registration user-buffer)
    leaves_unsupported 'needs NCCL 2.19 or later'
}

@test "no NCCL, and one that is none" {
    export CX_NCCL_PATH=/nowhere
    kit_run 0 cx list backends
    kit_has out 'NCCL cannot be loaded'
    leaves_unsupported 'NCCL cannot be loaded'
    rm -r results
    export CX_NCCL_PATH=$CX_NVML_PATH
    leaves_unsupported 'it is no NCCL, or older than'
}

@test "GPUs that do not reach each other's memory" {
    export STUB_NVML_LINKS=pcie STUB_NVML_P2P=1
    kit_run 0 cx probe --width 1000
    kit_has out 'read chipset not supported'
    export STUB_GPU_FAIL=cuMemSetAccess:217@2 # the other rank's memory
    measures # NCCL goes another way, and so do ranks that meet
    kit_has err 'ranks meet on their hosts' 'is there peer access between the two?'
    kit_is results 'r["environment"]["accelerator_links"]' 'system NODE'
    kit_is results '"alignment" in r["environment"]' False
}

@test "memory that may not be shared as a descriptor is shared by handle" {
    local call
    for call in cuMemCreate cuMemExportToShareableHandle; do
        rm -rf results
        STUB_GPU_FAIL=$call:801 measures
        kit_is results 'r["environment"]["alignment"]' device
    done
}

@test "a container that refuses to share memory at all" {
    export STUB_GPU_FAIL=cuMemCreate:800,cuIpcGetMemHandle:801
    leaves_unsupported 'cannot be shared between processes' cuMemCreate cuIpcGetMemHandle 'run all ranks in one container'
}

@test "the same, and a backend that shares nothing" {
    export STUB_GPU_FAIL=hipMemCreate:801,hipIpcGetMemHandle:801
    case_of_two+=(--device hip --backend rccl)
    measures
    kit_has err 'ranks meet on their hosts' 'cannot be shared between processes' '--cap-add=SYS_PTRACE'
    kit_is results '"alignment" in r["environment"]' False
}

@test "no word on links is no guess" {
    export STUB_NVML_LINKS=hidden
    kit_run 0 cx probe --width 1000
    kit_has out 'NV?: unknown speed'
    export STUB_NVML_LINKS=unknown
    kit_run 0 cx probe --width 1000
    kit_has out '?: unknown speed; read unknown'
    CX_NVML_PATH=/nowhere measures
    kit_is results 'r["environment"]["accelerator_links"]' unknown
}
