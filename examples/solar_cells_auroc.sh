#!/usr/bin/env bash
# How many judges does a large batch need? Scores all 2,624 solar cells with 16, 64 and 256 of them as judges, and prints
# how well the scores tell the cells that are labelled defective (1) from those labelled whole (0). Cells labelled
# between the two are scored, and left out of the comparison.
#
#   ./examples/solar_cells_auroc.sh [flags of musc run…]       such as --image-size 224
#   JUDGES="8 32" ./examples/solar_cells_auroc.sh
set -euo pipefail
cd "$(dirname "$0")/.."

musc=${MUSC_COMMAND:-.build/release/musc}
[ -x "$musc" ] || swift build -c release --product musc
"$musc" weights fetch dinov2_vits14 >/dev/null
./examples/solar_cells.sh all

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
echo "judges  AUROC   seconds  s an image"
for judges in ${JUDGES:-16 64 256}; do
    "$musc" run quickstart/solar-cells-all --judges "$judges" --no-progress --json --out "$out" "$@" >"$out/result.json"
    python3 - "$judges" "$out" quickstart/solar-cells-all.labels <<'PYTHON'
import csv, json, sys

judges, out, labels = sys.argv[1:]
label = {}
for line in open(labels):
    name, probability = line.split()[:2]
    label[name.rsplit("/", 1)[-1]] = float(probability)
with open(f"{out}/solar-cells-all/_musc/scores.csv", newline="") as file:
    scores = [(float(row["score"]), label[row["image"]]) for row in csv.DictReader(file) if row["score"]]
decided = sorted((score, defective) for score, defective in scores if defective in (0, 1))
# The share of pairs of a defective and a whole cell in which the defective one scores higher; equal scores count half.
ranks, start = {}, 0
while start < len(decided):
    end = start
    while end < len(decided) and decided[end][0] == decided[start][0]:
        end += 1
    ranks[decided[start][0]] = (start + 1 + end) / 2
    start = end
defective = sum(1 for _, d in decided if d == 1)
whole = len(decided) - defective
total = sum(ranks[score] for score, d in decided if d == 1)
auroc = (total - defective * (defective + 1) / 2) / (defective * whole)
seconds = json.load(open(f"{out}/result.json"))["seconds"]
print(f"{judges:>6}  {auroc:.4f}  {seconds:7.1f}  {seconds / len(scores):.4f}")
PYTHON
done
