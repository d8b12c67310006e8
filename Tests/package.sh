#!/usr/bin/env bash
# Installs the Debian package in a bare Debian 12 root and goes with it through a machine's life: install, doctor,
# setup with weights from a file, photographs scored, a sweep as from cron, upgrade, a ledger from the future, remove, purge.
#
#   sudo Tests/package.sh --weights FILE --photographs FOLDER [--deb FILE] [--earlier FILE] [--root FOLDER]
#
#   --weights FILE        weights of the standard backbone: any file that musc weights import takes
#   --photographs FOLDER  photographs of one kind of part, such as quickstart/solar-cells
#   --deb FILE            the package (default: built by examples/package/build-deb.sh)
#   --earlier FILE        a package of an earlier build, upgraded from (default: the same with an earlier version)
#   --root FOLDER         a fresh root made by debootstrap (default: made in a temporary folder)
# Needs root, debootstrap and a Debian mirror. Says how long each step took.
set -euo pipefail
cd "$(dirname "$0")/.."
. Tests/steps.sh

weights= photographs= deb= earlier= root=
while [ $# -gt 0 ]; do
    case $1 in
        --weights) weights=$2 ;;
        --photographs) photographs=$2 ;;
        --deb) deb=$2 ;;
        --earlier) earlier=$2 ;;
        --root) root=$2 ;;
        *) sed -n '2,15s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
    shift 2
done
if [ -z "$weights" ] || [ -z "$photographs" ] || [ "$(id -u)" != 0 ]; then
    sed -n '2,15s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi

expect() { # DESCRIPTION COMMAND…
    local what=$1
    shift
    "$@" >/dev/null || fail "$what"
}
begin=$SECONDS

step "build the package"
[ -n "$deb" ] || deb=$(examples/package/build-deb.sh)
if [ -z "$earlier" ]; then
    earlier=$(mktemp -d)/earlier.deb
    copy=$(mktemp -d)
    dpkg-deb -R "$deb" "$copy"
    sed -i 's/^Version: .*/&~earlier/' "$copy/DEBIAN/control"
    dpkg-deb --root-owner-group -Zgzip -z1 -b "$copy" "$earlier" >/dev/null
    rm -rf "$copy"
fi

step "make a bare Debian 12 root"
made=
if [ -z "$root" ]; then
    root=$(mktemp -d) made=$root
    debootstrap --variant=minbase bookworm "$root" "${MUSC_MIRROR:-http://deb.debian.org/debian}" >/dev/null
fi
chmod 755 "$root"
expect "the root has no Swift" test ! -e "$root/usr/bin/swift"
mount -t proc proc "$root/proc"
finish() {
    umount "$root/proc" || true
    [ -z "$made" ] || rm -rf --one-file-system "$made"
}
trap finish EXIT
in_root() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"; }
# The service's user with the environment that cron gives at the least: nothing.
as_service() { chroot "$root" runuser -u musc -- /usr/bin/env -i "$@"; }

step "apt-get install ./musc_….deb"
install -m 644 "$earlier" "$root/tmp/earlier.deb"
install -m 644 "$deb" "$root/tmp/musc.deb"
in_root apt-get update -qq
in_root apt-get install -y -qq --no-install-recommends /tmp/earlier.deb >"$root/tmp/install.log" 2>&1 || {
    tail -20 "$root/tmp/install.log" >&2
    fail "the package cannot be installed"
}
in_root musc --version
echo "         installed size of the package: $(in_root dpkg-query -W -f='${Installed-Size}' musc) kB, the program: $(stat -c %s "$root/usr/bin/musc") bytes"

step "the machine's own checks"
expect "the manual page is there" test -s "$root/usr/share/man/man1/musc.1.gz"
if as_service /usr/bin/musc doctor --config /etc/musc/musc.yaml >"$root/tmp/doctor.txt"; then fail "doctor does not miss the weights"; fi
expect "doctor says how to get the weights" grep -q 'musc weights fetch' "$root/tmp/doctor.txt"

step "start-up time"
# One process of each kind after the other, so that both meet the same load; the fastest of 60 counts.
in_root bash -c '
    fastest() { local best=999999999 i a b; for i in {1..60}; do a=${EPOCHREALTIME/./}; "$@" >/dev/null; b=${EPOCHREALTIME/./}
        [ $((b - a)) -lt $best ] && best=$((b - a)); done; echo $best; }
    true=$(fastest /bin/true) version=$(fastest musc --version) status=$(fastest musc status --state /nowhere)
    echo "         /bin/true ${true} µs, musc --version ${version} µs, musc status ${status} µs: $((status / true)) times /bin/true"
    [ $((status / true)) -le 50 ]' || fail "musc status takes more than 50 times as long as /bin/true"

step "musc setup, with weights from a file"
install -m 644 "$weights" "$root/tmp/"
in_root musc setup --yes --mode cron --weights "/tmp/$(basename "$weights")" >"$root/tmp/setup.txt" 2>&1 ||
    { cat "$root/tmp/setup.txt" >&2; fail "setup"; }
sed 's/^/         /' "$root/tmp/setup.txt"
expect "setup names the drop folder" grep -q '^  roots: \["/srv/drop"\]$' "$root/etc/musc/musc.yaml"
expect "setup makes cron sweep" grep -q ' musc /usr/bin/musc sweep --config ' "$root/etc/cron.d/musc"
expect "the weights are the service's" test -s "$root/var/cache/musc/weights/dinov2_vits14.safetensors"

step "photographs scored by hand"
cp -r "$photographs" "$root/srv/drop/by-hand"
rm -rf "$root/srv/drop/by-hand/_musc"
chroot "$root" chown -R musc:musc /srv/drop
as_service /usr/bin/musc run /srv/drop/by-hand --no-progress | sed 's/^/         /'
rows=$(($(wc -l <"$root/srv/drop/by-hand/_musc/scores.csv") - 1))
images=$(find "$root/srv/drop/by-hand" -maxdepth 1 -type f | wc -l)
[ "$rows" = "$images" ] || fail "$rows rows in scores.csv for $images photographs"

step "a sweep from cron's environment"
mkdir -p "$root/srv/drop/line-a"
cp -r "$photographs" "$root/srv/drop/line-a/batch"
rm -rf "$root/srv/drop/line-a/batch/_musc" "$root/srv/drop/by-hand"
chroot "$root" chown -R musc:musc /srv/drop
as_service /usr/bin/musc sweep --config /etc/musc/musc.yaml 2>/dev/null | sed 's/^/         /'
expect "the sweep wrote a report" test -s "$root/srv/drop/line-a/batch/_musc/report.html"
expect "the line's link leads to it" test -s "$root/srv/drop/line-a/latest/report.html"
as_service /usr/bin/musc status | grep -q '1 done' || fail "musc status does not know the batch"

step "upgrade"
in_root apt-get install -y -qq --no-install-recommends /tmp/musc.deb >"$root/tmp/upgrade.log" 2>&1 || { tail "$root/tmp/upgrade.log" >&2; fail "upgrade"; }
expect "the configuration is kept" grep -q 'roots: \["/srv/drop"\]' "$root/etc/musc/musc.yaml"
as_service /usr/bin/musc status | grep -q '1 done' || fail "the ledger is not kept"
[ -z "$(as_service /usr/bin/musc sweep --config /etc/musc/musc.yaml 2>/dev/null)" ] || fail "the batch was scored again"

step "a ledger of a later version is refused"
ledger=$root/var/lib/musc/ledger.sqlite
expect "the ledger is where the service has it" test -s "$ledger"
mkdir -p "$root/tmp/later"
cp "$ledger" "$root/tmp/later/"
python3 - "$root/tmp/later/ledger.sqlite" <<'PYTHON'
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as ledger:
    ledger.execute("INSERT INTO grdb_migrations VALUES ('of a later version')")
PYTHON
chroot "$root" chown -R musc /tmp/later
if as_service /usr/bin/musc status --state /tmp/later 2>"$root/tmp/later.txt"; then fail "it is read"; fi
expect "and says why" grep -q 'newer version of musc' "$root/tmp/later.txt"

step "units"
if command -v systemd-analyze >/dev/null && ls "$root"/lib/systemd/system/musc*.service >/dev/null 2>&1; then
    for unit in musc.service musc-sweep.service; do
        warnings=$(systemd-analyze verify "$root/lib/systemd/system/$unit" 2>&1 | grep -E "musc" | grep -v 'is not executable' || true)
        [ -z "$warnings" ] || fail "systemd-analyze verify: $warnings"
        echo "         $unit: $(systemd-analyze security --offline=yes "$root/lib/systemd/system/$unit" 2>/dev/null | tail -1)"
    done
else
    echo "         left out: systemd-analyze is not here"
fi

step "remove"
in_root apt-get remove -y -qq musc >/dev/null 2>&1
expect "the program is gone" test ! -e "$root/usr/bin/musc"
expect "results are kept" test -s "$root/srv/drop/line-a/batch/_musc/report.html"
expect "the configuration is kept" test -s "$root/etc/musc/musc.yaml"
expect "the ledger is kept" test -s "$ledger"

step "purge"
in_root apt-get purge -y -qq musc >/dev/null 2>&1
expect "the state is gone" test ! -e "$root/var/lib/musc"
expect "the weights are gone" test ! -e "$root/var/cache/musc"
expect "the configuration is gone" test ! -e "$root/etc/musc"
expect "cron's entry is gone" test ! -e "$root/etc/cron.d/musc"
expect "results are kept" test -s "$root/srv/drop/line-a/batch/_musc/report.html"
left=$(cd "$root" && find etc usr lib var/lib -path var/lib/apt -prune -o -name '*musc*' -print 2>/dev/null | grep -v -E '^var/lib/dpkg|^usr/share/doc/libc' || true)
[ -z "$left" ] || fail "something is left: $left"
step
echo "All passed in $((SECONDS - begin)) s."
