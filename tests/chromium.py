"""Debian's Chromium for every test that looks at a page, without background networking: the fixture `browser`.

A page is measured after it has come to rest: `settle` waits for that, and `set_scheme`, `resize` and `faint_texts` do
it by themselves. Nothing else may measure colours, sizes or positions after a change.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, expect, sync_playwright

from tests.patience import PATIENCE_S

__all__ = [
    "ARGUMENTS",
    "PATIENCE_MS",
    "Scheme",
    "browser",
    "faint_texts",
    "launch",
    "note_errors",
    "resize",
    "set_scheme",
    "settle",
]

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
    "--use-fake-device-for-media-stream",
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


@pytest.fixture(scope="session")
def _chromium() -> Iterator[tuple[Browser, asyncio.AbstractEventLoop]]:
    """The one process of a worker, and the event loop that Playwright keeps running in this thread."""
    with sync_playwright() as playwright:
        loop = asyncio.get_running_loop()
        started = launch(playwright)
        asyncio._set_running_loop(None)
        yield started, loop
        asyncio._set_running_loop(loop)
        started.close()


@pytest.fixture(scope="module")
def browser(_chromium: tuple[Browser, asyncio.AbstractEventLoop]) -> Iterator[Browser]:
    """Headless Chromium. What a file opened in it is closed with the file, and the next may run loops of its own."""
    started, loop = _chromium
    with _running(loop):
        yield started
        for context in started.contexts:
            context.close()


@contextmanager
def _running(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Makes Playwright's loop the thread's: every call of Playwright takes it to be, and `asyncio.run` refuses then."""
    asyncio._set_running_loop(loop)
    try:
        yield
    finally:
        asyncio._set_running_loop(None)


def launch(playwright: Playwright) -> Browser:
    """A headless browser whose camera films a test card; fails with what to install when there is none."""
    path = shutil.which("chromium")
    assert path, "Chromium is missing: apt-get install chromium (make test does it where it may)"
    expect.set_options(timeout=PATIENCE_MS)
    return playwright.chromium.launch(executable_path=path, args=ARGUMENTS, timeout=PATIENCE_MS)


def note_errors(page: Page, found: list[str], *, besides: tuple[str, ...]) -> None:
    """From now on adds the page's errors, and those of its console that have none of `besides` in them."""

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(part in message.text for part in besides):
            found.append(message.text)

    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("console", note)


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
