"""The QR code that *Devices* shows, read from a picture of it or by a camera of this machine.

Only a code of that kind counts: whatever else is in the picture or before the camera is passed over. A picture comes
from outside, so its texts are never printed.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Iterable
from pathlib import Path

from access.wire.enrolment import read_enrolment_text
from gatehouse.commands.failing import fail
from hardware.api import Read, ReaderState
from hardware.errors import PictureUnreadable, ReaderConfigError
from hardware.loader import load_reader
from hardware.supervisor import ReaderSupervisor

__all__ = ["text_before_camera", "text_in_picture"]

_WAIT_S = 60.0
_WHAT = "the QR code that Devices in the back office shows"


def text_in_picture(path: Path) -> str:
    """The text of the one enrolment code in a picture; ends the command where there is none, or more than one."""
    from hardware.pictures import codes_in_picture

    try:
        found = set(_enrolments(code.text for code in codes_in_picture(path)))
    except PictureUnreadable as error:
        fail(f"{path}: {error}.", hint="Give a photograph or a screenshot (PNG or JPEG) of " + _WHAT + ".")
    if not found:
        fail(f"{path} does not show {_WHAT}.", hint="Take it closer and sharper, or type the code that stands below.")
    if len(found) > 1:
        fail(f"{path} shows {len(found)} codes of different doors.", hint="Cut it down to the one of this door.")
    return found.pop()


def text_before_camera(source: str, *, wait_s: float = _WAIT_S) -> str:
    """The text of the first enrolment code that a camera sees; ends the command when none comes in time."""
    reads: queue.SimpleQueue[Read | ReaderState] = queue.SimpleQueue()
    table: dict[str, object] = {"name": "camera", "driver": "camera", "formats": ["QRCode"]}
    try:
        reader = load_reader(table | {"source": int(source) if source.isdecimal() else source})
    except ReaderConfigError as error:
        fail(str(error))
    supervisor = ReaderSupervisor(reader, on_read=reads.put, on_state=lambda _name, state: reads.put(state))
    print(f"Hold {_WHAT} before the camera; Ctrl-C gives up.", flush=True)
    supervisor.start()
    try:
        if _opened(reads) is ReaderState.LOST:
            fail("The camera cannot be opened.", hint=f"See why: gatehouse read --driver camera --source {source}")
        text = _first(reads, until=time.monotonic() + wait_s)
    except KeyboardInterrupt:
        fail("Given up.")
    finally:
        supervisor.stop()
    if text is None:
        fail(
            f"The camera did not see {_WHAT}.",
            hint=f"See what it reads: gatehouse read --driver camera --source {source}",
        )
    return text


def _opened(reads: queue.SimpleQueue[Read | ReaderState]) -> Read | ReaderState:
    """What came of the first try to open it."""
    while (one := reads.get()) is ReaderState.STARTING:
        pass
    return one


def _first(reads: queue.SimpleQueue[Read | ReaderState], *, until: float) -> str | None:
    while (left := until - time.monotonic()) > 0:
        try:
            one = reads.get(timeout=left)
        except queue.Empty:
            return None
        if one is ReaderState.STOPPED:
            return None
        if isinstance(one, Read):
            for text in _enrolments([one.data.decode(errors="replace")]):
                return text
    return None


def _enrolments(texts: Iterable[str]) -> list[str]:
    return [text for text in texts if read_enrolment_text(text)[1] is not None]
