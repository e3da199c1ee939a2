"""What every test starts from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def unconfigured_logs() -> Iterator[None]:
    """A test that sets up logging as a process does leaves nothing of it to the next one."""
    yield
    structlog.reset_defaults()
