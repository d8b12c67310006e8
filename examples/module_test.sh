#!/usr/bin/env bash
# The module test: how small defects in large photographs are found at which image size.
#
#     examples/module_test.sh [--seeds 1 2 3 4 5] [--sizes 336x336 672x448 … auto] [--rules] [--whole --tiles 24] [-- FLAGS]
#
# Makes batches of 24 photographs of 1800 × 1200 px, each of 4 × 6 solar cells of elpv-dataset, eight of them with one
# defective cell, and prints image AUROC, peaks in the defective cell and seconds at each size. --rules adds other ways
# of taking a photograph's score from its map; --whole compares tiles with one pass over the whole photograph. FLAGS are
# passed to `musc run`. Five seeds at all sizes take about half an hour on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."
. examples/cells_with_python.sh

exec "$python" examples/module_test.py --data "$cells" --work quickstart/module-test --musc "$musc" "$@"
