"""The demo's own processes: the centre and the doors, each started, watched and ended by its id, logs to a file."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

__all__ = ["Child", "StartFailed", "free_port"]


class StartFailed(Exception):
    """A process of the demo did not come up; the text ends with the last lines of its log."""


def free_port(preferred: int, taken: set[int] | None = None) -> int:
    """The preferred TCP port of 127.0.0.1, or a free one when it is busy. Adds it to `taken`."""
    taken = taken if taken is not None else set()
    for candidate in (preferred, 0, 0, 0, 0):
        if candidate in taken:
            continue
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", candidate))
            port = int(probe.getsockname()[1])
            taken.add(port)
            return port
    raise StartFailed("No free port on 127.0.0.1. Close a program that listens there and try again.")


class Child:
    """One `gatehouse` process. `arguments` are those of the command; output is appended to `log`."""

    def __init__(self, name: str, arguments: Sequence[str], *, log: Path, health_url: str) -> None:
        self.name = name
        self._arguments = [sys.executable, "-m", "gatehouse", *arguments]
        self._log = log
        self._health_url = health_url
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts the process in a session of its own, so that Ctrl-C reaches only the demo."""
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": "200"}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._arguments, stdout=log, stderr=subprocess.STDOUT, start_new_session=True, env=environment
            )

    def wait_until_ready(self, timeout_s: float = 40.0) -> None:
        """Waits for a good answer of the health page. Raises `StartFailed`."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if not self.is_running:
                break
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(self._health_url, timeout=2).status_code == 200:
                    return
            time.sleep(0.1)
        raise StartFailed(f"{self.name} did not become ready. The end of its log:\n{self.log_tail()}")

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def stop(self, timeout_s: float = 8.0) -> None:
        """Asks it to end, and ends it when it does not listen."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """SIGKILL: what a power cut looks like to a process."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def log_tail(self, lines: int = 15) -> str:
        """The last lines it logged."""
        if not self._log.exists():
            return "(it wrote nothing)"
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])
