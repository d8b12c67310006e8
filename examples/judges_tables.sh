#!/usr/bin/env bash
# Measures what judges from outside a batch are worth: small batches, false alarms and recurring defects, on the solar
# cells of elpv-dataset and, where a folder is named, on other labelled photographs.
#
#     examples/judges_tables.sh [--tiles FOLDER] [small] [known-good] [alarms] [recurring] [added]
#
# --tiles names a folder as MVTec AD has them: test/good and test/<defect>. Without words all tables are printed.
# Preset tuned at 224 px: on four idle cores the whole takes some minutes; tokens are kept in quickstart/tokens.
set -euo pipefail
cd "$(dirname "$0")/.."
. examples/requirements.sh

require_packages $MUSC_PACKAGES
require_swift

examples/solar_cells.sh
wheel=quickstart/elpv_dataset-1.0.0.post1-py3-none-any.whl
unzip -q -o -d quickstart "$wheel" 'elpv_dataset/data/*'

echo "Building …" >&2
swift build -c release --product musc >&2
swift build -c release --product JudgesTables >&2
.build/release/musc weights list 2>/dev/null | grep -q '^dinov2_vits14 .*installed: ' ||
    .build/release/musc weights fetch dinov2_vits14 >&2
exec .build/release/JudgesTables --cells quickstart/elpv_dataset/data --cache quickstart/tokens "$@"
