#!/usr/bin/env bash
# Prints what the automatic thresholds find and what they flag falsely: solar cells of two kinds and magnetic tiles,
# batches of 8 and of 40, clean and with a fifth defective; 12 known good cells beside the batch; frames without a part;
# and simulated scores of five shapes. Takes some minutes. The photographs' scores are kept in quickstart/thresholds.
#   ./examples/threshold_table.sh [DRAWS]       draws of each kind and size (10)
set -euo pipefail
cd "$(dirname "$0")/.."
. examples/requirements.sh

require_packages $MUSC_PACKAGES
require_swift
swift build -c release --product musc >&2
./examples/solar_cells.sh
.build/release/musc weights fetch dinov2_vits14 >/dev/null
export PATH="$PWD/.build/release:$PATH"
python3 examples/threshold_table.py quickstart/elpv_dataset-1.0.0.post1-py3-none-any.whl \
    Tests/Fixtures/goldens/magnetic_tiles/tile/test quickstart/solar-cells quickstart/thresholds "${1:-10}"
