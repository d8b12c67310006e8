#!/usr/bin/env bash
# Runs the tests under sanitizers, each in a build of its own, and prints what they report.
#
#   ./Tests/sanitize.sh [address] [thread]      both unless named
#   MUSC_SANITIZE_FILTER   a pattern of tests (all but those of full-size networks and of minutes)
set -uo pipefail
cd "$(dirname "$0")/.."

# Full-size networks take an hour under a sanitizer, and tests of time and memory measure the sanitizer.
skip='FullSizeTests|RealPhotographsTests|MagneticTilesTests|Benchmark|FaultTests'
failed=0
for sanitizer in ${@:-address thread}; do
    path=.build-${sanitizer}
    # Both build in release: kernels and loops would take hours without optimisation.
    swift build -c release --scratch-path "$path" --sanitize="$sanitizer" --build-tests || exit 2
    export MUSC_COMMAND="$PWD/$path/release/musc"
    # Leaks are left out: Swift's runtime keeps what it has made of its types. The suppressions name what is others'.
    export ASAN_OPTIONS=detect_leaks=0 TSAN_OPTIONS="suppressions=$PWD/Tests/thread-suppressions.txt halt_on_error=0"
    log=$path/sanitize.log
    if [ -n "${MUSC_SANITIZE_FILTER:-}" ]; then filter=(--filter "$MUSC_SANITIZE_FILTER"); else filter=(--skip "$skip"); fi
    MUSC_MUTATIONS=${MUSC_MUTATIONS:-200} swift test -c release --scratch-path "$path" --sanitize="$sanitizer" --skip-build \
        --disable-testable-imports "${filter[@]}" > "$log" 2>&1
    status=$?
    reports=$(grep -cE '^(SUMMARY: |WARNING: ThreadSanitizer|==[0-9]+==ERROR: AddressSanitizer)' "$log")
    echo "$sanitizer: status $status, $reports lines of reports, $(grep -E 'Test run with' "$log" | tail -1)"
    grep -E '^SUMMARY' "$log" | sort | uniq -c
    [ "$status" -eq 0 ] && [ "$reports" -eq 0 ] || failed=1
done
exit $failed
