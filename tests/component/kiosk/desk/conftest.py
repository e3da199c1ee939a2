"""The desk page in Chromium: a door with a desk, and a page signed in at it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from access.domain.facts import Finding
from access.domain.people import Language
from access.domain.reasons import Outcome, Reason
from tests.chromium import note_errors
from tests.component.kiosk.desk.fake_desk import PIN, FakeDesk
from tests.patience import wait_until

_EXPECTED = ("WebSocket connection", "404", "401", "409", "ERR_CONNECTION")
"""Losing the door, a refusal and a picture that is not there are part of the tests, and the browser says so."""


@pytest.fixture
def desk(new_door: Callable[[], Any]) -> Iterator[FakeDesk]:
    """A door with a desk, answering."""
    fake = FakeDesk(new_door())
    fake.door.start()
    yield fake
    fake.door.stop()


@pytest.fixture
def open_desk(browser: Browser, desk: FakeDesk) -> Iterator[Callable[..., Page]]:
    """Opens the desk page at a size, signed in unless `pin` is empty; fails the test on any error in its console."""
    contexts = []
    problems: list[str] = []

    def open_it(
        width: int = 1280,
        height: int = 720,
        *,
        pin: str = PIN[Language.EN],
        script: str = "",
        **options: Any,
    ) -> Page:
        settings: dict[str, Any] = {"reduced_motion": "reduce", **options}
        context = browser.new_context(viewport={"width": width, "height": height}, **settings)
        contexts.append(context)
        page = context.new_page()
        note_errors(page, problems, besides=_EXPECTED)
        if script:
            page.add_init_script(script)
        page.goto(f"http://127.0.0.1:{desk.door.port}/desk/pool")
        page.wait_for_selector("#pad .key")
        if pin:
            page.keyboard.type(pin)
            page.keyboard.press("Enter")
            page.wait_for_selector('body[data-mode="desk"]')
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def until() -> Callable[..., Any]:
    """Waits until an expression is true in the page (the page's policy forbids evaluating strings inside it)."""

    def wait(page: Page, expression: str) -> Any:
        return wait_until(lambda: page.evaluate(expression), what=expression)

    return wait


@pytest.fixture
def finding() -> Callable[..., Finding]:
    """One reason with an outcome."""

    def make(reason: str, outcome: Outcome = Outcome.REVIEW, **details: Any) -> Finding:
        return Finding(reason=Reason(reason), outcome=outcome, **details)

    return make
