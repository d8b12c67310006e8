#!/usr/bin/env bash
# A hook that publishes what musc says on standard input to an MQTT broker, as a retained message.
#
#     hooks:
#       on_batch: [/usr/share/doc/musc/examples/mqtt/publish.sh, musc/batch]
#       on_flagged: [/usr/share/doc/musc/examples/mqtt/publish.sh, musc/flagged]
#       on_verdict: [/usr/share/doc/musc/examples/mqtt/publish.sh, musc/verdict]
#
# The last word of the topic is the line's folder: musc/batch/line-a. MQTT_HOST (127.0.0.1) and MQTT_PORT (1883) name the
# broker. A broker that cannot be reached fails the hook, which the log tells of, and never the batch.
set -euo pipefail
topic=$1
object=$(cat)
line=$(jq -r '.folder | split("/") | .[-2] // "batch" | gsub("[+#/]"; "_")' <<<"$object")
printf '%s' "$object" |
    mosquitto_pub -h "${MQTT_HOST:-127.0.0.1}" -p "${MQTT_PORT:-1883}" -q 1 -r -t "$topic/$line" -s
