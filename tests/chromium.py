"""Debian's Chromium for every test that looks at a page, without background networking."""

from __future__ import annotations

import shutil

from playwright.sync_api import Browser, Playwright

__all__ = ["ARGUMENTS", "launch"]

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]


def launch(playwright: Playwright) -> Browser:
    """A headless browser; fails with what to install when there is none."""
    path = shutil.which("chromium")
    assert path, "Chromium is missing: apt-get install chromium (make test does it where it may)"
    return playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
