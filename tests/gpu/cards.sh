#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# cards.sh BUILD: what `probe` says of NVIDIA GPUs beside what nvidia-smi says, how long it takes, and that memory
# is shared by handle where the driver shares no descriptors. Prints "ok" or "WRONG" lines; exit 1 if any is wrong.
set -u
build=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CX_PLUGIN_PATH=${CX_PLUGIN_PATH:-$build/plugins} CX_REGISTRY=$here/../../registry
cx=$build/collectivex
wrong=0

# say TRUTH WORDS...
say() {
    local truth=$1
    shift
    if [ "$truth" = 0 ]; then echo "ok     $*"; else
        echo "WRONG  $*"
        wrong=1
    fi
}

# ask EXPRESSION: of the document of probe.
ask() {
    python3 -c "import json,sys; d=json.load(open('$work/probe.json')); cuda=[a for a in d['accelerators'] if a['device']=='cuda']; print($1)"
}

"$cx" probe >/dev/null # files into memory
start=$(date +%s%N)
"$cx" probe --width 200
took_ms=$((($(date +%s%N) - start) / 1000000))
say $((took_ms >= 1000)) "probe takes $took_ms ms (at most 1000)"
"$cx" probe --format json --redact=false >"$work/probe.json"

nvidia-smi --query-gpu=name,uuid,ecc.mode.current,persistence_mode --format=csv,noheader | sed 's/, /|/g' >"$work/smi"
i=0
while IFS='|' read -r name uuid ecc persistence; do
    got=$(ask "'|'.join([cuda[$i]['model'], cuda[$i]['uuid']])")
    [ "$got" = "$name|$uuid" ]
    say $? "device $i is $name, $uuid: $got"
    [ "$(ask "{True: 'Enabled', False: 'Disabled', None: '[N/A]'}[cuda[$i]['has_ecc']]")" = "$ecc" ]
    say $? "its ECC is $ecc"
    [ "$(ask "{True: 'Enabled', False: 'Disabled', None: '[N/A]'}[cuda[$i]['is_persistent']]")" = "$persistence" ]
    say $? "its persistence mode is $persistence"
    i=$((i + 1))
done <"$work/smi"

nvidia-smi topo -m | sed 's/\x1b\[[0-9;]*m//g' >"$work/topo"
cat "$work/topo"
# A row begins with its name, the heading with nothing.
wanted=$(awk '/^GPU0/ {print $3; exit}' "$work/topo")
got=$(ask "next((('NV%d' % l['lane_count'] if l['kind'] == 'nvlink' else l['path']) for l in d['links'] if l['from_index'] == 0 and l['to_index'] == 1), '-')")
[ "$i" -lt 2 ] || [ "$got" = "$wanted" ]
say $? "devices 0 and 1 are linked by $wanted: $got"
ask "d['links'][:1]"

if cc -shared -fPIC -o "$work/libno_vmm.so" "$here/no_vmm.c" -Wl,--no-as-needed -l:libcuda.so.1 &&
    [ -x "$build/tests/gpu/device_check" ]; then
    CX_CUDA_PATH=$work/libno_vmm.so "$build/tests/gpu/device_check" cuda >"$work/check"
    say $? "device_check on a driver without descriptors"
    grep -E 'WRONG|maps the other|finds what' "$work/check"
    CX_CUDA_PATH=$work/libno_vmm.so "$cx" run -n 2 --device cuda --backend nccl --op all_reduce --sizes 1MiB \
        --budget 200ms --progress none -o "$work/results" >"$work/out" 2>&1
    grep -q '"alignment": *"device"' "$work"/results/records/*.json
    say $? "ranks of nccl meet on devices whose memory is shared by handle"
    head -1 "$work/out"
else
    echo "skipped: no compiler, or no device_check in $build"
fi
exit $wrong
