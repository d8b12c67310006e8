#!/usr/bin/env bash
# Finds settings for a backbone on six labelled folders that anyone can get: two of mono- and two of polycrystalline solar
# cells, and the magnetic tiles in two halves. The second of each is kept back from the choice.
#
#   ./examples/tune_cells.sh [flags of musc tune…]       such as --sizes 224 336 --backbone dinov2_vits14
#
# It goes on where it was interrupted. What it makes lies in ./quickstart/tune.
set -euo pipefail
cd "$(dirname "$0")/.."

musc=${MUSC_COMMAND:-.build/release/musc}
[ -x "$musc" ] || swift build -c release --product musc
./examples/solar_cells.sh all
folders=quickstart/tune/folders
python3 - "$folders" <<'PYTHON'
import os, random, shutil, sys

target = sys.argv[1]
cells = [line.split() for line in open("quickstart/solar-cells-all.labels")]
draw = random.Random(1)
for kind in ("mono", "poly"):
    # Cells of which those who labelled them were sure: without a defect, or with one.
    good = [cell[0] for cell in cells if cell[2] == kind and float(cell[1]) == 0]
    defective = [cell[0] for cell in cells if cell[2] == kind and float(cell[1]) == 1]
    for label, drawn in (("good", draw.sample(good, 60)), ("defect", draw.sample(defective, 20))):
        for half in range(2):
            folder = f"{target}/{kind}_{half + 1}/{label}"
            os.makedirs(folder, exist_ok=True)
            for name in drawn[half::2]:
                shutil.copy("quickstart/solar-cells-all/" + os.path.basename(name), folder)
tiles = "Tests/Fixtures/goldens/magnetic_tiles/tile/test"
for label in sorted(os.listdir(tiles)):
    for place, name in enumerate(sorted(os.listdir(f"{tiles}/{label}"))):
        folder = f"{target}/tile_{place % 2 + 1}/{label}"
        os.makedirs(folder, exist_ok=True)
        shutil.copy(f"{tiles}/{label}/{name}", folder)
        if label != "good":
            masks = f"{target}/tile_{place % 2 + 1}/ground_truth/{label}"
            os.makedirs(masks, exist_ok=True)
            shutil.copy(f"{tiles}/../ground_truth/{label}/{name[:-4]}_mask.png", masks)
PYTHON
"$musc" weights fetch dinov2_vits14 >/dev/null
time "$musc" tune "$folders" --out quickstart/tune/kept "$@"
