#!/usr/bin/env bash
# Scores one batch of very many images, and says how long it took and how much memory.
#   ./Tests/large_batch.sh [IMAGES]     20000 unless given
# A tiny network with random weights scores pictures of noise, so that the time goes into the batch and not the network.
# Then the library scores the same batch, and its scores are compared with the command's.
set -euo pipefail
cd "$(dirname "$0")/.."
. examples/requirements.sh

require_packages time
images=${1:-20000}
musc=${MUSC_COMMAND:-$PWD/.build/release/musc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. Tests/tiny_network.sh "$musc" "$work"

mkdir "$work/batch"
python3 - "$work/batch" "$images" <<'PYTHON'
import random, sys

folder, images = sys.argv[1], int(sys.argv[2])
noise = random.Random(1)
for number in range(images):
    with open(f"{folder}/part_{number:06}.ppm", "wb") as file:
        file.write(b"P6 84 84 255\n" + noise.randbytes(3 * 84 * 84))
PYTHON
/usr/bin/time --format '%e s, %M KiB at most' --output "$work/time" \
    "$musc" run "$work/batch" --backbone "$work/tiny.json" --no-progress
rows=$(tail -n +2 "$work/batch/_musc/scores.csv" | wc -l)
echo "$images images: $(awk '{ printf "%.0f s, %.0f MiB at most", $1, $3 / 1024 }' "$work/time"), $rows rows, page $(
    du -sh --apparent-size "$work/batch/_musc/report.html" | cut -f1), results $(du -sh "$work/batch/_musc" | cut -f1)"
[ "$rows" -eq "$images" ]

swift build -c release --product LibraryBatch >&2
/usr/bin/time --format '%e s, %M KiB at most' --output "$work/time" .build/release/LibraryBatch "$work/batch" "$work/tiny.json" \
    Tests/Fixtures/goldens/dinov2_native.weights.facebook.safetensors > "$work/library.csv"
echo "the library: $(awk '{ printf "%.0f s, %.0f MiB at most", $1, $3 / 1024 }' "$work/time")"
python3 - "$work/batch/_musc/scores.csv" "$work/library.csv" <<'PYTHON'
import csv, sys

command = {row["image"]: float(row["score"]) for row in csv.DictReader(open(sys.argv[1], encoding="utf-8-sig"))}
library = {name: float(score) for name, score in csv.reader(open(sys.argv[2]))}
far = max((abs(library[name] - score) for name, score in command.items()), default=1)
print(f"{len(library)} images, scores at most {far:.1e} from the command's")
sys.exit(0 if command.keys() == library.keys() and far < 1e-5 else 1)
PYTHON
