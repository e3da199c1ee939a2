"""A real Mosquitto and a real agent process, started and stopped by tests."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any, Self

from access.wire.events import Event
from edge_agent.enrolment import enroll
from edge_agent.settings import AgentSettings
from tests.component.edge_agent.fake_centre import CODE
from tests.patience import PATIENCE_S, wait_until
from tests.ports import free_port

__all__ = ["AgentProcess", "Mosquitto", "free_port", "wait_until"]

ROOT = Path(__file__).parents[3]


class Mosquitto:
    """Mosquitto with its default settings on a port of its own; it may be stopped and started again."""

    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def path() -> str | None:
        """Where it is installed; None when it is not."""
        return shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")

    def start(self) -> None:
        """Starts it and waits until it listens."""
        program = self.path()
        assert program
        self._process = subprocess.Popen(
            [program, "-p", str(self.port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(self._listens, what="mosquitto")

    def stop(self) -> None:
        """Kills it: nothing it holds survives."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(PATIENCE_S)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class AgentProcess:
    """The agent as a process of its own, on a data folder that outlives it."""

    def __init__(self, folder: Path, *, centre_url: str, port: str, **settings: Any) -> None:
        """`port` is the serial scanner's."""
        self.folder = folder
        self.http_port = free_port()
        reader = {"name": "front", "driver": "serial", "port": port, "access_point": "pool"}
        values = {"data_dir": str(folder / "door"), "centre_url": centre_url, "http_port": self.http_port, **settings}
        self.settings = AgentSettings.of({**values, "readers": [reader]})
        tables = "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
        lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in reader.items())
        self.config = folder / "agent.toml"
        self.config.write_text(f"{tables}\n[[readers]]\n{lines}")
        self.log = folder / "agent.log"
        self._process: subprocess.Popen[bytes] | None = None

    def events(self) -> list[Event]:
        """Everything that the door has recorded."""
        with closing(sqlite3.connect(f"file:{self.ledger_path}?mode=ro", uri=True)) as connection:
            return [
                Event.from_bytes(row[0].encode()) for row in connection.execute("SELECT body FROM events ORDER BY seq")
            ]

    @property
    def ledger_path(self) -> Path:
        """The ledger's file."""
        return self.folder / "door" / "ledger.db"

    def add_strike(self, port: str) -> None:
        """Gives the pool an electric strike on the relay board at the port; before the start."""
        with self.config.open("a") as file:
            file.write(f'\n[[relays]]\nname = "strike"\ndriver = "serial"\nport = "{port}"\naccess_point = "pool"\n')

    def enroll(self) -> None:
        """Gives the door its identity."""
        enroll(self.settings, CODE)

    def start(self) -> None:
        """Starts the process."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "edge_agent", "--config", str(self.config)], cwd=ROOT, stdout=log, stderr=log
            )

    def kill(self) -> None:
        """SIGKILL."""
        assert self._process
        self._process.kill()
        self._process.wait(PATIENCE_S)

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        assert self._process
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(PATIENCE_S)

    def health(self) -> dict[str, Any]:
        """What it says of itself; empty while it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/health", timeout=PATIENCE_S) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            with error:
                return dict(json.load(error))
        except OSError:
            return {}

    def wait_ready(self) -> dict[str, Any]:
        """Waits until it is ready to take scans."""
        wait_until(self._is_ready, what="a ready agent")
        assert self.is_running, self.log.read_text()[-3000:]
        return self.health()

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def _is_ready(self) -> object:
        return self.health().get("ready") or not self.is_running

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()
