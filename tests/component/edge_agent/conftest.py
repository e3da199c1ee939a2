"""What the tests of a whole door start from: a scanner and a relay board on ptys, and one browser a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from hardware.simulated import SimulatedRelayBoard, SimulatedScanner
from tests.chromium import launch


@pytest.fixture
def scanner() -> Iterator[SimulatedScanner]:
    """A scanner whose cable is a pty."""
    with SimulatedScanner() as scanner:
        yield scanner


@pytest.fixture
def board() -> Iterator[SimulatedRelayBoard]:
    """A relay board whose cable is a pty."""
    with SimulatedRelayBoard() as board:
        yield board


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()
