#!/usr/bin/env bash
# The module test: how small defects in large photographs are found at which image size.
#
#     examples/module_test.sh [--seeds 1 2 3 4 5] [--sizes 336 672x448 … auto] [--rules] [--whole --tiles 24] [-- FLAGS]
#
# Makes batches of 24 photographs of 1800 × 1200 px, each of 4 × 6 solar cells of elpv-dataset, eight of them with one
# defective cell, and prints image AUROC, peaks in the defective cell and seconds at each size. --rules adds other ways
# of taking a photograph's score from its map; --whole compares tiles with one pass over the whole photograph. FLAGS are
# passed to `musc run`. Five seeds at all sizes take about half an hour on two cores.
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
exec quickstart/module-test/venv/bin/python examples/module_test.py --data quickstart/elpv_dataset/data \
    --work quickstart/module-test --musc .build/release/musc "$@"
