#!/usr/bin/env bash
# Run the workflow on a real SLURM, controller and node on this one machine, and compare the site
# byte for byte with a local build.
#
#   apt-get install slurm-wlm munge        Debian; the daemons of the packages need not run
#   python3 pipelines/bootstrap.py test    the environment with Snakemake
#   tests/cluster/slurm_on_one_machine.sh [--made-up N]
#
# Without an option it takes the committed state of this checkout, with --made-up N so many synthetic
# questions. Everything lies in a temporary folder; no configuration of the machine is read or changed.
# It runs as root or as any user. Every daemon it starts is stopped again, whatever happens.
set -euo pipefail

ROOT=$(cd "$(dirname "$0")/../.." && pwd)
PYTHON=$ROOT/.venv/bin/python
PROFILE=pipelines/profiles/slurm
MADE_UP=""
LIMIT=3600 # seconds that a build may take
PIDS=()
exec 3>&2 # where a person looks, also while the output of a step goes to a file

usage() { echo "usage: $0 [--made-up N]" >&2; exit 2; }
say() { printf '\n== %s\n' "$*"; }
fail() {
    printf 'FAILED: %s\n' "$1" >&2
    [ -z "${2:-}" ] || { [ -f "$2" ] && tail -n 40 "$2" >&2; }
    exit 1
}

case "${1:-}" in
    "") ;;
    --made-up) [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || usage; MADE_UP=$2 ;;
    *) usage ;;
esac

export PATH=$PATH:/usr/sbin:/sbin
for program in munged slurmctld slurmd sbatch srun squeue scontrol sinfo git; do
    command -v "$program" >/dev/null || fail "$program is not there; on Debian: apt-get install slurm-wlm munge git"
done
"$PYTHON" -c "import snakemake, snakemake_executor_plugin_slurm" 2>/dev/null ||
    fail "no Snakemake in .venv; run: python3 pipelines/bootstrap.py test"

WORK=$(mktemp -d /tmp/livingmeta-slurm.XXXXXX)
chmod 755 "$WORK"

stop() {
    local code=$? pid
    trap - EXIT INT TERM
    [ -z "${SLURM_CONF:-}" ] || scancel --user "$(id -un)" --quiet 2>/dev/null || true
    for pid in $(printf '%s\n' "${PIDS[@]:-}" | tac); do
        kill "$pid" 2>/dev/null || true
        for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
        ! kill -0 "$pid" 2>/dev/null || { echo "process $pid did not stop and is killed" >&3; kill -9 "$pid" || true; }
    done
    if [ $code -eq 0 ]; then rm -rf "$WORK"; else echo "stopped; what was left lies in $WORK" >&3; fi
    exit $code
}
trap stop EXIT
trap 'exit 130' INT TERM

started() { # name pid log: whether it still runs after a moment
    PIDS+=("$2")
    sleep 1
    kill -0 "$2" 2>/dev/null || fail "$1 did not start" "$3"
    echo "$1 runs as process $2"
}

free_port() { "$PYTHON" -c "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"; }

start_slurm() {
    local node cpus memory user socket
    node=$(hostname -s)
    user=$(id -un)
    cpus=$(nproc)
    memory=$(awk '/MemTotal/ { print int($2 / 1024 * 0.9) }' /proc/meminfo)
    mkdir -p "$WORK"/{munge,state,spool}
    chmod 755 "$WORK/munge"
    socket=$WORK/munge/socket
    head -c 1024 /dev/urandom >"$WORK/munge/key"
    chmod 600 "$WORK/munge/key"
    munged --foreground --key-file="$WORK/munge/key" --socket="$socket" --pid-file="$WORK/munge/pid" \
        --log-file="$WORK/munge/log" --seed-file="$WORK/munge/seed" >"$WORK/munged.log" 2>&1 &
    started munged $! "$WORK/munged.log"

    cat >"$WORK/slurm.conf" <<CONF
ClusterName=onemachine
SlurmctldHost=$node(127.0.0.1)
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$socket
CredType=cred/munge
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
SlurmctldPidFile=$WORK/slurmctld.pid
SlurmdPidFile=$WORK/slurmd.pid
StateSaveLocation=$WORK/state
SlurmdSpoolDir=$WORK/spool
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/filetxt
JobCompLoc=$WORK/finished-jobs
MpiDefault=none
ReturnToService=2
MinJobAge=3600
NodeName=$node NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=$memory State=UNKNOWN
PartitionName=only Nodes=$node Default=YES MaxTime=INFINITE State=UP
CONF
    export SLURM_CONF=$WORK/slurm.conf
    # Snakemake's plugin takes all SLURM_* from the environment of srun, and with them where this
    # configuration lies; elsewhere it lies where srun looks by itself.
    mkdir "$WORK/bin"
    printf '#!/bin/sh\nSLURM_CONF=%s exec %s "$@"\n' "$SLURM_CONF" "$(command -v srun)" >"$WORK/bin/srun"
    chmod +x "$WORK/bin/srun"
    export PATH=$WORK/bin:$PATH
    slurmctld -D -f "$SLURM_CONF" >"$WORK/slurmctld.log" 2>&1 &
    started slurmctld $! "$WORK/slurmctld.log"
    slurmd -D -f "$SLURM_CONF" -N "$node" >"$WORK/slurmd.log" 2>&1 &
    started slurmd $! "$WORK/slurmd.log"
    for _ in $(seq 60); do
        [ "$(sinfo --noheader --format=%T 2>/dev/null)" = idle ] && break
        sleep 0.5
    done
    [ "$(sinfo --noheader --format=%T)" = idle ] || { sinfo >&2; fail "the node is not ready" "$WORK/slurmd.log"; }
    sinfo
}

checkout() { # folder
    if [ -n "$MADE_UP" ]; then
        PYTHONPATH=$ROOT/pipelines:$ROOT/tests "$PYTHON" "$ROOT/tests/benchmarks/generate.py" "$1" "$MADE_UP" >/dev/null ||
            fail "the synthetic questions could not be written"
    else
        git clone --quiet "$ROOT" "$1" || fail "the checkout could not be cloned"
    fi
}

in_place() { # folder command...: with the folder's own code; a signal to this script ends it too
    (cd "$1" && shift && PYTHONPATH=$PWD/pipelines exec timeout --kill-after=3 "$LIMIT" "$@") &
    PIDS+=($!)
    wait $!
}

workflow() { # folder log
    in_place "$1" "$PYTHON" -m snakemake --snakefile pipelines/Snakefile --profile "$PROFILE" \
        --slurm-no-account --default-resources mem_mb=2000 runtime=10 slurm_partition=only >"$2" 2>&1 ||
        { squeue --states=all >&2 || true; fail "the workflow failed, or took more than $LIMIT s" "$2"; }
}

seconds() { # command...: run it and set TOOK; fail as it fails
    local from=$EPOCHREALTIME
    "$@" || return
    TOOK=$(awk -v a="$from" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
}

jobs_table() { # every job that ended: number, state, times, what it was
    local id
    printf '%-6s %-10s %-20s %-20s %s\n' job state start end what
    while read -r line; do
        id=$(sed -n 's/.*JobId=\([0-9]*\).*/\1/p' <<<"$line")
        printf '%-6s %-10s %-20s %-20s %s\n' "$id" \
            "$(sed -n 's/.*JobState=\([A-Z_]*\).*/\1/p' <<<"$line")" \
            "$(sed -n 's/.*StartTime=\([^ ]*\).*/\1/p' <<<"$line")" \
            "$(sed -n 's/.*EndTime=\([^ ]*\).*/\1/p' <<<"$line")" \
            "$(scontrol show job "$id" --oneliner | sed -n 's/.* Comment=\([^ ]*\).*/\1/p')"
    done <"$WORK/finished-jobs"
}

[ -z "$(git -C "$ROOT" status --porcelain)" ] || [ -n "$MADE_UP" ] || echo "what is not committed is not built"
say "SLURM on $(nproc) cores, in $WORK"
start_slurm
sbatch --version

say "a build without SLURM"
checkout "$WORK/local"
seconds in_place "$WORK/local" "$PYTHON" -m livingmeta build >"$WORK/local.log" 2>&1 || fail "the local build failed" "$WORK/local.log"
LOCAL=$TOOK
echo "$LOCAL s"

say "the workflow with $PROFILE"
checkout "$WORK/cluster"
seconds workflow "$WORK/cluster" "$WORK/workflow.log"
CLUSTER=$TOOK
grep -E "submitted with SLURM jobid" "$WORK/workflow.log" || fail "no job was submitted" "$WORK/workflow.log"
echo "$CLUSTER s"
jobs_table

say "the same again, with nothing changed"
seconds workflow "$WORK/cluster" "$WORK/again.log"
grep -E "submitted with SLURM jobid" "$WORK/again.log" || true
echo "$TOOK s"

say "the two sites"
diff -rq "$WORK/local/_build/html" "$WORK/cluster/_build/html" || fail "the sites differ"
COUNT=$(find "$WORK/cluster/_build/html" -type f | wc -l)
[ "$COUNT" -gt 0 ] || fail "there is no site"
! grep -v "JobState=COMPLETED" "$WORK/finished-jobs" || fail "a job did not complete"
echo "$COUNT files, identical; local build $LOCAL s, workflow on SLURM $CLUSTER s (ratio $(awk -v a="$CLUSTER" -v b="$LOCAL" 'BEGIN { printf "%.1f", a / b }'))"
