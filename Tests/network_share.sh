#!/usr/bin/env bash
# Carries batches over the network to a report: a camera's machine and a file server are network namespaces of their own,
# joined by a cable of their own. Nothing of this machine's network is touched.
#
#   sudo Tests/network_share.sh [--program FILE]
#
#   --program FILE   the program (default: built)
# 1. Samba here: the camera copies into the share, musc watches the folder itself, and the camera reads the report.
# 2. Samba on the file server: musc watches the share as a client, by the kernel's cifs where there is one, else through
#    FUSE (smbnetfs), and writes the report into it.
# 3. NFS on the file server, by the kernel's server and client where there are such.
# What this machine cannot do is said, and is no fault. Needs root. Says how long each step took.
set -euo pipefail
cd "$(dirname "$0")/.."
. examples/requirements.sh
. Tests/steps.sh

usage() { sed -n '2,14s/^# \{0,1\}//p' "$0" >&2; exit 2; }
program=
while [ $# -gt 0 ]; do
    case $1 in
        --program) program=${2:-} ;;
        *) usage ;;
    esac
    shift 2 || usage
done
[ "$(id -u)" = 0 ] || usage

knows() { grep -qw "$1" /proc/filesystems; } # whether the kernel knows a file system

# Mounts and networks are seen by this script alone, and are gone when it ends.
if [ -z "${MUSC_OWN_MOUNTS:-}" ]; then
    require_packages samba smbclient iproute2 python3
    modprobe -a cifs nfsd nfsv4 2>/dev/null || true
    if knows cifs; then require_packages cifs-utils; elif [ -c /dev/fuse ]; then require_packages smbnetfs; fi
    if knows nfsd && knows nfs4; then require_packages nfs-kernel-server nfs-common; fi
    if [ -z "$program" ]; then
        require_packages $MUSC_PACKAGES
        require_swift
        swift build -c release --product musc >&2
        program=$PWD/.build/release/musc
    fi
    scratch=$(mktemp -d)
    trap 'rm -rf --one-file-system "$scratch"' EXIT
    status=0
    MUSC_OWN_MOUNTS=$scratch unshare --mount --net --propagation private "$0" --program "$program" || status=$?
    exit $status
fi
scratch=$MUSC_OWN_MOUNTS

cannot() { echo "          not here: $*"; }
evidence() { tail -n 20 "$scratch"/*.log; }
started=()
finish() {
    local status=$?
    umount -l "$scratch/client" "$scratch/nfs" 2>/dev/null || true
    # Those with a session of their own have children in it.
    for process in "${started[@]}"; do kill -- "-$process" 2>/dev/null || kill "$process" 2>/dev/null || true; done
    for process in "${started[@]}"; do wait "$process" 2>/dev/null || true; done
    exit $status
}
trap finish EXIT

step "two machines and a cable"
mkdir -p /run/netns
mount -t tmpfs tmpfs /run/netns
ip link set lo up
number=0
for machine in camera server; do
    number=$((number + 1))
    ip netns add $machine
    ip link add $machine type veth peer name eth0 netns $machine
    ip address add 10.99.$number.1/24 dev $machine
    ip link set $machine up
    ip -n $machine address add 10.99.$number.2/24 dev eth0
    ip -n $machine link set eth0 up
    ip -n $machine link set lo up
done
camera() { ip netns exec camera "$@"; }
server() { ip netns exec server "$@"; }
. Tests/tiny_network.sh "$program" "$scratch"

photographs() { # FOLDER: eight small ones, each of its own content
    python3 - "$1" <<'PYTHON'
import os, random, sys
os.makedirs(sys.argv[1], exist_ok=True)
for number in range(8):
    with open(f"{sys.argv[1]}/part_{number}.ppm", "wb") as file:
        file.write(b"P6 64 64 255\n" + random.randbytes(64 * 64 * 3))
PYTHON
}
samba() { # MACHINE FOLDER: a Samba server on a machine, with one share called drop, open to everybody
    mkdir -p "$scratch/samba-$1" "$2"
    chmod 777 "$2"
    cat >"$scratch/samba-$1/smb.conf" <<CONF
[global]
    workgroup = LINE
    map to guest = bad user
    guest account = root
    disable netbios = yes
    smb ports = 445
    private dir = $scratch/samba-$1
    lock directory = $scratch/samba-$1
    state directory = $scratch/samba-$1
    cache directory = $scratch/samba-$1
    pid directory = $scratch/samba-$1
    ncalrpc dir = $scratch/samba-$1
    load printers = no
[drop]
    path = $2
    read only = no
    guest ok = yes
CONF
    # In a session of its own: smbd ends its whole group of processes when it is ended.
    local enter=(setsid)
    [ "$1" = here ] || enter=(setsid ip netns exec "$1")
    "${enter[@]}" smbd --foreground --no-process-group --debug-stdout --configfile "$scratch/samba-$1/smb.conf" \
        >"$scratch/samba-$1.log" 2>&1 </dev/null &
    started+=($!)
}
watch() { # FOLDER: musc watches it
    cat >"$scratch/musc.yaml" <<YAML
watch: {roots: [$1], settle_seconds: 2, poll_seconds: ${2:-0}}
model: {backbone: $scratch/tiny.json, image_size: 84}
YAML
    "$program" watch --config "$scratch/musc.yaml" --state "$scratch/state" >>"$scratch/watch.log" 2>&1 &
    watcher=$!
    started+=($watcher)
    eventually 30 "musc watch does not start" grep -q watch_started "$scratch/watch.log"
}
stop() {
    kill "$watcher"
    wait "$watcher" 2>/dev/null || true
    : >"$scratch/watch.log"
}

step "1. the camera copies into this machine's share"
samba here "$scratch/drop"
photographs "$scratch/camera/one"
over() { camera smbclient //10.99.1.1/drop --no-pass --directory "${2:-/}" --command "$1"; }
eventually 30 "the share does not answer" over ls
watch "$scratch/drop"
over "mkdir one; lcd $scratch/camera/one; cd one; prompt; mput part_*" >"$scratch/camera.log" 2>&1 || fail "the camera cannot copy"
eventually 60 "there is no report" test -s "$scratch/drop/one/_musc/report.html"
over "get report.html $scratch/camera/report.html" one/_musc >>"$scratch/camera.log" 2>&1 || fail "the camera cannot read the report"
cmp "$scratch/camera/report.html" "$scratch/drop/one/_musc/report.html"
[ "$(tail -n +2 "$scratch/drop/one/_musc/scores.csv" | wc -l)" = 8 ] || fail "the table has not eight rows"
if grep -q poll_only "$scratch/watch.log"; then fail "a local folder is polled"; fi
stop

known() { "$program" status --all --state "$scratch/state" "$1" | grep -q '  done  '; }
through() { # MOUNT ORIGIN: a batch that the server's own machine writes is scored through a mount, and its report lies there
    watch "$1"
    grep -q poll_only "$scratch/watch.log" || fail "a share is not polled: $("$program" doctor --config "$scratch/musc.yaml" | grep "$1")"
    photographs "$2/two"
    eventually 120 "there is no report" test -s "$2/two/_musc/report.html"
    [ "$(tail -n +2 "$2/two/_musc/scores.csv" | wc -l)" = 8 ] || fail "the table has not eight rows"
    echo "          $(sed -nE 's/.*poll_only.*reason="?([^"]*)"?.*/\1/p' "$scratch/watch.log" | head -n 1)"
    eventually 20 "status does not know the batch" known "$1"
    stop
}

step "2. musc as the client of the server's Samba share"
samba server "$scratch/served"
mkdir -p "$scratch/client"
remote() { smbclient //10.99.2.2/drop --no-pass --command ls; }
eventually 30 "the share does not answer" remote
if knows cifs; then
    mount -t cifs -o guest,vers=3.0,noperm //10.99.2.2/drop "$scratch/client"
    through "$scratch/client" "$scratch/served"
else
    cannot "the kernel $(uname -r) has no cifs"
    if [ -c /dev/fuse ]; then
        mkdir -p "$scratch/home/.smb"
        cat >"$scratch/home/.smb/smb.conf" <<CONF
[global]
    workgroup = LINE
CONF
        printf 'smb_tree_scan_period 300\nquiet_flag true\n' >"$scratch/home/.smb/smbnetfs.conf"
        chmod 600 "$scratch/home/.smb"/*
        HOME=$scratch/home smbnetfs -f "$scratch/client" >"$scratch/smbnetfs.log" 2>&1 &
        started+=($!)
        eventually 30 "smbnetfs does not reach the share" ls "$scratch/client/10.99.2.2/drop"
        through "$scratch/client/10.99.2.2/drop" "$scratch/served"
    else
        cannot "there is no /dev/fuse either"
    fi
fi

step "3. musc as the client of the server's NFS share"
if knows nfsd && knows nfs4; then
    mkdir -p "$scratch/exported" "$scratch/nfs"
    server exportfs -o rw,no_root_squash,insecure,fsid=0 "10.99.2.1:$scratch/exported"
    server rpc.nfsd --no-nfs-version 3 4
    server rpc.mountd --no-nfs-version 3 --foreground >"$scratch/mountd.log" 2>&1 &
    started+=($!)
    mount -t nfs4 10.99.2.2:/ "$scratch/nfs"
    through "$scratch/nfs" "$scratch/exported"
    umount "$scratch/nfs"
    server rpc.nfsd 0
    server exportfs -u "10.99.2.1:$scratch/exported"
else
    cannot "the kernel $(uname -r) has no NFS server or no NFS client (CONFIG_NFSD, CONFIG_NFS_V4)"
fi
step
echo "All holds that this machine can do."
