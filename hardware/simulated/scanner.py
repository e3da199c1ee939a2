"""A barcode scanner that is not there, on a real pty."""

from typing import Self

from hardware.simulated.pty_line import PtyLine

__all__ = ["SimulatedScanner"]


class SimulatedScanner:
    """A serial scanner: give `port` to a reader of driver "serial" and present codes. Thread-safe."""

    def __init__(self) -> None:
        self._line = PtyLine()

    @property
    def port(self) -> str:
        """The device path; the same over unplug and replug."""
        return str(self._line.path)

    def present(self, data: bytes, terminator: bytes = b"\r") -> None:
        """Scan one code: its bytes and the terminator."""
        self.send_raw(data + terminator)

    def send_raw(self, data: bytes, *, patience_s: float = 1.0) -> int:
        """Send bytes as they are; returns how many the line took (see PtyLine.write)."""
        return self._line.write(data, patience_s=patience_s)

    def unplug(self) -> None:
        """Pull the USB cable."""
        self._line.unplug()

    def replug(self) -> None:
        """Put the USB cable back."""
        self._line.plug()

    def close(self) -> None:
        """Take it away for good."""
        self._line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
