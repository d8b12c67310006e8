#!/usr/bin/env bash
# Shows what the automatic threshold catches and what it flags falsely on twenty draws of 40 solar cells: mono and poly
# cells, five clean draws of each and five with eight defective cells. Takes a minute or two.
set -euo pipefail
cd "$(dirname "$0")/.."
. examples/requirements.sh

require_packages $MUSC_PACKAGES
require_swift
swift build -c release --product musc >&2
./examples/solar_cells.sh
.build/release/musc weights fetch dinov2_vits14 >/dev/null
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

python3 - quickstart/elpv_dataset-1.0.0.post1-py3-none-any.whl "$scratch" <<'END'
import os, random, sys, zipfile
wheel, scratch = zipfile.ZipFile(sys.argv[1]), sys.argv[2]
cells = [line.split() for line in wheel.read("elpv_dataset/data/labels.csv").decode().splitlines()]
random.seed(3)
for kind in "mono", "poly":
    good = [name for name, share, k in cells if k == kind and float(share) == 0]
    defective = [name for name, share, k in cells if k == kind and float(share) == 1]
    for draw in range(5):
        for batch, count in ("clean", 0), ("mixed", 8):
            folder = f"{scratch}/{batch}_{kind}_{draw}"
            os.makedirs(folder)
            for label, names in ("good", random.sample(good, 40 - count)), ("defective", random.sample(defective, count)):
                for name in names:
                    with open(f"{folder}/{label}_{os.path.basename(name)}", "wb") as file:
                        file.write(wheel.read("elpv_dataset/data/" + name))
END
.build/release/musc run "$scratch"/* --image-size 224 --no-progress >/dev/null
python3 - "$scratch" <<'END'
import csv, glob, sys
clean, false, caught = [], [], []
for table in sorted(glob.glob(sys.argv[1] + "/*/_musc/scores.csv")):
    flags = {"good": [], "defective": []}
    for row in csv.DictReader(open(table)):
        flags[row["image"].split("_")[0]].append(row["flagged"] == "true")
    share = lambda label: sum(flags[label]) / len(flags[label])
    if flags["defective"]:
        false.append(share("good")); caught.append(share("defective"))
    else:
        clean.append(share("good"))
mean = lambda values: 100 * sum(values) / len(values)
print(f"clean draws: {mean(clean):.1f} % flagged, {100 * max(clean):.1f} % in the worst")
print(f"mixed draws: {mean(false):.1f} % of the good and {mean(caught):.0f} % of the defective cells flagged")
END
