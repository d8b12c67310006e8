# Sourced by the scripts of Tests that go step by step: says how long each took, and what did not come about.
# Who sources it may have a function of its own, `evidence`, which prints what helps to find a fault.

step() { # NAME: says how long the step before took
    local now=$EPOCHREALTIME
    [ -z "${step_name:-}" ] || awk -v a="$step_start" -v b="$now" -v n="$step_name" 'BEGIN { printf "%7.1f s  %s\n", b - a, n }'
    step_name=${1:-} step_start=$now
}
evidence() { :; }
fail() { # WHAT…
    echo "FAILED in “$step_name”: $*" >&2
    evidence >&2 || true
    exit 1
}
eventually() { # SECONDS WHAT COMMAND…: waits until the command succeeds
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || fail "$what"
        sleep 0.2
    done
}
