#!/usr/bin/env bash
# Builds musc_<version>_<architecture>.deb, and musc-dbgsym_….deb with the debug symbols, for Debian 12 and later.
#
#   ./examples/package/build-deb.sh [--version V] [--out FOLDER] [--binary FILE] [--manual FOLDER]
#
# The binary has Swift's libraries linked in; C libraries are dependencies of the package. Needs Swift, the packages of
# examples/requirements.sh, and dpkg-dev and binutils. No root, no fakeroot, no debhelper.
#   --version V     instead of the program's own version
#   --out FOLDER    where the packages go (default: .build/package)
#   --binary FILE   package this binary instead of building one
#   --manual FOLDER package the manual pages of this folder instead of generating them
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
. examples/requirements.sh

version= out= binary= manual=
while [ $# -gt 0 ]; do
    case $1 in
        --version) version=$2; shift 2 ;;
        --out) out=$2; shift 2 ;;
        --binary) binary=$2; shift 2 ;;
        --manual) manual=$2; shift 2 ;;
        *) echo "usage: $0 [--version V] [--out FOLDER] [--binary FILE] [--manual FOLDER]" >&2; exit 2 ;;
    esac
done

require_packages dpkg-dev binutils
scratch=.build/static
if [ -z "$binary" ]; then
    require_packages $MUSC_PACKAGES
    require_swift
    echo "Building the binary …" >&2
    swift build -c release --product musc --static-swift-stdlib --disable-local-rpath --scratch-path "$scratch" \
        -Xlinker --build-id=sha1 -Xlinker --as-needed >&2
    binary=$scratch/release/musc
fi
: "${version:=$("$binary" --version)}"
: "${out:=.build/package}"
architecture=$(dpkg --print-architecture)
# For reproducible packages: the date of the last commit, or of the changelog.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date -r "$here/debian/changelog" +%s)}

mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/musc
symbols=$work/musc-dbgsym
install -d "$root/DEBIAN" "$symbols/DEBIAN"
chmod 755 "$work"

# ── The program and its debug symbols ───────────────────────────────────────
install -D -m 755 "$binary" "$root/usr/bin/musc"
build_id=$(readelf -n "$binary" | sed -n 's/.*Build ID: //p' | head -1)
if [ -n "$build_id" ]; then
    debug=usr/lib/debug/.build-id/${build_id:0:2}/${build_id:2}.debug
    install -d "$symbols/${debug%/*}"
    objcopy --only-keep-debug --compress-debug-sections "$binary" "$symbols/$debug"
    chmod 644 "$symbols/$debug"
fi
strip --strip-unneeded --remove-section=.comment --remove-section=.note "$root/usr/bin/musc"

# ── Manual pages and completions, made of the command's own definitions ─────
# The plugin builds the package in .build, as the quick start does, and so finds most of it built.
if [ -z "$manual" ]; then
    echo "Writing the manual pages …" >&2
    swift package plugin generate-manual --multi-page >&2
    manual=.build/plugins/GenerateManual/outputs/musc
fi
install -d "$root/usr/share/man/man1"
for page in "$manual"/*.1; do gzip -9nc "$page" >"$root/usr/share/man/man1/${page##*/}.gz"; done
install -d "$root/usr/share/bash-completion/completions" "$root/usr/share/zsh/vendor-completions" \
    "$root/usr/share/fish/vendor_completions.d"
"$binary" --generate-completion-script bash | sed '1{/^#!/d}' >"$root/usr/share/bash-completion/completions/musc"
"$binary" --generate-completion-script zsh >"$root/usr/share/zsh/vendor-completions/_musc"
"$binary" --generate-completion-script fish >"$root/usr/share/fish/vendor_completions.d/musc.fish"

# ── Configuration, units, the service's user and folders ────────────────────
install -D -m 644 watch-config/musc.yaml "$root/etc/musc/musc.yaml"
units=()
for unit in watch-config/*.service watch-config/*.timer; do
    [ -e "$unit" ] || continue
    # Without the instructions for installing them by hand, which dpkg follows.
    install -d "$root/lib/systemd/system"
    sed -e '/^# .*[Ii]nstall/,/^$/d' -e 's|/usr/local/bin/musc|/usr/bin/musc|' "$unit" \
        >"$root/lib/systemd/system/${unit##*/}"
    units+=("${unit##*/}")
done
install -D -m 644 watch-config/musc.sysusers.conf "$root/usr/lib/sysusers.d/musc.conf"
install -D -m 644 "$here/debian/tmpfiles" "$root/usr/lib/tmpfiles.d/musc.conf"

# ── Documentation ───────────────────────────────────────────────────────────
doc=$root/usr/share/doc/musc
install -d "$doc/examples"
install -m 644 "$here/debian/copyright" "$doc/copyright"
if [ -d "$scratch/checkouts" ]; then
    for dependency in "$scratch"/checkouts/*/; do
        name=$(basename "$dependency")
        grep -qE "^(Files:| {6}) $name/\*" "$doc/copyright" || {
            echo "examples/package/debian/copyright says nothing of the dependency $name" >&2
            exit 1
        }
    done
fi
sed "s/@VERSION@/$version/; s/@DATE@/$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")/" "$here/debian/changelog" |
    gzip -9n >"$doc/changelog.gz"
for file in watch-config/*; do
    case $file in *.service | *.timer | */musc.yaml | */musc.sysusers.conf) ;; *) sed 's|/usr/local/bin/musc|/usr/bin/musc|' "$file" >"$doc/examples/${file##*/}" ;; esac
done
install -d "$root/usr/share/lintian/overrides"
install -m 644 "$here/debian/lintian-overrides" "$root/usr/share/lintian/overrides/musc"

# ── What dpkg needs to know ─────────────────────────────────────────────────
install -d "$work/debian"
printf 'Source: musc\nMaintainer: x <x@example.org>\n\nPackage: musc\nArchitecture: any\n' >"$work/debian/control"
libraries=$(cd "$work" && dpkg-shlibdeps -O -e musc/usr/bin/musc 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
# Any build of OpenBLAS serves.
libraries=$(sed -E 's/libopenblas0-[a-z]+( \([^)]*\))?/libopenblas0\1/; s/libopenblas0 \| libblas\.so\.3/libopenblas0/' <<<"$libraries")
fields() { # PACKAGE SECTION DEPENDS FOLDER
    cat <<END
Package: $1
Source: musc
Version: $version
Architecture: $architecture
Maintainer: ${DEBFULLNAME:-The musc authors} <${DEBEMAIL:-musc@packages.debian.org}>
Installed-Size: $(du -k -s --apparent-size "$4" | cut -f 1)
Section: $2
Depends: $3
END
}
{
    fields musc science "$libraries, adduser, curl, ca-certificates" "$root"
    cat <<'END'
Recommends: python3-pip
Suggests: cron | systemd
Priority: optional
Description: finds defects in photographs of parts, without training or a GPU
 musc looks at photographs of one kind of part and lets them judge each other:
 what looks like nothing in the other photographs is anomalous. It needs no
 examples of defects, no labels and no training.
 .
 It watches drop folders, scores each batch of photographs once it has arrived,
 and writes heat maps, a table and a report that opens in any browser. Scoring
 runs on the processor with the MuSc method and a pretrained vision transformer,
 which is fetched once (musc weights fetch) or imported from a file.
END
} >"$root/DEBIAN/control"
echo /etc/musc/musc.yaml >"$root/DEBIAN/conffiles"
for script in postinst prerm postrm; do
    sed "s/@UNITS@/${units[*]:-}/" "$here/debian/$script" >"$root/DEBIAN/$script"
    chmod 755 "$root/DEBIAN/$script"
done
find "$root" "$symbols" -type d -exec chmod 755 {} +
find "$root" "$symbols" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
sums() { (cd "$1" && find . -type f ! -path './DEBIAN/*' ! -path './etc/*' -printf '%P\0' | sort -z | xargs -r0 md5sum >DEBIAN/md5sums); }
sums "$root"
dpkg-deb --root-owner-group -Zxz -z"${MUSC_XZ_LEVEL:-6}" --build "$root" "$out/musc_${version}_$architecture.deb" >&2
if [ -n "$build_id" ]; then
    install -d "$symbols/usr/share/doc"
    ln -s musc "$symbols/usr/share/doc/musc-dbgsym"
    {
        fields musc-dbgsym debug "musc (= $version)" "$symbols"
        printf 'Auto-Built-Package: debug-symbols\nPriority: optional\nBuild-Ids: %s\n' "$build_id"
        printf 'Description: debug symbols for musc\n'
    } >"$symbols/DEBIAN/control"
    sums "$symbols"
    dpkg-deb --root-owner-group -Zxz -z"${MUSC_XZ_LEVEL:-6}" --build "$symbols" "$out/musc-dbgsym_${version}_$architecture.deb" >&2
fi
echo "$out/musc_${version}_$architecture.deb"
