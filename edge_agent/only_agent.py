"""One agent a data folder: two processes that write one ledger would damage it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_agent.enrolment import prepare_folder
from edge_agent.errors import SettingsError

__all__ = ["only_agent"]


@contextmanager
def only_agent(folder: Path) -> Iterator[None]:
    """Holds the data folder: Raises `SettingsError`."""
    prepare_folder(folder)
    descriptor = os.open(folder / "agent.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise SettingsError(f"another agent is running on {folder}; stop it first") from error
    finally:
        os.close(descriptor)
