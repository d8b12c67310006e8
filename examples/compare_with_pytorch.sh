#!/usr/bin/env bash
# Times musc against the plain PyTorch form of MuSc (examples/musc_torch.py) on the same images, in turns, and prints
# the medians and their ratios. Needs Debian's python3-torch (CPU), which it installs where it is missing.
#
#   ./examples/compare_with_pytorch.sh [FOLDER] [SIZE] [ROUNDS] ["FLAGS OF musc run"]…
#
# Without a folder: the 44 magnetic tiles of the tests. Each further argument is one way of running musc, all of them
# against the same runs of PyTorch; without any: preset paper exact, which does the same work, preset paper fast, and
# preset tuned.
set -euo pipefail
cd "$(dirname "$0")/.."
. examples/requirements.sh

folder=${1:-Tests/Fixtures/goldens/magnetic_tiles/tile/test}
size=${2:-224}
rounds=${3:-3}
shift $(($# < 3 ? $# : 3))
[ $# -gt 0 ] && ways=("$@") || ways=("--preset paper --precision exact" "--preset paper --precision fast" "--preset tuned")

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
    for way in "${!ways[@]}"; do
        echo "round $round of $rounds: musc run ${ways[way]} …" >&2
        start=$(date +%s.%N)
        # A cache of its own for each run, so that every one computes its tokens anew; the flags are words on purpose.
        # shellcheck disable=SC2086
        XDG_CACHE_HOME="$scratch/cache.$round.$way" MUSC_WEIGHTS="$(dirname "$weights")" "$musc" run "$folder" --recursive \
            --image-size "$size" --threads "$threads" --out "$scratch/out.$way" --no-progress ${ways[way]} >/dev/null
        echo "$(date +%s.%N) $start" >"$scratch/musc.$way.$round.wall"
        cp "$scratch/out.$way"/*/_musc/run.json "$scratch/musc.$way.$round.json"
        rm -rf "$scratch/cache.$round.$way"
    done
    echo "round $round of $rounds: PyTorch …" >&2
    start=$(date +%s.%N)
    # PyTorch's own threads run the layers; OpenBLAS's beside them would fight for the cores and cost it half its speed.
    OPENBLAS_NUM_THREADS=1 "$python" examples/musc_torch.py "$folder" --weights "$weights" --size "$size" --threads "$threads" \
        --json "$scratch/torch.$round.json" >/dev/null
    echo "$(date +%s.%N) $start" >"$scratch/torch.$round.wall"
done

grep -m1 'model name' /proc/cpuinfo | sed 's/.*: //; s/$/, '"$threads"' threads/'
python3 - "$scratch" "$rounds" "$size" "${ways[@]}" <<'END'
import json, statistics, sys

folder, rounds, size, ways = sys.argv[1], range(1, int(sys.argv[2]) + 1), sys.argv[3], sys.argv[4:]


def wall(name):
    end, start = open(f"{folder}/{name}.wall").read().split()
    return float(end) - float(start)


def ours(way, n):
    run = json.load(open(f"{folder}/musc.{way}.{n}.json"))
    stages = {t["stage"]: t["seconds"] for t in run["timings"]}
    return run["images"], (stages["features"], stages["mutual scoring"], wall(f"musc.{way}.{n}"))


def theirs(n):
    seconds = json.load(open(f"{folder}/torch.{n}.json"))["seconds"]
    return seconds["features"], seconds["scoring"], wall(f"torch.{n}")


yardstick = [theirs(n) for n in rounds]
for way, flags in enumerate(ways):
    images = ours(way, 1)[0]
    runs = [ours(way, n)[1] for n in rounds]
    print(f"{images} images of {size} px; musc run {flags}; medians of {len(rounds)} rounds in turns")
    print(f"{'':26}{'musc':>9}{'PyTorch':>10}{'ratio':>9}{'  (pair by pair)'}")
    for column, name in enumerate(["features, s", "mutual scoring, s", "whole command, s"]):
        a, b = [x[column] for x in runs], [x[column] for x in yardstick]
        ratios = [y / x for x, y in zip(a, b)]
        print(f"{name:26}{statistics.median(a):9.2f}{statistics.median(b):10.2f}{statistics.median(ratios):9.2f}"
              f"  ({min(ratios):.2f} to {max(ratios):.2f})")
END
