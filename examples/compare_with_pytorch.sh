#!/usr/bin/env bash
# Times musc against the plain PyTorch form of MuSc (examples/musc_torch.py) on the same images, in turns, and prints
# the medians and their ratios. Needs Debian's python3-torch (CPU), which it installs where it is missing.
#
#   ./examples/compare_with_pytorch.sh [FOLDER] [SIZE] [ROUNDS] [FLAGS OF musc run …]
#
# Without a folder: the 44 magnetic tiles of the tests. Preset paper unless flags say otherwise, so that both do the
# same work.
set -euo pipefail
cd "$(dirname "$0")/.."
. examples/requirements.sh

folder=${1:-Tests/Fixtures/goldens/magnetic_tiles/tile/test}
size=${2:-224}
rounds=${3:-3}
shift $(($# < 3 ? $# : 3))
[ $# -gt 0 ] && flags=("$@") || flags=(--preset paper)

require_packages $MUSC_PACKAGES python3-torch python3-pil
require_swift
swift build -c release --product musc >&2
musc=$PWD/.build/release/musc
"$musc" weights fetch dinov2_vits14 >&2
weights=$("$musc" weights fetch dinov2_vits14)
python=/usr/bin/python3 # Debian's, to which its python3-torch belongs

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
threads=$(nproc)
for round in $(seq "$rounds"); do
    echo "round $round of $rounds: musc …" >&2
    start=$(date +%s.%N)
    # A cache of its own for each round, so that every round computes its tokens anew.
    XDG_CACHE_HOME="$scratch/cache.$round" MUSC_WEIGHTS="$(dirname "$weights")" "$musc" run "$folder" --recursive --image-size "$size" --threads "$threads" --out "$scratch/out" --no-progress \
        "${flags[@]}" >/dev/null
    echo "$(date +%s.%N) $start" >"$scratch/musc.$round.wall"
    cp "$scratch"/out/*/_musc/run.json "$scratch/musc.$round.json"
    echo "round $round of $rounds: PyTorch …" >&2
    start=$(date +%s.%N)
    # PyTorch's own threads run the layers; OpenBLAS's beside them would fight for the cores and cost it half its speed.
    OPENBLAS_NUM_THREADS=1 "$python" examples/musc_torch.py "$folder" --weights "$weights" --size "$size" --threads "$threads" \
        --json "$scratch/torch.$round.json" >/dev/null
    echo "$(date +%s.%N) $start" >"$scratch/torch.$round.wall"
done

grep -m1 'model name' /proc/cpuinfo | sed 's/.*: //; s/$/, '"$threads"' threads/'
python3 - "$scratch" "$rounds" "$size" "${flags[*]}" <<'END'
import json, statistics, sys

folder, rounds, size, flags = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
ours, theirs, images = [], [], 0
for n in range(1, rounds + 1):
    run = json.load(open(f"{folder}/musc.{n}.json"))
    stages = {t["stage"]: t["seconds"] for t in run["timings"]}
    wall = lambda name: (lambda a, b: float(a) - float(b))(*open(f"{folder}/{name}.{n}.wall").read().split())
    ours.append((stages["features"], stages["mutual scoring"], wall("musc")))
    yard = json.load(open(f"{folder}/torch.{n}.json"))
    theirs.append((yard["seconds"]["features"], yard["seconds"]["scoring"], wall("torch")))
    images = run["images"]
print(f"{images} images of {size} px; musc run {flags}; medians of {rounds} rounds in turns")
print(f"{'':26}{'musc':>9}{'PyTorch':>10}{'ratio':>9}{'  (pair by pair)'}")
for column, name in enumerate(["features, s", "mutual scoring, s", "whole command, s"]):
    a, b = [x[column] for x in ours], [x[column] for x in theirs]
    ratios = [y / x for x, y in zip(a, b)]
    print(f"{name:26}{statistics.median(a):9.2f}{statistics.median(b):10.2f}{statistics.median(ratios):9.2f}"
          f"  ({min(ratios):.2f} to {max(ratios):.2f})")
END
