"""A barrier's contact on a GPIO pin of a Raspberry Pi or similar board, through gpiozero (an optional package)."""

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any, Self

from hardware.api import Passage
from hardware.config import Table
from hardware.contacts import Contacts
from hardware.errors import ReaderConfigError, ReaderLost

__all__ = ["GpioBarrier"]

_LOOK_S = 0.01


class GpioBarrier:
    """A Barrier whose contacts pull pins (BCM numbers) to ground; `normally_closed` ones release them."""

    def __init__(self, *, name: str, passed: int, not_passed: int | None = None, normally_closed: bool = False) -> None:
        self.name = name
        self.seen_at = float("-inf")
        self._pins = {Passage.PASSED: passed} | ({} if not_passed is None else {Passage.NOT_PASSED: not_passed})
        self._normally_closed = normally_closed
        self._inputs: dict[Passage, Any] = {}

    @classmethod
    def from_table(cls, table: Table) -> Self:
        """From `{passed_pin, not_passed_pin, normally_closed}`. Raises ReaderConfigError."""
        return cls(
            name=table.name,
            passed=table.integer("passed_pin", low=0, high=53),
            not_passed=table.integer("not_passed_pin", low=0, high=53) if table.has("not_passed_pin") else None,
            normally_closed=table.flag("normally_closed", False),
        )

    def open(self) -> None:
        """Take the pins. Raises ReaderConfigError without gpiozero, ReaderLost without the pins."""
        self.close()
        try:
            import gpiozero
        except ImportError as error:
            raise ReaderConfigError(
                f'barrier "{self.name}": driver "gpio" needs the package gpiozero, which is not installed; '
                'on a Raspberry Pi: pip install "gatehouse[raspberry-pi]" and apt install python3-lgpio'
            ) from error
        try:
            for passage, pin in self._pins.items():
                self._inputs[passage] = gpiozero.DigitalInputDevice(pin, pull_up=True)
        except Exception as error:  # gpiozero raises its own tree and whatever the pin library does
            self.close()
            raise ReaderLost("cannot take the GPIO pins") from error

    def reads(self, stop: threading.Event) -> Iterator[Passage]:
        """Yield each contact that closes. Raises ReaderLost."""
        contacts = Contacts()
        while not stop.is_set():
            looked_at = time.monotonic()
            yield from contacts.reports(self._levels())
            self.seen_at = looked_at
            stop.wait(_LOOK_S)

    def close(self) -> None:
        """Give the pins back."""
        inputs, self._inputs = self._inputs, {}
        for each in inputs.values():
            with contextlib.suppress(Exception):
                each.close()

    def _levels(self) -> dict[Passage, bool]:
        try:
            return {
                passage: bool(each.is_active) is not self._normally_closed for passage, each in self._inputs.items()
            }
        except Exception as error:  # as in `open`
            raise ReaderLost("cannot read the GPIO pins") from error
