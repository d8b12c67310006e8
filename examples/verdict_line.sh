#!/usr/bin/env bash
# A simulated line on the solar cells of elpv-dataset: what verdicts on six parts a batch are worth, against none and
# against 48 known good parts; and how soon a benign mark is known.
#
#     examples/verdict_line.sh [--seeds N]
#
# Prints recall, false alarms and AUROC by batch and over the last two, means over N simulated lines, 5 unless given, and
# how many cells with a label are flagged. Preset tuned at 224 px. Tokens are computed once a cell, and kept in
# quickstart/tokens.
set -euo pipefail
cd "$(dirname "$0")/.."
exec examples/judges_tables.sh verdicts label "$@"
