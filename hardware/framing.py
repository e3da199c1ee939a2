"""Cutting a scanner's byte stream into codes: a terminator ends a code, and so does silence.

Pure; holds a bounded number of bytes whatever comes.
"""

from dataclasses import dataclass, field

from hardware.api import MAX_READ_BYTES

__all__ = ["TERMINATORS", "Frame", "ScanFramer"]

TERMINATORS = {"any": b"\r\n", "cr": b"\r", "lf": b"\n", "tab": b"\t", "none": b""}
"""The bytes that end a code, each alone. "any" also fits CR LF: the empty code between the two is dropped."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One code as sent, without its terminator."""

    data: bytes
    is_oversize: bool = False


@dataclass(slots=True)
class ScanFramer:
    """Feed it what arrives and tell it of silence.

    An endless code gives one oversize Frame as soon as it is too long; the rest of it is dropped.
    """

    terminators: bytes = b"\r\n"
    limit: int = MAX_READ_BYTES
    _held: bytearray = field(default_factory=bytearray)
    _is_dropping: bool = False

    def feed(self, chunk: bytes) -> list[Frame]:
        """The codes that `chunk` completes; empty ones are dropped."""
        frames: list[Frame] = []
        *ended, rest = self._split(chunk)
        for piece in ended:
            self._take(piece, frames)
            self._end(frames)
        self._take(rest, frames)
        return frames

    def silence(self) -> Frame | None:
        """The line has been silent for the inter-character timeout: what is held is a code."""
        frames: list[Frame] = []
        self._end(frames)
        return frames[0] if frames else None

    def _split(self, chunk: bytes) -> list[bytes]:
        if len(self.terminators) > 1:
            first = self.terminators[:1]
            chunk = chunk.translate(bytes.maketrans(self.terminators, first * len(self.terminators)))
        return chunk.split(self.terminators[:1]) if self.terminators else [chunk]

    def _take(self, piece: bytes, frames: list[Frame]) -> None:
        if self._is_dropping:
            return
        self._held += piece[: self.limit + 1 - len(self._held)]
        if len(self._held) > self.limit:
            frames.append(Frame(bytes(self._held[: self.limit]), is_oversize=True))
            self._held.clear()
            self._is_dropping = True

    def _end(self, frames: list[Frame]) -> None:
        if self._held:
            frames.append(Frame(bytes(self._held)))
            self._held.clear()
        self._is_dropping = False
