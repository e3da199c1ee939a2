"""Debian's Chromium for every test that looks at a page, without background networking.

A page is measured after it has come to rest: `settle` waits for that, and `set_scheme`, `resize` and `faint_texts` do
it by themselves. Nothing else may measure colours, sizes or positions after a change.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page, Playwright, expect

from tests.patience import PATIENCE_S

__all__ = ["ARGUMENTS", "PATIENCE_MS", "Scheme", "faint_texts", "launch", "resize", "set_scheme", "settle"]

Scheme = Literal["light", "dark"]
PATIENCE_MS = PATIENCE_S * 1000
"""For every wait in a page: also Playwright's own, through `launch`."""

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
_CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8").split("\n", 1)[1]
# Finishing a transition may start another; what moves for ever (a drifting hint) is no change and is left alone.
_SETTLE = """async () => {
  const frames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const changing = () => document.getAnimations().filter(
    (each) => each.playState !== "finished" && each.effect?.getComputedTiming().endTime !== Infinity);
  await document.fonts.ready;
  await frames();
  for (let left = 20; left && changing().length; left -= 1) {
    for (const each of changing()) each.finish();
    await frames();
  }
  return changing().length;
}"""


def launch(playwright: Playwright, *more: str) -> Browser:
    """A headless browser, with `more` arguments; fails with what to install when there is none."""
    path = shutil.which("chromium")
    assert path, "Chromium is missing: apt-get install chromium (make test does it where it may)"
    expect.set_options(timeout=PATIENCE_MS)
    return playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, *more], timeout=PATIENCE_MS)


def settle(page: Page) -> None:
    """Returns when fonts are there and every transition and animation that has an end is at it, painted."""
    assert page.evaluate(_SETTLE) == 0, "the page does not come to rest"


def set_scheme(page: Page, scheme: Scheme) -> None:
    """Makes the device light or dark, and returns when the page has followed and come to rest."""
    page.emulate_media(color_scheme=scheme)
    if page.locator('html[data-theme-choice="auto"]').count():
        expect(page.locator("html")).to_have_attribute("data-bs-theme", scheme)
    settle(page)
    is_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert is_dark is (scheme == "dark")


def resize(page: Page, width: int, height: int) -> None:
    """Gives the window a size, and returns when the page has followed and come to rest."""
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate(
        """([width, height]) => new Promise((done) => {
          const look = () => innerWidth === width && innerHeight === height ? done() : requestAnimationFrame(look);
          look();
        })""",
        [width, height],
    )
    settle(page)


def faint_texts(
    page: Page, scheme: Scheme | None = None, *, within: str = "body", besides: str = "", least: float = 0
) -> list[Any]:
    """The page's texts of less contrast than WCAG 2.2 AA asks for (or than `least`), with their ratio, once at rest.

    In a scheme, if one is given; in the part of the page that `within` selects, without what `besides` selects.
    """
    if scheme:
        set_scheme(page, scheme)
    else:
        settle(page)
    options = json.dumps({"within": within, "besides": besides, "least": least})
    return list(page.evaluate(f"({_CONTRAST})({options})"))
