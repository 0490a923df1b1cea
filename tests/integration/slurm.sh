# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A private Slurm of one node on loopback, for tests: source this, slurm_start DIR, slurm_stop DIR.
# Needs no root, touches nothing outside DIR, and is not a way to run Slurm for anything else.

# slurm_wait SECONDS COMMAND...: until the command succeeds.
slurm_wait() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.1
    done
}

# slurm_daemon DIR NAME COMMAND...: in the background, its pid in DIR/NAME.pid, its output in DIR/NAME.log.
slurm_daemon() {
    local dir=$1 name=$2
    shift 2
    # bats waits for whoever holds its descriptor 3.
    setsid "$@" >"$dir/$name.log" 2>&1 </dev/null 3>&- &
    echo $! >"$dir/$name.pid"
}

slurm_write_config() {
    local dir=$1 ports node
    # The name under which slurmd and srun know this machine.
    node=$(hostname -s)
    ports=$(python3 -c 'import socket as s
a, b = [s.create_server(("127.0.0.1", 0)) for _ in "ab"]
print(a.getsockname()[1], b.getsockname()[1])')
    cat >"$dir/slurm.conf" <<END
ClusterName=collectivex
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=${ports% *}
SlurmdPort=${ports#* }
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket
CredType=cred/munge
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/slurmctld.own.pid
SlurmdPidFile=$dir/slurmd.own.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
KillWait=2
NodeName=$node NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$node Default=YES State=UP
END
    printf 'CgroupAutomount=no\nIgnoreSystemd=yes\n' >"$dir/cgroup.conf"
}

# Starts it, and exports what srun and sbatch need. A failure prints the logs.
slurm_start() {
    local dir=$1
    mkdir -p "$dir/state" "$dir/spool"
    # munged refuses a key that others may read.
    chmod 700 "$dir"
    (umask 077 && head -c 128 /dev/urandom >"$dir/munge.key")
    slurm_write_config "$dir"
    export SLURM_CONF=$dir/slurm.conf
    PATH=$PATH:/usr/sbin:/sbin
    slurm_daemon "$dir" munged munged --foreground --force --socket="$dir/munge.socket" \
        --key-file="$dir/munge.key" --pid-file="$dir/munged.own.pid" --seed-file="$dir/munge.seed" \
        --log-file="$dir/munged.own.log"
    slurm_wait 10 test -S "$dir/munge.socket" &&
        slurm_daemon "$dir" slurmctld slurmctld -D -f "$SLURM_CONF" &&
        slurm_wait 20 scontrol ping &&
        slurm_daemon "$dir" slurmd slurmd -D -f "$SLURM_CONF" &&
        slurm_wait 30 slurm_is_idle && return
    tail -n 20 "$dir"/*.log >&2
    slurm_stop "$dir"
    return 1
}

slurm_is_idle() {
    sinfo --noheader --format=%T | grep -qx idle
}

slurm_is_gone() {
    ! kill -0 "$1"
}

# Stops it; afterwards nothing of it runs.
slurm_stop() {
    local dir=$1 name pid
    scancel --user="$(id -un)" >/dev/null 2>&1 || true
    for name in slurmd slurmctld munged; do
        [ -s "$dir/$name.pid" ] || continue
        pid=$(cat "$dir/$name.pid")
        kill "$pid" 2>/dev/null || true
        slurm_wait 10 slurm_is_gone "$pid" || kill -KILL "$pid" 2>/dev/null || true
        rm -f "$dir/$name.pid"
    done
    unset SLURM_CONF
}
