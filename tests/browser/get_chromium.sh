#!/bin/sh
# A Chromium for the browser tests: the one that is there, Debian's package, or Playwright's own; never none in silence.
for name in chromium-headless-shell chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
"${BIN:?the folder of the environment's commands}"/python - <<'PY' && exit 0
import pathlib, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    sys.exit(not pathlib.Path(playwright.chromium.executable_path).exists())
PY
if command -v apt-get >/dev/null 2>&1; then
    as_root=""
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    if $as_root apt-get update -qq; then
        for package in chromium-headless-shell chromium; do  # the first is Chromium without windows, which is quicker
            $as_root apt-get install -y -qq $package fonts-dejavu-core >/dev/null && exit 0
        done
    fi
fi
"$BIN"/playwright install chromium && exit 0
echo "No Chromium for the browser tests, and none could be installed: install Chromium, then run 'make test' again." >&2
exit 1
