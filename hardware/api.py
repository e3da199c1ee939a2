"""What the rest of the house may know of hardware: a Reader yields Reads, a Relay releases a door, a Barrier tells
whether somebody went through.

Importing this module imports no vendor library. Nothing here interprets what was read.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, Self

__all__ = ["MAX_READ_BYTES", "Barrier", "Passage", "Read", "Reader", "ReaderState", "Relay", "Technology"]

MAX_READ_BYTES = 4096
"""The most bytes one Read carries. The largest QR code holds 2,953 (ISO/IEC 18004, version 40-L)."""


class Technology(StrEnum):
    """How the bytes came in."""

    BARCODE = "barcode"
    NFC = "nfc"
    CAMERA = "camera"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One presentation of one card or code, as read and not interpreted."""

    reader: str
    """The configured name of the reader."""
    technology: Technology
    data: bytes
    """At most MAX_READ_BYTES. For NFC with symbology "UID": the raw 4, 7 or 10 bytes."""
    symbology: str | None
    """A camera says "Code128", "QRCode" ..., NFC "UID" or "NDEF"; None when a serial scanner does not say."""
    is_oversize: bool = False
    """More came in than MAX_READ_BYTES; `data` is its beginning."""
    read_at: float
    """`time.monotonic()` when the read was complete."""

    @classmethod
    def cut(cls, data: bytes, *, reader: str, technology: Technology, symbology: str | None, read_at: float) -> Self:
        """A Read of `data`, cut and flagged when there is too much of it."""
        return cls(
            reader=reader,
            technology=technology,
            data=data[:MAX_READ_BYTES],
            symbology=symbology,
            is_oversize=len(data) > MAX_READ_BYTES,
            read_at=read_at,
        )


class ReaderState(StrEnum):
    """Where a supervised reader is in its life."""

    STARTING = "starting"
    READY = "ready"
    LOST = "lost"
    STOPPED = "stopped"


class Reader(Protocol):
    """A source of Reads. One thread opens, reads and closes it; it may be opened again after `close`."""

    @property
    def name(self) -> str:
        """The configured name."""

    @property
    def technology(self) -> Technology:
        """How this reader reads."""

    def open(self) -> None:
        """Take the device. Raises ReaderLost when it cannot be had now."""

    def reads(self, stop: threading.Event) -> Iterator[Read]:
        """Yield what is read until `stop` is set or a recording is over. Raises ReaderLost."""

    def close(self) -> None:
        """Give the device back. Never raises; closing twice is fine."""


class Relay(Protocol):
    """A switched output, normally a door strike."""

    @property
    def name(self) -> str:
        """The configured name."""

    def open(self) -> None:
        """Take the device and make sure it is released. Raises RelayLost."""

    def pulse(self, seconds: float) -> None:
        """Switch on now and off after `seconds`; returns at once. Raises RelayLost.

        The later end counts when pulses overlap.
        """

    def close(self) -> None:
        """Switch off and give the device back. Never raises; closing twice is fine."""


class Passage(StrEnum):
    """What a barrier reports after it was released."""

    PASSED = "passed"
    NOT_PASSED = "not_passed"
    """Its own time was over and nobody went through."""


class Barrier(Protocol):
    """A turnstile or door contact that tells of passages. One thread opens, reads and closes it, as a Reader."""

    @property
    def name(self) -> str:
        """The configured name."""

    @property
    def seen_at(self) -> float:
        """`time.monotonic()` of the newest look at the barrier whose reports have all been yielded."""

    def open(self) -> None:
        """Take the device. Raises ReaderLost when it cannot be had now."""

    def reads(self, stop: threading.Event) -> Iterator[Passage]:
        """Yield what it reports until `stop` is set. Raises ReaderLost when it cannot be seen any more."""

    def close(self) -> None:
        """Give the device back. Never raises; closing twice is fine."""
