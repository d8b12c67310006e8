#!/usr/bin/env bash
# Time and memory of photographs of 20 megapixels, and how they grow with the image size and the window.
#
#     examples/large_photographs.sh [--photographs 40] [--sizes auto …] [--windows preset …] [-- FLAGS]
#     examples/large_photographs.sh --photographs 8 --sizes 630x504 1260x1008 2520x2016
#     examples/large_photographs.sh --photographs 8 --sizes 1260x1008 --windows 4 8 17 34
#     examples/large_photographs.sh --deep --sizes 630x504 -- --memory 1G      40 of 16 bits, 1.6 GB on disk
#
# Makes photographs of 5000 × 4000 px (JPEG) out of solar cells of elpv-dataset, 320 cells each, and prints what
# `musc bench` measures of scoring them: seconds a photograph, how they split, and the highest memory. FLAGS are passed
# to it. 40 photographs at the automatic size take about ten minutes on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."
. examples/cells_with_python.sh

exec "$python" examples/large_photographs.py --data "$cells" --work quickstart/large-photographs --musc "$musc" "$@"
