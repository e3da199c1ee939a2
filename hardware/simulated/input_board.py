"""A Modbus RTU input board that is not there, on a real pty: contacts that a test or the demo closes by hand."""

import threading
from typing import Self

from hardware.modbus_barrier import crc16, input_question
from hardware.simulated.pty_line import PtyLine

__all__ = ["SimulatedInputBoard"]


class SimulatedInputBoard:
    """Give `port` to a barrier of driver "modbus". Questions with a wrong checksum stay unanswered, as on the wire."""

    def __init__(self, *, address: int = 1) -> None:
        self._line = PtyLine()
        self._address = address
        self._bits = 0
        self._is_silent = False
        self._looks = 0
        self._looked = threading.Condition()
        self._is_closed = False
        self._thread = threading.Thread(target=self._serve, name="simulated-input-board", daemon=True)
        self._thread.start()

    @property
    def port(self) -> str:
        """The device path; the same over unplug and replug."""
        return str(self._line.path)

    def set(self, number: int, *, is_closed: bool) -> None:
        """Close or open the contact on input 1 to 8."""
        with self._looked:
            bit = 1 << (number - 1)
            self._bits = self._bits | bit if is_closed else self._bits & ~bit

    def pulse(self, number: int = 1, *, timeout_s: float = 10.0) -> None:
        """Close a contact until it was seen closed, then open it until it was seen open."""
        for is_closed in (True, False):
            self.set(number, is_closed=is_closed)
            self.wait_for_look(timeout_s=timeout_s)

    def wait_for_look(self, *, timeout_s: float = 10.0) -> None:
        """Wait until the driver has been told how the contacts stand by now. Raises TimeoutError."""
        with self._looked:
            wanted = self._looks + 2  # one may be under way
            if not self._looked.wait_for(lambda: self._looks >= wanted, timeout_s):
                raise TimeoutError("nobody looks at the board")

    def fall_silent(self, is_silent: bool = True) -> None:
        """Answer nothing, as a board without power on a line that is there."""
        self._is_silent = is_silent

    def unplug(self) -> None:
        """Pull the cable."""
        self._line.unplug()

    def replug(self) -> None:
        """Put the cable back."""
        self._line.plug()

    def close(self) -> None:
        """Take it away for good."""
        self._is_closed = True
        self._thread.join(2)
        self._line.close()

    def _serve(self) -> None:
        held, question = b"", input_question(self._address)
        while not self._is_closed:
            held += self._line.read(0.01)
            while len(held) >= len(question):
                if not held.startswith(question):
                    held = held[1:]
                    continue
                held = held[len(question) :]
                if not self._is_silent:
                    self._answer()

    def _answer(self) -> None:
        with self._looked:
            frame = bytes([self._address, 0x02, 1, self._bits])
            self._line.write(frame + crc16(frame))
            self._looks += 1
            self._looked.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
