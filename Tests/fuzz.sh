#!/usr/bin/env bash
# Feeds every parser of foreign files with inputs that nobody would write on purpose, and prints for each how many, for
# how long, and what was found.
#
#   ./Tests/fuzz.sh [-s SECONDS] [-n INPUTS] [PARSER…]
#
#   -s   seconds a parser, at least (600)
#   -n   inputs a parser, at least (1000000)
#   -q   quick, as in CI: by chance
#
# Builds of its own, under the address sanitizer; by default with libFuzzer, guided by coverage. Seeds are the fixtures.
# An input that brings a parser down is kept in .build/fuzz/<parser>/findings; `Fuzz replay PARSER FILE` shows it again.
# `configuration` stands for the keys of musc.yaml, whose reader belongs to the command: a test makes its inputs.
set -uo pipefail
cd "$(dirname "$0")/.."

seconds=600 inputs=1000000 quick=
while getopts s:n:q option; do
    case $option in
        s) seconds=$OPTARG ;;
        n) inputs=$OPTARG ;;
        q) quick=1 ;;
        *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))

folder=$PWD/.build/fuzz
# Leaks are left out: Swift's runtime keeps what it has made of its types.
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1
if [ -n "$quick" ]; then
    swift build -c release --scratch-path .build-address-fuzz --product Fuzz --sanitize=address >&2 || exit 2
    fuzz=.build-address-fuzz/release/Fuzz
else
    # libFuzzer without its main, as the program has one; so the compilers are told of it, and the linker is not.
    library=$(clang -print-resource-dir)/lib/linux/libclang_rt.fuzzer_no_main-$(uname -m).a
    swift build -c release --scratch-path .build-fuzz --product Fuzz --sanitize=address -Xswiftc -use-ld=lld \
        -Xswiftc -Xfrontend -Xswiftc -sanitize=address,fuzzer -Xcc -fsanitize=fuzzer-no-link \
        -Xlinker -u -Xlinker LLVMFuzzerRunDriver -Xlinker "$library" -Xlinker -lstdc++ || exit 2
    fuzz=.build-fuzz/release/Fuzz
fi
if [ $# -eq 0 ]; then set -- $("$fuzz" list) configuration; fi

# Batches of this many, until both the inputs and the seconds are reached.
guided() {
    local parser=$1 start=$SECONDS done=0 round=0 log
    "$fuzz" seeds "$parser" Tests/Fixtures "$folder/$parser/seeds"
    while [ "$done" -lt "$inputs" ] || [ $((SECONDS - start)) -lt "$seconds" ]; do
        round=$((round + 1))
        log="$folder/$parser/log.$round"
        local left=$((seconds - (SECONDS - start)))
        [ "$left" -gt 0 ] || left=60
        "$fuzz" guided "$parser" "$folder/$parser/corpus" "$folder/$parser/seeds" \
            -artifact_prefix="$folder/$parser/findings/" -max_total_time="$left" -timeout=10 -rss_limit_mb=3000 \
            -malloc_limit_mb=1500 -print_final_stats=1 -verbosity=1 > "$log" 2>&1 || true
        local ran
        ran=$(awk '/stat::number_of_executed_units/ { print $2 }' "$log")
        done=$((done + ${ran:-0}))
        [ "$(ls "$folder/$parser/findings" | wc -l)" -lt 20 ] || break
        [ -n "$ran" ] || break
    done
    local edges
    edges=$(grep -ho 'cov: [0-9]*' "$folder/$parser"/log.* | awk '{ if ($2 > most) most = $2 } END { print most }')
    printf '%s inputs, %s s, %s edges' "$done" $((SECONDS - start)) "${edges:-?}"
}

by_chance() {
    local parser=$1
    "$fuzz" random "$parser" Tests/Fixtures "$seconds" "$inputs" "${MUSC_FUZZ_SEED:-1}" "$folder/$parser/input" \
        > "$folder/$parser/log" 2>&1
    local status=$?
    if [ $status -ne 0 ]; then
        cp "$folder/$parser/input" "$folder/$parser/findings/status-$status"
        grep -m 1 -E 'Fatal error|ERROR' "$folder/$parser/log" | tr -d '\n'
        echo "; the input, in base64: $(base64 -w 0 "$folder/$parser/input" | head -c 2000)" | tr -d '\n'
    else
        tail -1 "$folder/$parser/log" | tr -d '\n'
    fi
}

# The configuration's reader is part of the command, whose tests can reach it.
configuration() {
    local options=(--scratch-path .build --skip-build)
    if [ -z "$quick" ]; then
        swift build -c release --scratch-path .build-address --sanitize=address --build-tests > "$folder/configuration/build" 2>&1 ||
            { tail -5 "$folder/configuration/build" >&2; return; }
        options=(--scratch-path .build-address --sanitize=address --skip-build)
    fi
    local start=$SECONDS memory=/tmp
    # Each input is a file; on a disk that flushes what is written anew, a million take an hour.
    [ ! -d /dev/shm ] || memory=/dev/shm
    TMPDIR=$memory MUSC_MUTATIONS=$inputs swift test -c release "${options[@]}" --disable-testable-imports \
        --filter ConfigurationMutationTests > "$folder/configuration/log" 2>&1 ||
        cp "$folder/configuration/log" "$folder/configuration/findings/log"
    printf '%s inputs, %s s' "$inputs" $((SECONDS - start))
}

found=0
for parser in "$@"; do
    rm -rf "${folder:?}/$parser"
    mkdir -p "$folder/$parser"/{seeds,corpus,findings}
    printf '%-14s ' "$parser"
    case $parser in
        configuration) configuration ;;
        *) if [ -n "$quick" ]; then by_chance "$parser"; else guided "$parser"; fi ;;
    esac
    # What was merely slow once was slow for a busy machine's sake: what hangs is a timeout.
    rm -f "$folder/$parser"/findings/slow-unit-*
    count=$(ls "$folder/$parser/findings" | wc -l)
    found=$((found + count))
    printf ', %s findings\n' "$count"
done
[ $found -eq 0 ]
