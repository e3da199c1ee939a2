"""What every test starts from."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

pytest_plugins = ("tests.chromium",)

# A slow machine is no finding. Continuous integration (CI is set) draws the same examples each time.
_BASE = settings.get_profile("ci" if os.environ.get("CI") else "default")
settings.register_profile("gatehouse", _BASE, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("gatehouse")

# A shell starts what it runs in the background with Ctrl-C ignored, and every child would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def unconfigured_logs() -> Iterator[None]:
    """A test that sets up logging as a process does (structlog, uvicorn) leaves nothing of it to the next one."""
    yield
    structlog.reset_defaults()
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.disabled = False
        logger.setLevel(logging.NOTSET)
