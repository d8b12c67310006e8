#!/usr/bin/env bash
# Parts that lie at any angle and place on plain backgrounds: makes five batches of halves of solar cells and prints the image
# AUROC as they were photographed, as musc turns and crops them, and as they are without a background.
# Everything it makes lies in ./quickstart.
set -euo pipefail
cd "$(dirname "$0")/.."
. examples/requirements.sh

require_packages python3-numpy python3-pil unzip
./examples/solar_cells.sh all
musc=${MUSC:-.build/release/musc}
[ -x "$musc" ] || { echo "There is no $musc: run ./examples/quickstart.sh first, or name the program in MUSC." >&2; exit 1; }
exec python3 examples/turned_parts.py "$musc" quickstart/solar-cells-all quickstart/solar-cells-all.labels "$@"
