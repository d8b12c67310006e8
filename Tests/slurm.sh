#!/usr/bin/env bash
# Scores solar cells on a real Slurm cluster, two nodes of which run on this machine, and compares with one machine.
#   ./Tests/slurm.sh          200 cells in 4 shards, as CI runs it
#   ./Tests/slurm.sh full     all 2,624 cells in 8 shards
#   ./Tests/slurm.sh kills    200 cells, with workers and merge killed or requeued in each of their stages
# Keeps nothing, and touches no Slurm that is installed: keys, ports, state and logs are this test's own.
set -euo pipefail
cd "$(dirname "$0")/.."
. examples/requirements.sh

mode=${1:-short}
case $mode in
full) images=2624 shards=8 ;;
short | kills) images=200 shards=4 ;;
*) sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
require_packages slurm-wlm munge python3 unzip
export MUSC="${MUSC_COMMAND:-$PWD/.build/release/musc}"
"$MUSC" weights fetch dinov2_vits14 >/dev/null
./examples/solar_cells.sh all

scratch=$(mktemp -d)
host=$(hostname -s) user=$(id -un)
daemons=()
stop() {
    local pid
    # Jobs first: a step outlives the daemon that started it.
    if [ ${#daemons[@]} -gt 1 ] && scancel --user="$user" 2>/dev/null; then
        for _ in $(seq 50); do [ -z "$(squeue --noheader 2>/dev/null)" ] && break; sleep 0.2; done
    fi
    for pid in "${daemons[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${daemons[@]}"; do
        for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
        kill -9 "$pid" 2>/dev/null || true
    done
    daemons=()
}
trap 'status=$?; stop; [ $status = 0 ] || tail -n 5 "$scratch"/*.log "$scratch"/work*/*.out 2>/dev/null >&2; rm -rf "$scratch"; exit $status' EXIT

# The cluster: munge for the keys, a controller, and two nodes of one processor each.
export SLURM_CONF=$scratch/slurm.conf
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
mkdir -m 755 "$scratch/munge" "$scratch/state"
chmod 755 "$scratch"
dd if=/dev/urandom of="$scratch/munge/key" bs=128 count=1 status=none
chmod 400 "$scratch/munge/key"
cat >"$SLURM_CONF" <<CONF
ClusterName=musc
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$(port)
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
# A job that is put back waits until its old credential has expired.
AuthInfo=socket=$scratch/munge/socket,cred_expire=15
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=1,sched_interval=1,requeue_delay=1
SlurmdParameters=config_overrides
KillWait=2
StateSaveLocation=$scratch/state
SlurmdSpoolDir=$scratch/spool-%n
SlurmctldPidFile=$scratch/slurmctld.pid
SlurmdPidFile=$scratch/slurmd-%n.pid
SlurmctldLogFile=$scratch/slurmctld.log
SlurmdLogFile=$scratch/slurmd-%n.log
NodeName=one NodeHostname=$host NodeAddr=127.0.0.1 Port=$(port) CPUs=1 State=UNKNOWN
NodeName=two NodeHostname=$host NodeAddr=127.0.0.1 Port=$(port) CPUs=1 State=UNKNOWN
PartitionName=main Nodes=one,two Default=YES MaxTime=INFINITE State=UP
CONF
/usr/sbin/munged --foreground --force --key-file="$scratch/munge/key" --socket="$scratch/munge/socket" \
    --pid-file="$scratch/munge/pid" --log-file="$scratch/munge.log" --seed-file="$scratch/munge/seed" 2>/dev/null &
daemons+=($!)
for _ in $(seq 50); do [ -S "$scratch/munge/socket" ] && break; sleep 0.1; done
/usr/sbin/slurmctld -D >/dev/null 2>&1 &
daemons+=($!)
for node in one two; do
    mkdir "$scratch/spool-$node"
    /usr/sbin/slurmd -D -N "$node" >/dev/null 2>&1 &
    daemons+=($!)
done
for _ in $(seq 100); do [ "$(sinfo --noheader --format=%T 2>/dev/null)" = idle ] && break; sleep 0.2; done
[ "$(sinfo --noheader --format=%T)" = idle ] || { echo "The nodes did not come up." >&2; exit 1; }

# The batch.
mkdir "$scratch/cells"
find quickstart/solar-cells-all -name '*.png' | sort | sed -n "1,${images}p" | xargs cp -t "$scratch/cells"
flags=(--judges 64 --image-size 224)

# submit NAME: puts the three steps into the queue; prints the number of the last.
submit() {
    MUSC_CPUS=1 ./examples/slurm/musc.sbatch "$scratch/cells" "$scratch/work-$1" "$shards" "${flags[@]}" \
        --out "$scratch/$1"
}

# finish JOB: waits for the last job, and says how it ended.
finish() {
    local state
    while :; do
        state=$(scontrol show job "$1" --oneliner | sed 's/.*JobState=\([A-Z_]*\).*/\1/')
        case $state in
        COMPLETED) return ;;
        PENDING | RUNNING | COMPLETING | CONFIGURING | REQUEUED | SPECIAL_EXIT) sleep 0.3 ;;
        *) echo "The merge ended as $state." >&2; return 1 ;;
        esac
    done
}

# compare NAME: the results of the cluster with those of one machine.
compare() {
    python3 - "$scratch/$1/cells/_musc" "$scratch/one/cells/_musc" "$1" "$images" <<'PYTHON'
import csv, json, struct, sys

def tensors(folder):
    with open(f"{folder}/scores.safetensors", "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        start = file.tell()
        def floats(name):
            begin, end = header[name]["data_offsets"]
            file.seek(start + begin)
            return struct.unpack(f"<{(end - begin) // 4}f", file.read(end - begin))
        return json.loads(header["__metadata__"]["names"]), {n: floats(n) for n in ("image_score", "image_score_msm", "patch_map")}

def ranking(folder):
    with open(f"{folder}/scores.csv", newline="") as file:
        return [(row["image"], row["flagged"]) for row in csv.DictReader(file)]

cluster, one, name, images = sys.argv[1:]
(names, a), (others, b) = tensors(cluster), tensors(one)
assert names == others and len(names) == int(images), "the images differ"
for key in a:
    difference = max(abs(x - y) for x, y in zip(a[key], b[key]))
    assert len(a[key]) == len(b[key]) and difference <= 1e-6, f"{key} differs by {difference}"
    print(f"{name}: {key} differs by {difference:.1e} at most")
assert ranking(cluster) == ranking(one), "the ranking differs"
print(f"{name}: the ranking of {len(names)} images and their flags are the same")
PYTHON
}

start=$(date +%s)
echo "Slurm $(slurmctld -V | cut -d' ' -f2) scores $images images in $shards shards on two nodes …"
names=(whole)
finish "$(submit whole)"
cat "$scratch"/work-whole/work-*.out "$scratch"/work-whole/merge.out
echo "All three steps took $(($(date +%s) - start)) s."

if [ "$mode" = kills ]; then
    for stage in features scoring publishing merge; do
        for how in kill requeue; do
            name=$stage-$how
            last=$(submit "$name")
            python3 Tests/slurm_kill.py "$scratch/work-$name" "$scratch/$name" "$stage" "$how"
            finish "$last"
            names+=("$name")
        done
    done
fi
stop

"$MUSC" run "$scratch/cells" "${flags[@]}" --out "$scratch/one" --no-progress
for name in "${names[@]}"; do compare "$name"; done
