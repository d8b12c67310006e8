#!/usr/bin/env bash
# Boots a bare Debian 12 with its own systemd as process 1, in namespaces of its own, and has it start, reload, restart after
# kill -9, and stop the units that the package brings, with their sandbox on. Batches of random photographs are dropped
# meanwhile, and every one of them must have its report.
#
#   sudo Tests/systemd.sh [--deb FILE | --program FILE] [--root FOLDER]
#
#   --deb FILE        the package (default: built by examples/package/build-deb.sh)
#   --program FILE    a program that is built already, with the units of watch-config, instead of a package
#   --root FOLDER     a root that is kept and used again (default: made in a temporary folder)
#   MUSC_MIRROR       the Debian mirror (default: this machine's own)
# Needs root. Says what was done and how long it took, and what systemd rates the sandbox.
set -euo pipefail
cd "$(dirname "$0")/.."
. examples/requirements.sh
. Tests/steps.sh

usage() { sed -n '2,14s/^# \{0,1\}//p' "$0" >&2; exit 2; }
deb= program= root=
while [ $# -gt 0 ]; do
    case $1 in
        --deb) deb=${2:-} ;;
        --program) program=${2:-} ;;
        --root) root=${2:-} ;;
        *) usage ;;
    esac
    shift 2 || usage
done
[ "$(id -u)" = 0 ] || usage
require_packages debootstrap python3 util-linux

# Mounts, the root and the control group are gone when it ends.
if [ -z "${MUSC_OWN_MOUNTS:-}" ]; then
    [ -n "$deb$program" ] || deb=$(examples/package/build-deb.sh | grep -v dbgsym | tail -n 1)
    made=
    if [ -z "$root" ]; then
        root=$(mktemp -d) made=$root
        trap 'rm -rf --one-file-system "$made"' EXIT
    fi
    status=0
    MUSC_OWN_MOUNTS=1 unshare --mount --propagation private "$0" --root "$root" ${deb:+--deb "$deb"} ${program:+--program "$program"} ||
        status=$?
    exit $status
fi

evidence() { inside journalctl -u musc --no-pager -n 30 -o cat; }

step "a bare Debian 12 with systemd"
if [ ! -e "$root/etc/debian_version" ]; then
    mirror=${MUSC_MIRROR:-$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
        awk '$1 == "bookworm" { print $2; exit }')}
    [ -n "$mirror" ] || { echo "Name a Debian mirror in MUSC_MIRROR." >&2; exit 2; }
    debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,libopenblas0-pthread,libjpeg62-turbo,libpng16-16,libtiff6,libsqlite3-0,libssl3,zlib1g,curl \
        bookworm "$root" "$mirror" >"$root.log" 2>&1 || { tail -n 5 "$root.log" >&2; exit 1; }
    rm -f "$root.log"
fi
chmod 755 "$root"

step "the program, its units, and a tiny network"
rm -rf "$root/srv/drop" "$root/var/lib/musc" "$root/var/log/journal"
mkdir -p "$root/etc/musc" "$root/srv/drop" "$root/opt/musc"
if [ -n "$deb" ]; then
    cp "$deb" "$root/opt/musc/musc.deb"
    # What it depends on was installed with the root.
    chroot "$root" dpkg --install /opt/musc/musc.deb >/dev/null
    musc=/usr/bin/musc
else
    install -m 755 "$program" "$root/usr/local/bin/musc"
    # Of a program whose libraries are not linked in, Swift's are brought along.
    ldd "$program" | sed -nE 's/.*=> (\/[^ ]*(libswift|lib_?Foundation|libBlocksRuntime|libdispatch)[^ ]*) .*/\1/p' |
        while read -r library; do install -D -m 644 "$library" "$root/usr/local/lib/musc/${library##*/}"; done
    echo /usr/local/lib/musc >"$root/etc/ld.so.conf.d/musc.conf"
    chroot "$root" ldconfig
    install -m 644 -D watch-config/musc.sysusers.conf "$root/etc/sysusers.d/musc.conf"
    chroot "$root" systemd-sysusers >/dev/null
    install -m 644 watch-config/musc.service watch-config/musc-sweep.service watch-config/musc-sweep.timer "$root/etc/systemd/system/"
    musc=/usr/local/bin/musc
fi
cat >"$root/etc/musc/tiny.json" <<JSON
{"name": "tiny", "family": "dinov2", "patch": 14, "width": 32, "depth": 4, "heads": 2, "native_size": 84,
 "feature_layers": [1, 3], "paper_sizes": [84]}
JSON
configure() { # KEY…: the configuration, with further lines for the section watch
    {
        echo "watch:"
        echo "  roots: [/srv/drop]"
        echo "  settle_seconds: 1"
        printf '  %s\n' "$@"
        echo "model: {backbone: /etc/musc/tiny.json, image_size: 84}"
        echo "log: {level: ${level:-info}}"
    } >"$root/etc/musc/musc.yaml"
}
configure
# Swift finds a program's arguments there.
mount -t proc proc "$root/proc"
cp Tests/Fixtures/goldens/dinov2_native.weights.facebook.safetensors "$root/opt/musc/weights.safetensors"
chroot "$root" chown -R musc:musc /srv/drop
chroot "$root" runuser -u musc -- env HOME=/ MUSC_WEIGHTS=/var/tmp/musc-weights "$musc" weights import /opt/musc/weights.safetensors \
    --as /etc/musc/tiny.json >/dev/null
mkdir -p "$root/var/cache/musc"
rm -rf "$root/var/cache/musc/weights"
mv "$root/var/tmp/musc-weights" "$root/var/cache/musc/weights"
chroot "$root" chown -R musc:musc /var/cache/musc
umount "$root/proc"

drop() { # NAME: eight small photographs, each of its own content
    python3 - "$root/srv/drop/$1" <<'PYTHON'
import os, random, sys
folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
for number in range(8):
    with open(f"{folder}/part_{number}.ppm", "wb") as file:
        file.write(b"P6 64 64 255\n" + random.randbytes(64 * 64 * 3))
PYTHON
    chroot "$root" chown -R musc:musc "/srv/drop/$1"
}
scored() { test -s "$root/srv/drop/$1/_musc/report.html"; }

step "boot"
mount --bind "$root" "$root"
group=/sys/fs/cgroup
mountpoint -q "$group" && [ "$(stat -f -c %T "$group")" = cgroup2fs ] || group=/sys/fs/cgroup/unified
[ "$(stat -f -c %T "$group" 2>/dev/null)" = cgroup2fs ] || {
    group=$(mktemp -d)
    mount -t cgroup2 cgroup2 "$group"
}
mkdir "$group/musc-systemd-$$"
init=
finish() {
    if [ -n "$init" ]; then
        kill -RTMIN+4 "$init" 2>/dev/null || true
        for _ in $(seq 50); do kill -0 "$init" 2>/dev/null || break; sleep 0.2; done
        kill -9 "$init" 2>/dev/null || true
        wait 2>/dev/null || true
    fi
    for _ in $(seq 20); do find "$group/musc-systemd-$$" -depth -type d -exec rmdir {} + 2>/dev/null && break; sleep 0.2; done
}
trap finish EXIT
boot=$(mktemp)
cat >"$boot" <<'BOOT'
set -e
root=$1
echo $$ >"$2/cgroup.procs"
exec unshare --cgroup --ipc --uts --net --pid --fork --kill-child --mount-proc="$root/proc" bash -c '
    set -e
    hostname inspection-pc
    ip link set lo up 2>/dev/null || true
    mount -t sysfs -o ro sysfs "$1/sys"
    mount -t tmpfs -o mode=755 tmpfs "$1/sys/fs/cgroup" 2>/dev/null || true
    mount -t cgroup2 cgroup2 "$1/sys/fs/cgroup"
    mount -t tmpfs -o mode=755 tmpfs "$1/run"
    mount -t tmpfs tmpfs "$1/tmp"
    mount -t tmpfs -o mode=755 tmpfs "$1/dev"
    for device in null zero full random urandom tty; do touch "$1/dev/$device"; mount --bind "/dev/$device" "$1/dev/$device"; done
    mkdir -p "$1/dev/pts" "$1/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$1/dev/pts"
    mount -t tmpfs tmpfs "$1/dev/shm"
    ln -s pts/ptmx "$1/dev/ptmx"
    cd "$1"
    mkdir -p .former
    pivot_root . .former
    umount -l /.former
    exec env -i container=musc-test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --unit=multi-user.target \
        --log-target=console --show-status=false </dev/null
' bash "$root"
BOOT
console=$(mktemp)
bash "$boot" "$root" "$group/musc-systemd-$$" >"$console" 2>&1 &
outer=$!
for _ in $(seq 100); do
    init=$(pgrep -P "$(pgrep -P "$outer" -x unshare || echo "$outer")" | head -n 1) || true
    [ -z "$init" ] || ! grep -q systemd "/proc/$init/comm" 2>/dev/null || break
    sleep 0.1
done
[ -n "$init" ] || { cat "$console" >&2; fail "systemd did not start"; }
inside() { nsenter --target "$init" --mount --uts --ipc --net --pid --cgroup --root --wd=/ env -i --chdir=/ PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"; }
booted() { case $(inside systemctl is-system-running 2>/dev/null) in running | degraded) ;; *) return 1 ;; esac; }
eventually 60 "the system is not up: $(tail -n 5 "$console")" booted
[ "$(inside cat /proc/1/comm)" = systemd ] || fail "process 1 is $(inside cat /proc/1/comm)"
echo "          $(inside systemctl --version | head -n 1) is process 1"

step "start: Type=notify, and a batch is scored"
inside systemctl start musc || fail "the unit does not start"
[ "$(inside systemctl show -P StatusText -P ActiveState musc | tail -n 1)" = active ] || fail "it is not active"
drop first
eventually 60 "the first batch has no report" scored first
main() { inside systemctl show -P MainPID musc; }

step "the sandbox is on"
confined=$(inside sh -c "nsenter --target $(main) --mount --root --wd=/ sh 2>/dev/null -c 'touch /etc/musc/x 2>&1; touch /usr/x 2>&1; touch /srv/drop/may-write 2>&1 && rm /srv/drop/may-write'" || true)
grep -q 'Read-only' <<<"$confined" || fail "the service may write outside its drop folder: $confined"
grep -q '/srv/drop' <<<"$confined" && fail "the service may not write to its drop folder: $confined"
inside grep -qE '^NoNewPrivs:[[:space:]]1$' "/proc/$(main)/status" || fail "NoNewPrivileges is off"
inside grep -qE '^CapEff:[[:space:]]0+$' "/proc/$(main)/status" || fail "it has capabilities"
inside grep -qE '^Seccomp:[[:space:]]2$' "/proc/$(main)/status" || fail "its system calls are not filtered"
echo "          $(inside systemd-analyze security musc --no-pager 2>/dev/null | tail -n 1 | sed 's/^→ //')"

step "reload: another level of the log, and a configuration that is refused"
before=$(main)
level=debug configure 'jobs: 2'
inside systemctl reload musc || fail "reload"
eventually 20 "the new configuration is not taken" inside sh -c 'journalctl -u musc -o cat | grep -q configuration_reloaded'
drop second
eventually 60 "the second batch has no report" scored second
inside sh -c 'journalctl -u musc -o cat | grep -q "\"level\":\"debug\""' || fail "the level of the log is as before"
configure 'settle_secondss: 1'
inside systemctl reload musc || fail "reload"
eventually 20 "the bad configuration is not refused" inside sh -c 'journalctl -u musc -o cat | grep -q configuration_refused'
configure
inside systemctl reload musc || fail "reload"
[ "$(main)" = "$before" ] || fail "the process is another"

step "kill -9: restarted, and nothing is lost"
drop third
inside sh -c "kill -9 $before"
another() { local now; now=$(main); [ "$now" != 0 ] && [ "$now" != "$before" ]; }
eventually 60 "it is not started again" another
eventually 60 "the third batch has no report" scored third
[ "$(inside systemctl show -P NRestarts musc)" = 1 ] || fail "it was restarted $(inside systemctl show -P NRestarts musc) times"

step "stop: within its time, with a whole ledger"
inside systemctl stop musc || fail "stop"
[ "$(inside systemctl show -P Result musc)" = success ] || fail "the unit ended with $(inside systemctl show -P Result musc)"
left=$(find "$root/srv/drop" -name '*.tmp' -o -name '.musc*' | head)
[ -z "$left" ] || fail "left behind: $left"
# Another account finds the service's ledger by itself.
inside runuser -u nobody -- env HOME=/nonexistent "$musc" status --all >"$console" 2>&1 || fail "status: $(cat "$console")"
[ "$(grep -c '  done  ' "$console")" = 3 ] || fail "status does not know three batches: $(cat "$console")"
[ "$(stat -c %s "$root/var/lib/musc/ledger.sqlite-wal" 2>/dev/null || echo 0)" = 0 ] || fail "the ledger is not whole"

step "a wrong configuration is not tried again and again; the timer's sweep"
configure 'settle_secondss: 1'
if inside systemctl start musc 2>/dev/null; then fail "it starts with a wrong configuration"; fi
sleep 1
[ "$(inside systemctl show -P SubState musc)" = failed ] || fail "it is $(inside systemctl show -P SubState musc)"
configure
drop fourth
inside systemctl start musc-sweep.service || fail "the sweep"
scored fourth || fail "the fourth batch has no report"
step
echo "All holds: four batches, each with its report; started, reloaded, refused, restarted after kill -9, stopped, swept."
