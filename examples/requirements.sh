# Sourced by the scripts: installs what a bare Debian 12 machine lacks, and leaves alone what is there.
# Needs root, or sudo, only where something is missing.

# apt packages that build and run musc; Swift's own needs among them.
MUSC_PACKAGES="libopenblas-dev libjpeg-dev libpng-dev libtiff-dev libsqlite3-dev libssl-dev zlib1g-dev pkg-config
    binutils gcc g++ git curl ca-certificates python3 python3-pip unzip"

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

# require_swift: finds Swift 6.3 or later, or installs it with swiftly, the official installer.
require_swift() {
    command -v swift >/dev/null && return 0
    echo "Swift is missing: installing it with swiftly …" >&2
    local archive="swiftly-$(uname -m).tar.gz" folder
    folder=$(mktemp -d)
    if curl -fsSL --retry 2 --connect-timeout 20 -o "$folder/$archive" "https://download.swift.org/swiftly/linux/$archive" &&
        tar -xzf "$folder/$archive" -C "$folder" &&
        "$folder/swiftly" init --assume-yes --quiet-shell-followup --skip-install &&
        . "${SWIFTLY_HOME_DIR:-$HOME/.local/share/swiftly}/env.sh" &&
        swiftly install --assume-yes --use 6.3; then
        rm -rf "$folder"
        return 0
    fi
    rm -rf "$folder"
    echo "Swift 6.3 could not be installed from download.swift.org." >&2
    echo "Install it as https://www.swift.org/install/linux/ says, so that the command 'swift' is found, and run this again." >&2
    return 1
}
