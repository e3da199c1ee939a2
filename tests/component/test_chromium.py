"""The measures of pages themselves: what is slow to change is waited for, what is wrong is found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.chromium import Scheme, faint_texts, resize, set_scheme

pytestmark = pytest.mark.browser

# Follows the device late, and then fades for a minute through colours that nobody can read.
PAGE = """<!doctype html><html data-theme-choice="auto" data-bs-theme="light"><style>
  body, p { transition: color 60s, background-color 60s, width 60s; }
  [data-bs-theme=light] :is(body, p) { color: #000; background: #fff; }
  [data-bs-theme=dark] :is(body, p) { color: #fff; background: #000; }
  p { width: 300px; }
  @media (max-width: 400px) { p { width: 200px; } }
</style><p id="plain">Good day</p><script>
  matchMedia("(prefers-color-scheme: dark)").onchange = (change) =>
    setTimeout(() => document.documentElement.setAttribute("data-bs-theme", change.matches ? "dark" : "light"), 400);
</script>"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 800, "height": 600}, color_scheme="light")
    opened.set_content(PAGE)
    yield opened
    opened.close()


def test_a_page_is_measured_when_it_has_come_to_rest(page: Page) -> None:
    """Its colours after the scheme, its sizes after the window."""
    schemes: tuple[Scheme, ...] = ("dark", "light", "dark")
    for scheme in schemes:
        assert faint_texts(page, scheme) == []
    assert page.locator("p").evaluate("part => getComputedStyle(part).color") == "rgb(255, 255, 255)"
    resize(page, 360, 600)
    assert page.locator("p").evaluate("part => part.offsetWidth") == 200


def test_a_faint_text_is_found(page: Page) -> None:
    """With its ratio; not in another part of the page, nor in what is left out."""
    set_scheme(page, "light")
    page.locator("p").evaluate("part => part.style.color = '#999'")
    assert faint_texts(page) == ["Good day: 2.85"]
    assert faint_texts(page, within="head") == faint_texts(page, besides="#plain") == []
