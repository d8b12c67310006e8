#!/usr/bin/env bash
# Prints what regions of defects are worth where known good images set the threshold: how many true defects a region
# touches, how many regions touch none, and SegF1 at the program's own pixel threshold beside the best F1 that any
# threshold reaches. On magnetic tiles with masks, and on solar cells with a pasted defect of known place and size.
#   ./examples/regions_table.sh [SIZE] [DRAW]    image size in pixels (336); 0, or another number for other images
set -euo pipefail
cd "$(dirname "$0")/.."
. examples/cells_with_python.sh

"$python" -c 'import safetensors' 2>/dev/null ||
    quickstart/module-test/venv/bin/pip install --quiet --disable-pip-version-check safetensors
"$python" examples/regions_table.py "$musc" "$cells" quickstart/regions "${1:-336}" "${2:-0}"
