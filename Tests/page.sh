#!/usr/bin/env bash
# Opens the pages that musc writes in headless browsers and uses them as a person would: all of it in Chromium, the main
# path in Firefox.
#
#   Tests/page.sh            writes the batches with the package's own tests, then runs the browsers
#   Tests/page.sh FOLDER     runs the browsers on batches written earlier
#
# and takes verdicts the whole way, from a report to the next batch: from disk, and through musc serve (MUSC_COMMAND, or
# .build/release/musc).
#
# Installs Debian's chromium, firefox-esr, poppler-utils and python3-venv where they are missing; Playwright and axe-core
# come from PyPI into .build/page-tests. CHROMIUM and FIREFOX name other browsers. Says how long each step took.
set -euo pipefail
cd "$(dirname "$0")/.."
. examples/requirements.sh
. Tests/steps.sh

packages="poppler-utils python3-venv"
[ -n "${CHROMIUM:-}" ] || packages="$packages chromium"
[ -n "${FIREFOX:-}" ] || packages="$packages firefox-esr"
require_packages $packages

tools=.build/page-tests
if ! "$tools/bin/python" -c 'import playwright, axe_playwright_python' 2>/dev/null; then
    python3 -m venv "$tools"
    "$tools/bin/pip" --quiet install 'playwright>=1.49' 'axe-playwright-python>=0.1.4' || {
        echo "Playwright and axe-core cannot be had from PyPI: the test of the pages is skipped." >&2
        exit 77
    }
fi

step "the batches"
if [ $# -gt 0 ]; then
    folder=$1
else
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    MUSC_PAGE_FIXTURES=$folder swift test -c release --disable-testable-imports --filter PageFixtures
fi
step "Chromium"
CHROMIUM=${CHROMIUM:-$(command -v chromium)} "$tools/bin/python" Tests/PageTests/page_test.py "$folder"
step "Firefox"
FIREFOX=${FIREFOX:-$(command -v firefox-esr)} python3 Tests/PageTests/firefox_test.py "$folder"
step "verdicts, the whole way"
CHROMIUM=${CHROMIUM:-$(command -v chromium)} "$tools/bin/python" Tests/PageTests/verdicts_test.py "${MUSC_COMMAND:-.build/release/musc}"
step
