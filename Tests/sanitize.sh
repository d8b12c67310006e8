#!/usr/bin/env bash
# Runs the tests under sanitizers, each in a build of its own, and prints what they report.
#
#   ./Tests/sanitize.sh [address] [thread]      both unless named
#   MUSC_SANITIZE_FILTER   a pattern of tests (all but those of full-size networks, and those that measure)
set -uo pipefail
cd "$(dirname "$0")/.."

# Full-size networks take an hour under a sanitizer, tests of time and memory measure the sanitizer, and the injected
# faults come from a library that has to be loaded before the sanitizer's.
skip='FullSizeTests|RealPhotographsTests|MagneticTilesTests|Benchmark|FaultTests|ResourceTests'
# As in Tests/run.sh: what watches the clock runs alone.
timed='MuScWatchingTests|MuScHooksTests'
failed=0
for sanitizer in ${@:-address thread}; do
    path=.build-${sanitizer}
    export MUSC_SANITIZER=$sanitizer
    options=()
    if [ "$sanitizer" = thread ]; then
        mkdir -p "$path"
        clang -O1 -c Tests/Sanitizers/mutex.c -o "$path/mutex.o" || exit 2
        mutex='$s15Synchronization12_MutexHandleV'
        options=(-Xlinker "$PWD/$path/mutex.o" -Xlinker "--wrap=${mutex}9_lockSlowyys6UInt32VF"
            -Xlinker "--wrap=${mutex}11_unlockSlowyyF")
    fi
    # Both build in release: kernels and loops would take hours without optimisation.
    swift build -c release --scratch-path "$path" --sanitize="$sanitizer" "${options[@]}" --build-tests || exit 2
    export MUSC_COMMAND="$PWD/$path/release/musc"
    reports=$PWD/$path/reports
    rm -rf "$reports" && mkdir -p "$reports"
    # Every process writes its reports to a file of its own, so that those of the commands that tests start are seen.
    # Leaks are left out: Swift's runtime keeps what it has made of its types. The suppressions name what is others'.
    export ASAN_OPTIONS=detect_leaks=0:log_path="$reports/address"
    export TSAN_OPTIONS="suppressions=$PWD/Tests/Sanitizers/thread-suppressions.txt halt_on_error=0 log_path=$reports/thread"
    export MUSC_MUTATIONS=${MUSC_MUTATIONS:-200}
    log=$path/sanitize.log
    test=(swift test -c release --scratch-path "$path" --sanitize="$sanitizer" --skip-build --disable-testable-imports)
    status=0
    if [ -n "${MUSC_SANITIZE_FILTER:-}" ]; then
        "${test[@]}" --filter "$MUSC_SANITIZE_FILTER" > "$log" 2>&1 || status=$?
    else
        "${test[@]}" --skip "$skip|$timed" > "$log" 2>&1 || status=$?
        "${test[@]}" --no-parallel --filter "$timed" >> "$log" 2>&1 || status=$?
    fi
    count=$(cat "$reports"/* 2>/dev/null | grep -cE '^(WARNING: ThreadSanitizer|==[0-9]+==ERROR: AddressSanitizer)')
    echo "$sanitizer: status $status, $count reports"
    grep -E 'Test run with' "$log"
    cat "$reports"/* 2>/dev/null | grep -E '^SUMMARY' | sort | uniq -c
    [ "$status" -eq 0 ] && [ "$count" -eq 0 ] || failed=1
done
exit $failed
