#!/usr/bin/env bash
# Builds the documentation, the articles of Sources/MuSc/MuSc.docc and the comments of all that the library MuSc offers,
# as pages, and fails where docc warns: of a link that leads nowhere, a parameter that does not exist …
#
#   ./Tests/documentation.sh [FOLDER]     FOLDER: where the pages go (.build/documentation)
#
# To read them: python3 -m http.server --directory .build/documentation, then http://localhost:8000/documentation/musc
# That their examples compile is held by the package's tests: ./Tests/run.sh ExampleTests
set -euo pipefail
cd "$(dirname "$0")/.."
. examples/requirements.sh

require_packages $MUSC_PACKAGES
require_swift
pages=${1:-.build/documentation}

swift build -c release --product MuSc
build=$(swift build -c release --show-bin-path)
# docc and its like lie beside the compiler, which another command may lead to.
toolchain=$(swift -print-target-info | sed -nE 's/.*"runtimeResourcePath": "(.*)\/lib\/swift".*/\1/p')/bin

# The C modules that ours are built on; the compiler asks for all of them.
flags=()
for map in Sources/C*/module.modulemap "$build"/C*.build/module.modulemap .build/checkouts/*/Sources/*/{,include/}module.modulemap; do
    [ ! -e "$map" ] || flags+=(-Xcc "-fmodule-map-file=$(realpath "$map")" -I "$(realpath "$(dirname "$map")")")
done
for headers in Sources/C*/include; do flags+=(-I "$(realpath "$headers")"); done
for flag in $(pkg-config --cflags-only-I openblas libpng libtiff-4 libjpeg libcrypto zlib); do flags+=("$flag"); done

# MuSc re-exports what its signatures need; the modules' names are in its sources.
modules=$(sed -nE 's/^@_exported (public )?import (MuSc[A-Za-z]+)$/\2/p' Sources/MuSc/*.swift | sort -u | paste -sd,)
graphs=$(mktemp -d)
trap 'rm -rf "$graphs"' EXIT
"$toolchain/swift-symbolgraph-extract" -module-name MuSc -I "$build/Modules" -output-dir "$graphs" \
    -target "$(swift -print-target-info | sed -nE 's/.*"triple": "(.*)".*/\1/p' | head -n 1)" \
    -minimum-access-level public -skip-inherited-docs \
    -experimental-allowed-reexported-modules="$modules" "${flags[@]}"

rm -rf "$pages"
mkdir -p "$(dirname "$pages")"
"$toolchain/docc" convert Sources/MuSc/MuSc.docc --additional-symbol-graph-dir "$graphs" --output-path "$pages" \
    --fallback-display-name MuSc --fallback-bundle-identifier musc --warnings-as-errors
echo "The documentation is in $pages."
