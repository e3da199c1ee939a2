"""The demo's own processes: the centre and the doors, each started, watched and ended by its id, logs to a file."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import httpx

from edge_agent.commands import RESTART_STATUS

__all__ = ["Child", "Ports", "StartFailed"]


class StartFailed(Exception):
    """A process of the demo did not come up; the text ends with the last lines of its log."""


class Ports:
    """TCP ports of 127.0.0.1 that are this demo's until closed, also while nothing listens on one for a moment.

    Demos of one machine keep out of each other's way by a lock file a port; other programs by what is listened on.
    """

    def __init__(self) -> None:
        self._locks: dict[int, IO[str]] = {}

    def take(self, preferred: int) -> int:
        """The preferred port, or a free one when it is busy. Raises `StartFailed`."""
        for candidate in (preferred, *([0] * 20)):
            port = _unused(candidate)
            if port is not None and port not in self._locks and self._lock(port):
                return port
        raise StartFailed("No free port on 127.0.0.1. Close a program that listens there and try again.")

    def _lock(self, port: int) -> bool:
        path = Path(tempfile.gettempdir()) / f"gatehouse-demo-{os.getuid()}-{port}.lock"
        lock = path.open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            return False
        self._locks[port] = lock
        return True

    def close(self) -> None:
        """Gives them back."""
        while self._locks:
            _, lock = self._locks.popitem()
            Path(lock.name).unlink(missing_ok=True)
            lock.close()


def _unused(port: int) -> int | None:
    with socket.socket() as probe, contextlib.suppress(OSError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        probe.listen(1)
        return int(probe.getsockname()[1])
    return None


class Child:
    """One `gatehouse` process. `arguments` are those of the command; output is appended to `log`."""

    def __init__(self, name: str, arguments: Sequence[str], *, log: Path, health_url: str) -> None:
        self.name = name
        # When the demo itself is killed, its processes end too (prctl(2), PR_SET_PDEATHSIG).
        outlived = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
        self._arguments = [*outlived, sys.executable, "-m", "gatehouse", *arguments]
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

    def wait_until_ready(self, timeout_s: float = 120.0) -> None:
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

    @property
    def wants_restart(self) -> bool:
        """Whether it ended because it is to be started again."""
        return self._process is not None and self._process.poll() == RESTART_STATUS

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
