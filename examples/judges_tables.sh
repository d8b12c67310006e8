#!/usr/bin/env bash
# Measures what judges from outside a batch are worth: small batches, false alarms and recurring defects, on the solar
# cells of elpv-dataset and, where a folder is named, on other labelled photographs; and what one image more costs.
#
#     examples/judges_tables.sh [--tiles FOLDER] [small] [known-good] [alarms] [recurring] [verdicts] [label] [added] [command]
#
# --tiles names a folder as MVTec AD has them: test/good and test/<defect>. Without words all tables are printed.
# Preset tuned at 224 px; tokens are kept in quickstart/tokens. On two cores the first time takes about 20 minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
. examples/requirements.sh

require_packages $MUSC_PACKAGES
require_swift

examples/solar_cells.sh
wheel=quickstart/elpv_dataset-1.0.0.post1-py3-none-any.whl
[ -d quickstart/elpv_dataset/data ] || unzip -q -o -d quickstart "$wheel" 'elpv_dataset/data/*'

echo "Building …" >&2
swift build -c release --product musc >&2
swift build -c release --product JudgesTables >&2
.build/release/musc weights list 2>/dev/null | grep -q '^dinov2_vits14 .*installed: ' ||
    .build/release/musc weights fetch dinov2_vits14 >&2

cells=quickstart/elpv_dataset/data
if [ "$*" != command ]; then
    .build/release/JudgesTables --cells "$cells" --cache quickstart/tokens "$@"
fi

# The whole command: 200 cells from nothing, then with one more.
[[ $# -eq 0 || " $* " =~ " command " || $# -eq 2 && $1 == --tiles ]] || exit 0
store=${MUSC_WEIGHTS:-${XDG_CACHE_HOME:-$HOME/.cache}/musc/weights}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/batch"
find "$cells/images" -name '*.png' | sort | sed -n 1,200p | xargs cp -t "$work/batch"
run() {
    local from=$EPOCHREALTIME
    XDG_CACHE_HOME=$work/cache MUSC_WEIGHTS=$store .build/release/musc run "$work/batch" --image-size 224 --no-progress \
        >/dev/null
    echo "$from $EPOCHREALTIME" | awk '{ print $2 - $1 }'
}
whole=$(run)
find "$cells/images" -name '*.png' | sort | sed -n 201p | xargs cp -t "$work/batch"
added=$(run)
printf '\nThe whole command, results included\n\n| | s |\n|---|---|\n| 200 cells from nothing | %.2f |\n' "$whole"
printf '| one added | %.2f (1/%.0f) |\n' "$added" "$(awk "BEGIN { print $whole / $added }")"
