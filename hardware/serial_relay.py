"""USB relay boards of the LCUS type (CH340 serial chip, 1 to 8 relays), through pyserial.

Wire: 9600 baud 8N1, four bytes: A0, channel, 01 on or 00 off, and the sum of the three modulo 256. No answer.
Tested on a simulated board; the frames are those printed in the LCUS-1 to LCUS-8 leaflets.
"""

import contextlib
import threading
from typing import Self

import serial
import structlog

from hardware.config import Table
from hardware.errors import ReaderConfigError, RelayLost
from hardware.pulses import PulseTimer

__all__ = ["SerialRelay", "relay_frame"]

_log = structlog.get_logger(__name__)


def relay_frame(channel: int, is_on: bool) -> bytes:
    """The command that switches `channel` (1 to 8): A0 01 01 A2 is channel 1 on."""
    head = bytes([0xA0, channel, int(is_on)])
    return head + bytes([sum(head) % 256])


class SerialRelay:
    """A Relay: one channel of a board. Off when opened, whatever a process that was killed left behind."""

    def __init__(self, *, name: str, port: str, channel: int = 1, baud: int = 9600) -> None:
        self.name = name
        self._port = port
        self._channel = channel
        self._baud = baud
        self._lock = threading.RLock()
        self._line: serial.Serial | None = None
        self._pulse = PulseTimer(self._switch_on, self._switch_off)

    @classmethod
    def from_table(cls, table: Table) -> Self:
        """From `{port, channel, baud}`. Raises ReaderConfigError."""
        return cls(
            name=table.name,
            port=table.text("port"),
            channel=table.integer("channel", 1, low=1, high=8),
            baud=table.integer("baud", 9600, low=300, high=4_000_000),
        )

    def open(self) -> None:
        """Open the port and switch off. Raises RelayLost."""
        with self._lock:
            self._close_line()
            try:
                self._line = serial.serial_for_url(self._port, baudrate=self._baud, write_timeout=1.0)
            except ValueError as error:
                raise ReaderConfigError(
                    f'relay "{self.name}": pyserial cannot use port "{self._port}" at {self._baud} baud; '
                    'write a device such as "/dev/ttyUSB0"'
                ) from error
            except OSError as error:
                raise RelayLost(f"cannot open {self._port}") from error
            self._send(is_on=False)

    def pulse(self, seconds: float) -> None:
        """Switch on, and off after `seconds`. A board that was replugged is opened again. Raises RelayLost."""
        self._pulse.pulse(seconds)

    def close(self) -> None:
        """Switch off and close the port."""
        self._pulse.cancel()
        with self._lock:
            if self._line is not None:
                with contextlib.suppress(RelayLost):
                    self._send(is_on=False)
            self._close_line()

    def _send(self, *, is_on: bool) -> None:
        if self._line is None:
            raise RelayLost(f"{self._port} is not open")
        try:
            self._line.write(relay_frame(self._channel, is_on))
        except (OSError, TypeError) as error:  # TypeError: as in SerialScanner
            raise RelayLost(f"{self._port} went away") from error

    def _switch_on(self) -> None:
        with self._lock:
            try:
                self._send(is_on=True)
            except RelayLost:
                self.open()
                self._send(is_on=True)

    def _switch_off(self) -> None:
        with self._lock:
            try:
                self._send(is_on=False)
            except RelayLost as error:
                _log.error("relay_not_released", relay=self.name, reason=str(error))

    def _close_line(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            with contextlib.suppress(OSError):
                line.close()
