#!/usr/bin/env bash
# What dividing a batch costs: seconds an image and a worker's memory by the number of images, and eight shards beside
# one. Solar cells at 224 px, 64 judges; about seven minutes on two cores.
#   ./Tests/Benchmarks/shards.sh [IMAGES]…       300 656 1312 2624 unless named; the last one in eight shards too
set -euo pipefail
cd "$(dirname "$0")/../.."
. examples/requirements.sh

require_packages time unzip
musc=${MUSC_COMMAND:-$PWD/.build/release/musc}
"$musc" weights fetch dinov2_vits14 >/dev/null
./examples/solar_cells.sh all
[ $# -gt 0 ] || set -- 300 656 1312 2624

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# work IMAGES SHARDS: does all shards one after the other and prints a row of the table; wall-clock seconds.
work() {
    local folder=$scratch/cells-$1 plan=$scratch/plan-$1-$2 shard
    if [ ! -d "$folder" ]; then
        mkdir "$folder"
        find quickstart/solar-cells-all -name '*.png' | sort | sed -n "1,$1p" | xargs cp -t "$folder"
    fi
    "$musc" plan "$folder" --shards "$2" --judges 64 --image-size 224 --work "$plan" >/dev/null
    : >"$plan.times"
    for ((shard = 0; shard < $2; shard++)); do
        /usr/bin/time --format '%e %U %S %M' --append --output "$plan.times" \
            "$musc" work --plan "$plan/plan.json" --shard "$shard" >/dev/null
    done
    awk -v images="$1" -v shards="$2" '
        { wall += $1; cpu += $2 + $3; if ($4 > peak) peak = $4 }
        END { printf "| %d | %d | %.1f | %.4f | %.4f | %.0f |\n", images, shards, wall, wall / images, cpu / images, peak / 1024 }
    ' "$plan.times"
}

grep -m1 'model name' /proc/cpuinfo | sed "s/.*: //; s/\$/, $(nproc) threads/"
echo '| images | shards | seconds, all workers | s an image | processor s an image | peak MiB of a worker |'
echo '|---|---|---|---|---|---|'
for images in "$@"; do work "$images" 1; done
work "$images" 8
