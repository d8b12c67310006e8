#!/usr/bin/env bash
# Holds the Swift sources to .swift-format: line breaks, indentation, spaces, the order of imports.
#
#   ./Tests/format.sh          says what differs, and fails where something does
#   ./Tests/format.sh --fix    mends what can be mended without a person
set -euo pipefail
cd "$(dirname "$0")/.."
. examples/requirements.sh
require_swift

case ${1:-} in
    "") action=(lint --strict) ;;
    --fix) action=(format --in-place) ;;
    *) sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
# Files that are not there yet, or not there any more, are none of git's list.
git ls-files -z --cached --others --exclude-standard '*.swift' |
    while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
    xargs -0 swift format "${action[@]}" --parallel
