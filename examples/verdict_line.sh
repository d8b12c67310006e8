#!/usr/bin/env bash
# A simulated line on the solar cells of elpv-dataset: what verdicts on six parts a batch are worth, against none and
# against 48 known good parts; and how soon a benign mark is known.
#
#     examples/verdict_line.sh [--seeds N]
#
# Prints recall, false alarms and AUROC by batch, means over N simulated lines, 5 unless given. Preset tuned at 224 px; tokens are kept in
# quickstart/tokens.
set -euo pipefail
cd "$(dirname "$0")/.."
exec examples/judges_tables.sh verdicts label "$@"
