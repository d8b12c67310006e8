#!/usr/bin/env bash
# Builds musc and runs all tests on a fresh machine.
#   ./Tests/run.sh            everything
#   ./Tests/run.sh NAME…      only the Swift tests whose name matches
set -euo pipefail
cd "$(dirname "$0")/.."
. examples/requirements.sh

require_packages $MUSC_PACKAGES
require_swift

# In release, because the kernels and loops that are tested are slow without optimisation.
swift build -c release --build-tests
export MUSC_COMMAND="$PWD/.build/release/musc"
if [ $# -gt 0 ]; then
    exec swift test -c release --skip-build --disable-testable-imports "${@/#/--filter=}"
fi
swift test -c release --skip-build --disable-testable-imports
