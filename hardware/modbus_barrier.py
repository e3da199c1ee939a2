"""Barriers and door contacts on a Modbus RTU input board (RS-485 or USB), through pyserial.

Wire: 8N1, request `address 02 00 00 00 08` and answer `address 02 01 levels`, each with its CRC (MODBUS Application
Protocol V1.1b3, function 02; MODBUS over Serial Line V1.02). The board is asked all the time, so that one that does not
answer is noticed. Tested on a simulated board.
"""

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Self

import serial

from hardware.api import Passage
from hardware.config import Table
from hardware.contacts import Contacts
from hardware.errors import ReaderConfigError, ReaderLost

__all__ = ["ModbusBarrier", "crc16", "input_question"]

_READ_INPUTS = 0x02
_INPUTS = 8
_ANSWER_BYTES = 6
_PAUSE_S = 0.02
_TRIES = 3


def crc16(frame: bytes) -> bytes:
    """The checksum that ends a frame, low byte first."""
    crc = 0xFFFF
    for byte in frame:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc.to_bytes(2, "little")


def input_question(address: int) -> bytes:
    """The request for the levels of inputs 1 to 8: 01 02 00 00 00 08 79 CC asks board 1."""
    frame = bytes([address, _READ_INPUTS, 0, 0, 0, _INPUTS])
    return frame + crc16(frame)


class ModbusBarrier:
    """A Barrier on inputs 1 to 8 of a board: `passed` is its passage (or door) contact, `not_passed` the contact that
    tells of nobody, if it has one. `normally_closed` turns both round."""

    def __init__(
        self,
        *,
        name: str,
        port: str,
        passed: int = 1,
        not_passed: int = 0,
        address: int = 1,
        baud: int = 9600,
        normally_closed: bool = False,
        timeout_s: float = 0.2,
    ) -> None:
        self.name = name
        self.seen_at = float("-inf")
        self._port = port
        self._inputs = {Passage.PASSED: passed} | ({Passage.NOT_PASSED: not_passed} if not_passed else {})
        self._address = address
        self._baud = baud
        self._normally_closed = normally_closed
        self._timeout_s = timeout_s
        self._line: serial.Serial | None = None

    @classmethod
    def from_table(cls, table: Table) -> Self:
        """From `{port, passed_input, not_passed_input, address, baud, normally_closed}`. Raises ReaderConfigError."""
        return cls(
            name=table.name,
            port=table.text("port"),
            passed=table.integer("passed_input", 1, low=1, high=_INPUTS),
            not_passed=table.integer("not_passed_input", 0, low=0, high=_INPUTS),
            address=table.integer("address", 1, low=1, high=247),
            baud=table.integer("baud", 9600, low=300, high=4_000_000),
            normally_closed=table.flag("normally_closed", False),
        )

    def open(self) -> None:
        """Open the port for this process alone. Raises ReaderLost."""
        self.close()
        try:
            self._line = serial.serial_for_url(
                self._port, baudrate=self._baud, timeout=self._timeout_s, write_timeout=1.0, exclusive=True
            )
        except ValueError as error:
            raise ReaderConfigError(
                f'barrier "{self.name}": pyserial cannot use port "{self._port}" at {self._baud} baud; '
                'write a device such as "/dev/ttyUSB0"'
            ) from error
        except OSError as error:
            raise ReaderLost(f"cannot open {self._port}") from error
        self._levels()  # a board that does not answer is not there

    def reads(self, stop: threading.Event) -> Iterator[Passage]:
        """Yield each contact that closes. Raises ReaderLost when the board does not answer."""
        contacts = Contacts()
        while not stop.is_set():
            asked_at = time.monotonic()
            yield from contacts.reports(self._levels())
            self.seen_at = asked_at
            stop.wait(_PAUSE_S)

    def close(self) -> None:
        """Close the port."""
        line, self._line = self._line, None
        if line is not None:
            with contextlib.suppress(OSError):
                line.close()

    def _levels(self) -> dict[Passage, bool]:
        bits = self._ask()
        return {
            passage: bool(bits >> (number - 1) & 1) is not self._normally_closed
            for passage, number in self._inputs.items()
        }

    def _ask(self) -> int:
        if self._line is None:
            raise ReaderLost(f"{self._port} is not open")
        head = bytes([self._address, _READ_INPUTS, 1])
        try:
            for _ in range(_TRIES):
                self._line.reset_input_buffer()
                self._line.write(input_question(self._address))
                answer = self._line.read(_ANSWER_BYTES)
                if len(answer) == _ANSWER_BYTES and answer[:3] == head and crc16(answer[:4]) == answer[4:]:
                    return int(answer[3])
        except (OSError, TypeError) as error:  # TypeError: as in SerialScanner
            raise ReaderLost(f"{self._port} went away") from error
        raise ReaderLost(f"board {self._address} at {self._port} does not answer")
