#!/usr/bin/env bash
# Lets Debian's cron run the README's crontab line (every minute instead of every five) over a drop folder of real
# photographs, and waits for the report. Needs root, because cron does; takes up to two and a half minutes.
#
#   sudo Tests/cron.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. examples/requirements.sh

[ "$(id -u)" = 0 ] || { echo "cron needs root: sudo Tests/cron.sh" >&2; exit 2; }
require_packages $MUSC_PACKAGES cron
require_swift
swift build -c release --product musc >&2
musc=$PWD/.build/release/musc
weights=$("$musc" weights fetch dinov2_vits14)
./examples/solar_cells.sh

scratch=$(mktemp -d)
table=/etc/cron.d/musc-test-$$
daemon=
finish() {
    rm -f "$table"
    [ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
    rm -rf "$scratch"
}
trap finish EXIT

mkdir -p "$scratch/drop/line-a/0900" "$scratch/bin"
ln -s "$musc" "$scratch/bin/musc"
cp $(ls quickstart/solar-cells/*.png | head -n 12) "$scratch/drop/line-a/0900/"
line=$(grep -m1 '^\*/5 ' README.md)
[[ $line == *"musc sweep /srv/drop"* ]] || { echo "The README has no crontab line any more." >&2; exit 1; }
{
    echo "PATH=$scratch/bin:/usr/bin:/bin"
    echo "XDG_STATE_HOME=$scratch/state"
    echo "XDG_CACHE_HOME=$scratch/cache"
    echo "MUSC_WEIGHTS=$(dirname "$weights")"
    # The table of a system has the user as its sixth field.
    echo "$line" | sed "s|^\*/5|*|; s|musc sweep /srv/drop|root musc sweep $scratch/drop|; s|\$| >$scratch/output 2>\&1|"
} >"$table"
chmod 644 "$table"
pidof cron >/dev/null || { cron -f & daemon=$!; }

report=$scratch/drop/line-a/0900/_musc/report.html
start=$SECONDS
until [ -s "$report" ]; do
    [ $((SECONDS - start)) -lt 150 ] || { echo "No report after 150 s; musc said:" >&2; cat "$scratch/output" >&2; exit 1; }
    sleep 1
done
[ -s "$scratch/drop/index.html" ] && [ -s "$scratch/drop/batches.csv" ] || sleep 2
[ -s "$scratch/drop/index.html" ] && [ -s "$scratch/drop/batches.csv" ] || { echo "The index is missing." >&2; exit 1; }
echo "cron: the report was there after $((SECONDS - start)) s: $(cat "$scratch/output")"
