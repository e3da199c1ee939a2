"""Barcode scanners that speak serial: USB CDC-ACM, RS-232, or a network port, through pyserial.

| Works with | Tested on |
|---|---|
| `/dev/ttyACM*`, `/dev/ttyUSB*`, `/dev/serial/by-id/*` | real pty, simulated scanner |
| `socket://host:port` (serial servers) | loopback TCP |

Bytes pass as they are: NULs and broken UTF-8 included. No scanner is sent any command.
"""

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Self

import serial

from hardware.api import Read, Technology
from hardware.config import Table
from hardware.errors import ReaderConfigError, ReaderLost
from hardware.framing import TERMINATORS, Frame, ScanFramer

__all__ = ["SerialScanner"]

CHUNK_BYTES = 4096


class SerialScanner:
    """A Reader over one serial port. `frame_timeout_s` of silence ends a code that has no terminator."""

    technology = Technology.BARCODE

    def __init__(
        self,
        *,
        name: str,
        port: str,
        baud: int = 9600,
        terminator: str = "any",
        frame_timeout_s: float = 0.1,
    ) -> None:
        self.name = name
        self._port = port
        self._baud = baud
        self._terminators = TERMINATORS[terminator]
        self._frame_timeout_s = frame_timeout_s
        self._line: serial.Serial | None = None

    @classmethod
    def from_table(cls, table: Table) -> Self:
        """From `{port, baud, terminator, frame_timeout_ms}`. Raises ReaderConfigError."""
        return cls(
            name=table.name,
            port=table.text("port"),
            baud=table.integer("baud", 9600, low=300, high=4_000_000),
            terminator=table.choice("terminator", tuple(TERMINATORS), "any"),
            frame_timeout_s=table.integer("frame_timeout_ms", 100, low=10, high=5000) / 1000,
        )

    def open(self) -> None:
        """Open the port for this process alone; what was sent before is discarded. Raises ReaderLost."""
        self.close()
        try:
            self._line = serial.serial_for_url(
                self._port, baudrate=self._baud, timeout=self._frame_timeout_s, exclusive=True
            )
        except ValueError as error:
            raise ReaderConfigError(
                f'reader "{self.name}": pyserial cannot use port "{self._port}" at {self._baud} baud; '
                'write a device such as "/dev/ttyACM0" or a URL such as "socket://host:port"'
            ) from error
        except OSError as error:
            raise ReaderLost(f"cannot open {self._port}") from error

    def reads(self, stop: threading.Event) -> Iterator[Read]:
        """Yield each code once it is complete. Raises ReaderLost when the port goes away."""
        framer = ScanFramer(self._terminators)
        while not stop.is_set():
            chunk = self._receive()
            ended = framer.silence() if not chunk else None
            for frame in [ended] if ended else framer.feed(chunk):
                yield self._read(frame)

    def close(self) -> None:
        """Close the port."""
        line, self._line = self._line, None
        if line is not None:
            with contextlib.suppress(OSError):
                line.close()

    def _receive(self) -> bytes:
        """What arrives within the frame timeout, at once when something does; empty on silence."""
        if self._line is None:
            raise ReaderLost(f"{self._port} is not open")
        try:
            first: bytes = self._line.read(1)
            waiting = min(self._line.in_waiting, CHUNK_BYTES) if first else 0
            return first + self._line.read(waiting) if waiting else first
        except (OSError, TypeError) as error:
            # TypeError: pyserial's own, when the descriptor is closed under it.
            raise ReaderLost(f"{self._port} went away") from error

    def _read(self, frame: Frame) -> Read:
        return Read(
            reader=self.name,
            technology=self.technology,
            data=frame.data,
            symbology=None,
            is_oversize=frame.is_oversize,
            read_at=time.monotonic(),
        )
