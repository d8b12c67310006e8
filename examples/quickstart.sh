#!/usr/bin/env bash
# Builds musc, gets a pretrained network and 80 photographs of solar cells, and scores them.
# Everything it makes lies in ./quickstart and .build; run it again and it uses what is there.
set -euo pipefail
cd "$(dirname "$0")/.."
. examples/requirements.sh

require_packages $MUSC_PACKAGES
require_swift

echo "Building …" >&2
swift build -c release --product musc >&2
musc=.build/release/musc

# elpv-dataset: electroluminescence photographs of solar cells, CC BY-NC-SA 4.0, with labels.
# Buerhop-Lutz et al., "A benchmark for visual identification of defective solar cells in
# electroluminescence imagery", EU PVSEC 2018.
wheel=quickstart/elpv_dataset-1.0.0.post1-py3-none-any.whl
sum=85e31c1126ee9b48e62d3a0232c58f58b2d189b0814a45c13642fa0415af4a4c
mkdir -p quickstart/solar-cells
if ! echo "$sum  $wheel" | sha256sum --check --status 2>/dev/null; then
    echo "Getting the photographs (91 MB) …" >&2
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest quickstart elpv-dataset==1.0.0.post1
    echo "$sum  $wheel" | sha256sum --check --status || {
        echo "$wheel is not the file that this script was written for: its SHA-256 differs." >&2
        exit 1
    }
fi
grep -v '^#' examples/solar_cells.txt | while read -r name _; do
    echo "elpv_dataset/data/images/$name"
done | xargs unzip -q -j -o -d quickstart/solar-cells "$wheel"

"$musc" run quickstart/solar-cells --fetch-weights

# The labels are looked at only now, to say how well the ranking does.
results=quickstart/solar-cells/_musc
found=$(awk -F, 'NR == FNR { defective[$1] = 0; if ($0 !~ /^#/) { split($0, f, " "); defective[f[1]] = f[2] } next }
    FNR > 1 && $1 <= 16 && defective[$2] { count++ } END { print count + 0 }' examples/solar_cells.txt "$results/scores.csv")
echo
echo "Of the 16 cells that are labelled defective, $found are among the 16 most anomalous of 80."
echo "Open the report: $PWD/$results/report.html"
