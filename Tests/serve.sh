#!/usr/bin/env bash
# Many clients at once against musc serve: readers, people who give verdicts, requests that are cut off, damaged or meant
# ill. Every answer to a fair request must be right, nothing from outside the results may be in any answer, no verdict that
# was confirmed may be missing, and the server's open files and memory must not grow.
#
#   Tests/serve.sh [-n CLIENTS] [-s SECONDS] [-r SEED]
#
#   -n   clients at once (50)
#   -s   seconds (20); 3600 for an hour
#   -r   seed of what they ask (drawn anew and printed)
#   MUSC_COMMAND   the musc to try (.build/release/musc)
set -euo pipefail
cd "$(dirname "$0")/.."

clients=50 seconds=20 seed=$RANDOM
while getopts n:s:r: option; do
    case $option in
        n) clients=$OPTARG ;;
        s) seconds=$OPTARG ;;
        r) seed=$OPTARG ;;
        *) exit 2 ;;
    esac
done
exec python3 Tests/serve_clients.py "${MUSC_COMMAND:-.build/release/musc}" "$clients" "$seconds" "$seed"
