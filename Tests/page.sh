#!/bin/sh
# Opens the pages that musc writes in a headless Chromium and uses them as a person would.
#
#   Tests/page.sh            writes the batches with the package's own tests, then runs the browser
#   Tests/page.sh FOLDER     runs the browser on batches written earlier
#
# Needs chromium and python3-venv (apt-get install chromium python3-venv); Playwright and axe-core come from PyPI into
# .build/page-tests.
set -eu
cd "$(dirname "$0")/.."

browser=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
if [ -z "$browser" ]; then
    echo "page.sh: no Chromium found. Install one (apt-get install chromium), or name it in CHROMIUM." >&2
    exit 2
fi

tools=.build/page-tests
if ! "$tools/bin/python" -c 'import playwright, axe_playwright_python' 2>/dev/null; then
    python3 -m venv "$tools"
    "$tools/bin/pip" --quiet install 'playwright>=1.49' 'axe-playwright-python>=0.1.4'
fi

if [ $# -gt 0 ]; then
    folder=$1
else
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    MUSC_PAGE_FIXTURES=$folder swift test -c release --disable-testable-imports --filter PageFixtures
fi
CHROMIUM=$browser "$tools/bin/python" Tests/PageTests/page_test.py "$folder"
