# Sourced by the scripts: installs what a bare Debian 12 machine lacks, and leaves alone what is there.
# Needs root, or sudo, only where something is missing.

# apt packages that build and run musc. The last line is what Swift's compiler and package manager need themselves.
MUSC_PACKAGES="libopenblas-dev libjpeg-dev libpng-dev libtiff-dev libsqlite3-dev libssl-dev zlib1g-dev pkg-config
    binutils gcc g++ git curl ca-certificates python3 python3-pip unzip
    libncurses6 libxml2 libedit2 tzdata"
# The earliest version of Swift that builds musc.
MUSC_SWIFT=6.3

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else
        echo "These packages are missing, and installing them needs root: run as root: $*" >&2
        return 1
    fi
}

# require_packages NAME…: installs the packages of these names that are missing.
require_packages() {
    local missing=() name
    for name in "$@"; do
        dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name")
    done
    [ ${#missing[@]} = 0 ] && return 0
    echo "Installing ${missing[*]} …" >&2
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
}

# require_swift: finds Swift 6.3 or later, or installs it with swiftly, the official installer. An earlier Swift is left
# alone and told of: other work may need it.
require_swift() {
    local found
    if command -v swift >/dev/null; then
        found=$(swift_version) || {
            echo "$(command -v swift) does not run: swift --version says:" >&2
            swift --version 2>&1 | head -n 3 >&2
            how_to_install_swift
            return 1
        }
        [ "$(printf '%s\n' "$MUSC_SWIFT" "$found" | sort -V | head -n 1)" = "$MUSC_SWIFT" ] && return 0
        echo "$(command -v swift) is Swift $found, and musc needs $MUSC_SWIFT or later." >&2
        how_to_install_swift
        return 1
    fi
    echo "Swift is missing: installing it with swiftly …" >&2
    local archive="swiftly-$(uname -m).tar.gz" folder
    folder=$(mktemp -d)
    if curl -fsSL --retry 2 --connect-timeout 20 -o "$folder/$archive" "https://download.swift.org/swiftly/linux/$archive" &&
        tar -xzf "$folder/$archive" -C "$folder" &&
        "$folder/swiftly" init --assume-yes --quiet-shell-followup --skip-install &&
        . "${SWIFTLY_HOME_DIR:-$HOME/.local/share/swiftly}/env.sh" &&
        swiftly install --assume-yes --use "$MUSC_SWIFT"; then
        rm -rf "$folder"
        return 0
    fi
    rm -rf "$folder"
    echo "Swift $MUSC_SWIFT could not be installed from download.swift.org." >&2
    how_to_install_swift
    return 1
}

# swift_version: prints the version of the command swift, such as 6.3.1; fails where it does not run.
swift_version() {
    swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+(\.[0-9]+)*).*/\1/p' | grep -m 1 .
}

how_to_install_swift() {
    if command -v swiftly >/dev/null; then
        echo "Type 'swiftly install --use $MUSC_SWIFT', and run this again." >&2
    else
        echo "Install Swift $MUSC_SWIFT as https://www.swift.org/install/linux/ says, so that the command 'swift' is found first in" >&2
        echo "PATH, and run this again." >&2
    fi
}
