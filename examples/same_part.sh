#!/usr/bin/env bash
# What copies and bursts of defective parts, and known good parts photographed several times, do to a batch: 80 solar
# cells, of which the worst four are copied or photographed again, and 48 known good photographs of 48, 24 and 16 cells;
# and what is flagged of a batch that comes back to its line under another path.
#
#     examples/same_part.sh [batch] [known-good] [returned]
#
# Preset tuned at 224 px. Prints ranks and flags of the worst four, image AUROC by part, and false alarms. Without words
# all three are measured, which takes about 15 minutes on two cores. Photographs are made again by moving the cell by two
# pixels and adding noise of 2 grey levels.
set -euo pipefail
cd "$(dirname "$0")/.."
. examples/requirements.sh

require_packages $MUSC_PACKAGES python3-numpy python3-pil
require_swift

examples/solar_cells.sh
wheel=quickstart/elpv_dataset-1.0.0.post1-py3-none-any.whl
[ -d quickstart/elpv_dataset/data ] || unzip -q -o -d quickstart "$wheel" 'elpv_dataset/data/*'

echo "Building …" >&2
swift build -c release --product musc >&2
.build/release/musc weights list 2>/dev/null | grep -q '^dinov2_vits14 .*installed: ' ||
    .build/release/musc weights fetch dinov2_vits14 >&2

python3 examples/same_part.py --musc .build/release/musc --cells quickstart/solar-cells --labels examples/solar_cells.txt \
    --all quickstart/elpv_dataset/data "${@:-all}"
