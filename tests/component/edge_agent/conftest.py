"""What the tests of a whole door start from: a scanner and a relay board on ptys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hardware.simulated import SimulatedRelayBoard, SimulatedScanner


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
