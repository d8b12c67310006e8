#!/usr/bin/env bash
# Kills musc watch (kill -9) again and again, at random moments, while batches arrive; then lets it finish, and looks
# whether every image is in exactly one whole table and nothing half-written is left.
#
#   ./Tests/kill.sh [ROUNDS]        100 unless given
#   MUSC_COMMAND   the musc to try (.build/release/musc)
#
# A tiny network with random weights scores.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${1:-100}
musc=${MUSC_COMMAND:-$PWD/.build/release/musc}
work=$(mktemp -d)
watcher=
finish() {
    [ -z "$watcher" ] || kill -KILL "$watcher" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
mkdir "$work/drop"
. Tests/tiny_network.sh "$musc" "$work"
cat > "$work/musc.yaml" <<YAML
watch:
  settle_seconds: 0.2
  min_images: 2
  retry_seconds: 0.1
YAML

start() {
    "$musc" watch "$work/drop" --config "$work/musc.yaml" --state "$work/state" --backbone "$work/tiny.json" --no-progress \
        > /dev/null 2>> "$work/log" &
    watcher=$!
}
image() { { printf 'P6 84 84 255\n'; head -c 21168 /dev/urandom; } > "$1"; }

images=0
for ((round = 0; round < rounds; round++)); do
    start
    for ((batch = 0; batch < RANDOM % 3; batch++)); do
        folder="$work/drop/line_$((round % 3))/batch_${round}_$batch"
        mkdir -p "$folder"
        for ((number = 0; number < 3 + RANDOM % 4; number++)); do
            image "$folder/part_$number.ppm"
            images=$((images + 1))
        done
    done
    sleep "$(awk "BEGIN { print 0.1 + $((RANDOM % 1000)) / 1000 }")"
    kill -KILL "$watcher"
    wait "$watcher" 2>/dev/null || true
done
watcher=
interrupted=$(grep -c batch_interrupted "$work/log" || true)

start
batches=$(find "$work/drop" -type d -name 'batch_*' | wc -l)
deadline=$((SECONDS + 300))
until [ "$(find "$work/drop" -path '*/_musc/scores.csv' | wc -l)" -eq "$batches" ] || [ $SECONDS -gt $deadline ]; do sleep 0.5; done
sleep 2
kill -TERM "$watcher"
wait "$watcher" || true
watcher=

failed=0
in_tables=$(find "$work/drop" -path '*/_musc/scores.csv' -exec tail -q -n +2 {} + | wc -l)
for folder in "$work"/drop/*/batch_*/; do
    names=$(cd "$folder" && ls part_*)
    listed=$(tail -n +2 "$folder/_musc/scores.csv" | cut -d, -f2 | sort)
    [ "$names" = "$listed" ] || { echo "kill: $folder: its table does not list its images once each" >&2; failed=1; }
    [ -s "$folder/_musc/report.html" ] && [ -s "$folder/_musc/run.json" ] || { echo "kill: $folder: its results are not whole" >&2; failed=1; }
done
rest=$(find "$work/drop" -name '.*' | wc -l)
[ "$rest" -eq 0 ] || { echo "kill: left behind: $(find "$work/drop" -name '.*' | head -3)" >&2; failed=1; }
echo "$rounds kills, $interrupted batches interrupted; $batches batches; $in_tables of $images images in tables; $rest temporary files left"
exit $failed
