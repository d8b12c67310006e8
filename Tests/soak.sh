#!/usr/bin/env bash
# Drops batches of images into a watched folder for some minutes, and says what musc watch needed: its resident memory
# and its open files after the first batches and at the end.
#
#   ./Tests/soak.sh [-a] [-n IMAGES] [-b BATCHES] [-s SECONDS] [-- musc's own options…]
#
#   -a   all that takes hours before that: fuzzing, every failing write, kill -9, many clients at musc serve, a batch of 20,000 images, sanitizers
#   -n   images in all (2000)
#   -b   batches (200)
#   -s   seconds over which they are dropped (300)
#   MUSC_COMMAND   the musc to try (.build/release/musc)
#
# Without options of musc's own a tiny network with random weights scores, so that the time goes into watching.
#
# Fails where the memory at the end is more than 10 % above that after the first 20 batches, where files stay
# open, or where an image is in no table or in two.
set -euo pipefail
cd "$(dirname "$0")/.."

images=2000 batches=200 seconds=300 all=
while getopts an:b:s: option; do
    case $option in
        a) all=1 ;;
        n) images=$OPTARG ;;
        b) batches=$OPTARG ;;
        s) seconds=$OPTARG ;;
        *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
musc=${MUSC_COMMAND:-$PWD/.build/release/musc}
each=$((images / batches))
# By the 20th batch everything that is loaded once is loaded.
first=20
[ "$each" -ge 2 ] && [ "$batches" -ge 40 ] || { echo "soak: at least 40 batches, and 2 images a batch" >&2; exit 2; }

if [ -n "$all" ]; then
    ./Tests/fuzz.sh
    MUSC_FAULTS=all swift test -c release --skip-build --disable-testable-imports --filter FaultTests
    ./Tests/kill.sh 100
    ./Tests/serve.sh -s 3600
    ./Tests/large_batch.sh
    ./Tests/sanitize.sh
fi

work=$(mktemp -d)
watcher=
finish() {
    [ -z "$watcher" ] || kill "$watcher" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
mkdir "$work/drop"
cat > "$work/musc.yaml" <<YAML
watch:
  settle_seconds: 1
  min_images: 2
YAML

if [ $# -eq 0 ]; then
    . Tests/tiny_network.sh "$musc" "$work"
    set -- --backbone "$work/tiny.json"
fi

"$musc" watch "$work/drop" --config "$work/musc.yaml" --state "$work/state" --no-progress "$@" > "$work/out" 2> "$work/log" &
watcher=$!

memory() { awk '/^VmRSS/ { print $2 }' "/proc/$watcher/status"; }
files() { ls "/proc/$watcher/fd" | wc -l; }
scored() { find "$work/drop" -path '*/_musc/scores.csv' | wc -l; }
wait_for() {
    local deadline=$((SECONDS + $2))
    until [ "$(scored)" -ge "$1" ]; do
        kill -0 "$watcher" 2>/dev/null || { echo "soak: the watcher ended" >&2; tail -5 "$work/log" >&2; exit 1; }
        [ $SECONDS -lt $deadline ] || { echo "soak: $(scored) of $1 batches after $2 s" >&2; tail -5 "$work/log" >&2; exit 1; }
        sleep 0.5
    done
}

# Noise, as PPM, of two sizes, so that decoding and resizing have work.
image() {
    local side=$((192 + 64 * ($1 % 2)))
    { printf 'P6 %d %d 255\n' $side $side; head -c $((3 * side * side)) /dev/urandom; } > "$2"
}

pause=$(awk "BEGIN { print $seconds / $batches }")
start=$SECONDS
for ((batch = 0; batch < batches; batch++)); do
    folder="$work/drop/line_$((batch % 4))/batch_$(printf %04d "$batch")"
    mkdir -p "$folder"
    for ((number = 0; number < each; number++)); do image $number "$folder/part_$(printf %03d "$number").ppm"; done
    if [ $batch -eq $((first - 1)) ]; then
        wait_for "$first" 600
        early_memory=$(memory) early_files=$(files)
        echo "after $first batches: $((early_memory / 1024)) MiB resident, $early_files open files"
    fi
    sleep "$pause"
done
wait_for "$batches" $((600 + 2 * seconds))
# Let what belongs to the last batch be put away.
sleep 3
late_memory=$(memory) late_files=$(files)
rows=$(find "$work/drop" -path '*/_musc/scores.csv' -exec tail -q -n +2 {} + | wc -l)
rest=$(find "$work/drop" -name '.*' | wc -l)
echo "after $batches batches: $((late_memory / 1024)) MiB resident, $late_files open files, $((SECONDS - start)) s"
echo "rows in tables: $rows of $((each * batches)); temporary files left: $rest"

kill -TERM "$watcher"
status=0
wait "$watcher" || status=$?
watcher=
echo "exit status after SIGTERM: $status"

failed=0
[ "$rows" -eq $((each * batches)) ] || { echo "soak: images are missing or counted twice" >&2; failed=1; }
[ "$rest" -eq 0 ] || { echo "soak: temporary files were left" >&2; failed=1; }
[ $((late_memory * 10)) -le $((early_memory * 11)) ] || { echo "soak: memory has grown by more than 10 %" >&2; failed=1; }
[ "$late_files" -le $((early_files + 1)) ] || { echo "soak: files stay open" >&2; failed=1; }
exit $failed
