#!/usr/bin/env bash
# Time and memory of photographs of 20 megapixels, and how they grow with the image size and the window.
#
#     examples/large_photographs.sh [--photographs 40] [--sizes auto …] [--windows preset …] [-- FLAGS]
#     examples/large_photographs.sh --photographs 8 --sizes 630x504 1260x1008 2520x2016
#     examples/large_photographs.sh --photographs 8 --sizes 1260x1008 --windows 4 8 17 34
#
# Makes photographs of 5000 × 4000 px (JPEG) out of solar cells of elpv-dataset, 320 cells each, and prints what
# `musc bench` measures of scoring them: seconds a photograph, how they split, and the highest memory. FLAGS are passed
# to it. 40 photographs at the automatic size take about ten minutes on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."
. examples/requirements.sh

require_packages $MUSC_PACKAGES python3-venv
require_swift

examples/solar_cells.sh
unzip -q -o -d quickstart quickstart/elpv_dataset-1.0.0.post1-py3-none-any.whl 'elpv_dataset/data/*'
if [ ! -x quickstart/module-test/venv/bin/python ]; then
    python3 -m venv quickstart/module-test/venv
    quickstart/module-test/venv/bin/pip install --quiet --disable-pip-version-check numpy pillow
fi

echo "Building …" >&2
swift build -c release --product musc >&2
.build/release/musc weights list 2>/dev/null | grep -q '^dinov2_vits14 .*installed: ' ||
    .build/release/musc weights fetch dinov2_vits14 >&2
exec quickstart/module-test/venv/bin/python examples/large_photographs.py --data quickstart/elpv_dataset/data \
    --work quickstart/large-photographs --musc .build/release/musc "$@"
