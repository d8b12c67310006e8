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

./examples/solar_cells.sh
"$musc" run quickstart/solar-cells --fetch-weights

# The labels are looked at only now, to say how well the ranking does.
results=quickstart/solar-cells/_musc
found=$(awk -F, 'NR == FNR { defective[$1] = 0; if ($0 !~ /^#/) { split($0, f, " "); defective[f[1]] = f[2] } next }
    FNR > 1 && $1 <= 16 && defective[$2] { count++ } END { print count + 0 }' examples/solar_cells.txt "$results/scores.csv")
echo
echo "Of the 16 cells that are labelled defective, $found are among the 16 most anomalous of 80."
echo "Open the report: $PWD/$results/report.html"
