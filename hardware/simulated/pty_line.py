"""A serial line whose far end is ours: a pty under a stable path, which can be pulled out and put back.

The near end is a real tty device, so a driver's open, line settings, hang-up and errors are the real ones.
"""

import contextlib
import os
import select
import tempfile
import threading
import time
import tty
from pathlib import Path
from typing import Self

__all__ = ["PtyLine"]


class PtyLine:
    """The wire itself. `path` stays the same over unplug and replug, as a udev symlink does. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._folder = tempfile.TemporaryDirectory(prefix="gatehouse-tty-")
        self.path = Path(self._folder.name) / "tty"
        self._far = self._near = -1
        self._polling = 0
        self.plug()

    @property
    def is_plugged(self) -> bool:
        """Whether the device is there."""
        return self._far >= 0

    def plug(self) -> None:
        """Put the device in place. Does nothing when it is there."""
        with self._lock:
            if self.is_plugged:
                return
            # The near end stays open here too: a driver that closes or is killed must not hang up the line.
            self._far, self._near = os.openpty()
            tty.setraw(self._near)
            os.set_blocking(self._far, False)
            self.path.symlink_to(os.ttyname(self._near))

    def unplug(self) -> None:
        """Pull the device out: its path is gone and every open descriptor of it reports a hang-up."""
        with self._lock:
            if not self.is_plugged:
                return
            self.path.unlink(missing_ok=True)
            ends = self._far, self._near
            self._far = self._near = -1
        # A descriptor that a thread waits on lives on until it is done: the driver would notice nothing.
        while self._polling:
            time.sleep(0.001)
        for descriptor in ends:
            os.close(descriptor)

    def write(self, data: bytes, *, patience_s: float = 1.0) -> int:
        """Send to the driver; returns how many bytes were taken.

        A line that nobody reads takes a few kilobytes and then nothing: after `patience_s` seconds without
        progress the rest is dropped, as a scanner's own buffer does. An unplugged line takes nothing.
        """
        sent = 0
        give_up_at = time.monotonic() + patience_s
        while sent < len(data) and time.monotonic() < give_up_at:
            taken = self._write_some(data[sent : sent + 65536])
            if taken is None:
                break
            if taken:
                sent += taken
                give_up_at = time.monotonic() + patience_s
        return sent

    def read(self, wait_s: float = 0.05) -> bytes:
        """What the driver sent within `wait_s` seconds; empty when nothing did."""
        far = self._far
        if not self._is_ready(far, wait_s, to_write=False):
            time.sleep(wait_s if far < 0 else 0)
            return b""
        with self._lock, contextlib.suppress(OSError):
            return os.read(far, 4096) if far == self._far else b""
        return b""

    def close(self) -> None:
        """Unplug for good and remove the path."""
        self.unplug()
        self._folder.cleanup()

    def _write_some(self, data: bytes) -> int | None:
        """Bytes taken, 0 when the line is full for now, None when it is unplugged."""
        with self._lock:
            far = self._far
            if far < 0:
                return None
            with contextlib.suppress(BlockingIOError):
                return os.write(far, data)
        self._is_ready(far, 0.02, to_write=True)
        return 0

    def _is_ready(self, far: int, wait_s: float, *, to_write: bool) -> bool:
        with self._lock:
            if far < 0 or far != self._far:
                return False
            self._polling += 1
        try:
            ready = select.select([] if to_write else [far], [far] if to_write else [], [], wait_s)
        finally:
            with self._lock:
                self._polling -= 1
        return bool(ready[0] or ready[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
