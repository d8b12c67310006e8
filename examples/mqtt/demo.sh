#!/usr/bin/env bash
# Shows the hooks with Debian's mosquitto: a broker on this machine, a drop folder of solar cells, and what is published
# when a batch is scored and when somebody gives verdicts on it.
#
#     examples/mqtt/demo.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
. examples/requirements.sh
require_packages $MUSC_PACKAGES mosquitto mosquitto-clients jq
require_swift
musc=${MUSC_COMMAND:-.build/release/musc}
[ -x "$musc" ] || swift build -c release --product musc >&2
examples/solar_cells.sh

work=$(mktemp -d)
port=${MQTT_PORT:-18830}
stop() { kill "${broker:-}" "${reader:-}" 2>/dev/null || true; rm -rf "$work"; }
trap stop EXIT
printf 'listener %s 127.0.0.1\nallow_anonymous true\npersistence false\n' "$port" >"$work/broker.conf"
mosquitto -c "$work/broker.conf" >"$work/broker.log" 2>&1 &
broker=$!
for _ in $(seq 50); do mosquitto_pub -p "$port" -t musc/hello -n 2>/dev/null && break; sleep 0.1; done
mosquitto_sub -p "$port" -q 1 -t 'musc/#' -F '%t %p' >"$work/heard" &
reader=$!

mkdir -p "$work/drop/line-a/0900"
find quickstart/solar-cells -maxdepth 1 -name '*.png' | sort | head -16 | xargs cp -t "$work/drop/line-a/0900"
cat >"$work/musc.yaml" <<YAML
watch: {roots: [$work/drop], settle_seconds: 0}
hooks: {on_batch: [$PWD/examples/mqtt/publish.sh, musc/batch], on_flagged: [$PWD/examples/mqtt/publish.sh, musc/flagged], on_verdict: [$PWD/examples/mqtt/publish.sh, musc/verdict]}
YAML
export MQTT_PORT=$port MUSC_STATE=$work/state
"$musc" sweep --config "$work/musc.yaml" --image-size 224 >/dev/null
first=("$work/drop/line-a/0900"/*.png)
"$musc" verdict "$work/drop/line-a/0900" --good "${first[0]}" --by Ann --config "$work/musc.yaml" >/dev/null
for _ in $(seq 50); do grep -q '^musc/verdict/' "$work/heard" && break; sleep 0.1; done
cut -c1-160 "$work/heard" | grep -v '^musc/hello'
grep -q '^musc/batch/line-a ' "$work/heard" && grep -q '^musc/verdict/line-a ' "$work/heard"
