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

# Tests on real photographs need a network's weights and the photographs; without a connection they are skipped.
"$MUSC_COMMAND" weights fetch dinov2_vits14 >/dev/null || echo "Without weights the tests on real photographs are skipped." >&2
./examples/solar_cells.sh || echo "Without the solar cells their test is skipped." >&2

# What watches the clock or the whole process's memory runs alone: side by side with others it would measure those.
timed='MuScWatchingTests|MuScHooksTests|FullSizeTests|FaultTests|ResourceTests'
swift test -c release --skip-build --disable-testable-imports --skip "$timed"
swift test -c release --skip-build --disable-testable-imports --no-parallel --filter "$timed"

# Debian's Slurm serves two nodes on this machine; where it cannot be installed, or weights or photographs cannot be
# had, its test is skipped.
if require_packages slurm-wlm munge && "$MUSC_COMMAND" weights verify dinov2_vits14 >/dev/null 2>&1 &&
    [ -d quickstart/solar-cells ]; then
    ./Tests/slurm.sh
else
    echo "Without Slurm, weights or photographs the test of a batch on a cluster is skipped." >&2
fi
# The pages in headless browsers, used as a person would; how long that takes it says itself.
if require_packages chromium firefox-esr poppler-utils python3-venv; then
    ./Tests/page.sh || [ $? = 77 ]
else
    echo "Without Debian's browsers the test of the pages is skipped." >&2
fi
# The short form of what Tests/soak.sh -a does for hours: every parser, a few seconds each.
./Tests/fuzz.sh -q -s 3 -n 1000
# The short form of its batches: 40 in twenty seconds.
./Tests/soak.sh -n 160 -b 40 -s 20
./Tests/serve.sh -s 5
