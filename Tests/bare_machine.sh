#!/usr/bin/env bash
# Runs the README's two commands on a bare Debian 12 that has nothing but Swift: a root made by debootstrap, into which
# this machine's Swift is bound, read-only, and a clone of this checkout is put.
#
#   sudo Tests/bare_machine.sh [--until requirements|target|quickstart] [--root FOLDER]
#
#   --until requirements   ends when the packages are installed and Swift has answered (a minute or two)
#   --until target         … and one target of Swift is compiled (some minutes)
#   --until quickstart     … and the first command is through; without --until both are (an hour or more on two cores)
#   --root FOLDER          a root that is kept, and used again (default: one in a temporary folder, removed at the end)
#   MUSC_MIRROR            the Debian mirror (default: this machine's own)
#
# Needs root, and a Swift that was not installed by Debian. Where this machine says from where apt, git and pip get what
# they need, the root does so too. What is not committed is not tried. Says how long each step took.
set -euo pipefail
called_from=$PWD
cd "$(dirname "$0")/.."
script=$PWD/Tests/bare_machine.sh
. examples/requirements.sh
. Tests/steps.sh

usage() { sed -n '2,15s/^# \{0,1\}//p' "$script" >&2; exit 2; }
until=all root=
while [ $# -gt 0 ]; do
    case $1 in
        --until) until=${2:-} ;;
        --root) root=${2:-} ;;
        *) usage ;;
    esac
    shift 2 || usage
done
[ -z "$root" ] || root=$(cd "$called_from" && realpath -m "$root")
case $until in requirements | target | quickstart | all) ;; *) usage ;; esac
[ "$(id -u)" = 0 ] || usage
require_packages debootstrap
require_swift

# Mounts are seen by this script alone, and are gone when it ends.
if [ -z "${MUSC_OWN_MOUNTS:-}" ]; then
    made=
    if [ -z "$root" ]; then
        root=$(mktemp -d) made=$root
        trap 'rm -rf --one-file-system "$made"' EXIT
    fi
    status=0
    MUSC_OWN_MOUNTS=1 unshare --mount --propagation private "$script" --until "$until" --root "$root" || status=$?
    exit $status
fi

step "a bare Debian 12"
if [ ! -e "$root/etc/debian_version" ]; then
    mirror=${MUSC_MIRROR:-$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
        awk '$1 == "bookworm" { print $2; exit }')}
    [ -n "$mirror" ] || { echo "Name a Debian mirror in MUSC_MIRROR." >&2; exit 2; }
    debootstrap --variant=minbase bookworm "$root" "$mirror" >"$root.log" 2>&1 || { tail -n 5 "$root.log" >&2; exit 1; }
    rm -f "$root.log"
fi
chmod 755 "$root"
[ ! -e "$root/usr/bin/swift" ] || { echo "$root has a Swift of its own." >&2; exit 1; }

step "this machine's sources and certificates"
rm -rf "$root/etc/apt/sources.list" "$root/etc/apt/sources.list.d"
cp -r /etc/apt/. "$root/etc/apt/"
cp /etc/resolv.conf /etc/hosts "$root/etc/"
for file in /etc/gitconfig /etc/pip.conf "$HOME/.gitconfig" "$HOME/.config/pip/pip.conf"; do
    target=$root${file/#"$HOME"//root}
    [ ! -e "$file" ] || install -D -m 644 "$file" "$target"
done
# A machine behind a proxy of its own has certificates that Debian does not bring.
mkdir -p "$root/usr/local/share/ca-certificates" "$root/etc/ssl/certs"
[ ! -d /usr/local/share/ca-certificates ] ||
    cp -r /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"

# bind FOLDER: lets the root see this machine's folder at the same place, and not change it.
bind() {
    mkdir -p "$root$1"
    mount --bind "$1" "$root$1"
    mount -o remount,bind,ro "$root$1"
}
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
# With what is mounted in it: Slurm's nodes do not come up without control groups.
mkdir -p "$root/sys"
mount --rbind /sys "$root/sys"
# The toolchain itself, whatever leads to it.
swift=$(swift -print-target-info | sed -nE 's/.*"runtimeResourcePath": "(.*)\/lib\/swift".*/\1/p')
[ -x "$swift/bin/swift" ] || { echo "There is no toolchain of Swift at “$swift”." >&2; exit 1; }
# Bound there it would hide the root's own programs.
case $swift in / | /usr) echo "Swift lies in $swift among the system's programs: unpack it into a folder of its own." >&2; exit 2; ;; esac
bind "$swift"
# Folders of this machine that git and pip are told to take things from.
{ git config --get-regexp 'url\..*\.insteadof' || true; } | sed -nE 's/^url\.(file:\/\/)?(\/.*)\.insteadof .*/\2/p' |
    sort -u | while read -r folder; do [ ! -d "$folder" ] || bind "${folder%/}"; done
{ python3 -m pip config list 2>/dev/null || true; } | sed -nE "s/.*find-links='(\/.*)'$/\1/p" |
    sort -u | while read -r folder; do [ ! -d "$folder" ] || bind "${folder%/}"; done

rm -rf "$root/root/musc"
git clone -q --no-hardlinks . "$root/root/musc"
kept=()
while IFS= read -r name; do
    kept+=("$name=${!name}")
done < <(compgen -e | grep -iE '^(https?_proxy|no_proxy|pip_.*|ssl_cert_file|git_ssl_cainfo|curl_ca_bundle)$')
in_root() { # COMMAND: a line of bash, in the clone
    env -i PATH="/usr/sbin:/usr/bin:/sbin:/bin:$swift/bin" HOME=/root LC_ALL=C.UTF-8 "${kept[@]}" \
        chroot "$root" bash -c "cd /root/musc && $1"
}

step "packages, and Swift's answer"
in_root '. examples/requirements.sh && require_packages $MUSC_PACKAGES && require_swift && swift --version 2>/dev/null | head -n 1'
# An earlier Swift, and one that does not run, are told of and left alone.
in_root 'mkdir -p /tmp/earlier /tmp/broken && echo "echo Swift version 5.9.2 \(swift-5.9.2-RELEASE\)" >/tmp/earlier/swift &&
    echo "echo libncurses.so.6 is missing >&2; exit 127" >/tmp/broken/swift && chmod +x /tmp/*/swift'
for kind in earlier broken; do
    said=$(in_root ". examples/requirements.sh && PATH=/tmp/$kind:\$PATH require_swift" 2>&1) &&
        { echo "A Swift that is $kind was taken." >&2; exit 1; }
    grep -q 'swift.org/install' <<<"$said" || { echo "Of a Swift that is $kind it was only said: $said" >&2; exit 1; }
done

if [ "$until" = target ]; then
    step "one target of Swift"
    in_root 'swift build -c release --target MuScSupport -j 2 2>&1 | tail -n 1'
elif [ "$until" != requirements ]; then
    step "./examples/quickstart.sh"
    in_root ./examples/quickstart.sh
    if [ "$until" = all ]; then
        step "./Tests/run.sh"
        in_root ./Tests/run.sh
    fi
fi
step
