"""The field of an NFC reader that is not there: cards come and go on the wire of nfcpy's `udp` driver.

We listen; the reader sends from a port of its own, "106A <hex>" a frame and "RFOFF" when it switches its field
off. Nothing is kept about a reader but the frame at hand, so readers may be killed and started at any time.
"""

import contextlib
import select
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Self

from hardware.simulated.type2_tag import Type2Tag

__all__ = ["SimulatedNfcField"]

BITRATE = b"106A"
SENS_REQUESTS = (b"\x26", b"\x52")
HALT = b"\x50\x00"
LOOK_S = 0.25
"""How long a look into the empty field stays open; a card put there meanwhile answers it. nfcpy waits 1 s."""
LEAVE_S = 0.4
"""How long a card must be away before the same card counts as tapped again."""

_Address = tuple[str, int]


@dataclass(slots=True)
class _Presence:
    """One card lying in the field."""

    tag: Type2Tag
    commands_left: int | None = None
    leaves_when_read: bool = False
    was_read: threading.Event = field(default_factory=threading.Event)
    selected_by: _Address | None = None
    is_commanded: bool = False
    is_message_read: bool = False


class SimulatedNfcField:
    """Give `device` to a reader of driver "nfc" and tap cards. Thread-safe; one card at a time."""

    def __init__(self, port: int = 0) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        self._port: int = self._socket.getsockname()[1]
        self._lock = threading.Lock()
        self._one_tap = threading.Lock()
        self._card: _Presence | None = None
        self._look: tuple[_Address, float] | None = None
        self._garbage: list[bytes] = []
        self._left: tuple[bytes, float] | None = None
        self._seen_empty = threading.Event()
        self._is_closed = False
        self._thread = threading.Thread(target=self._serve, name="simulated-nfc-field", daemon=True)
        self._thread.start()

    @property
    def device(self) -> str:
        """What to write as `device` of the reader."""
        return f"udp:127.0.0.1:{self._port}"

    def tap(self, uid: bytes, *, ndef_uri: str | None = None, hold_s: float = 0.6) -> bool:
        """Hold a card to the reader until it was read, at most `hold_s` seconds; True when it was.

        The reader has handed its Read on by then. The same card again is first kept away long enough to
        count as a new tap (at most 1.5 s). Raises ValueError as Type2Tag does.
        """
        tag = Type2Tag(uid, ndef_uri)
        with self._one_tap:
            self._stay_away(tag.uid)
            card = self._put(_Presence(tag, leaves_when_read=True))
            was_read = card.was_read.wait(hold_s)
            self.remove()
            return was_read

    def hold(self, uid: bytes, *, ndef_uri: str | None = None, commands: int | None = None) -> None:
        """Lay a card down and leave it; it vanishes after answering that many `commands`, if given."""
        self._put(_Presence(Type2Tag(uid, ndef_uri), commands))

    def remove(self) -> None:
        """Take the card away."""
        with self._lock:
            self._take_away()

    def answer_next_with(self, datagram: bytes) -> None:
        """Disturb the wire: the reader's next look into the field gets these bytes for an answer."""
        with self._lock:
            self._garbage.append(datagram)

    def close(self) -> None:
        """Stop serving and free the port."""
        self._is_closed = True
        self._thread.join(2)
        self._socket.close()

    def _put(self, card: _Presence) -> _Presence:
        with self._lock:
            self._take_away()
            self._card = card
            if self._look is not None:
                self._answer_look(self._look[0])
        return card

    def _take_away(self) -> None:
        if self._card is not None:
            self._left = (self._card.tag.uid, time.monotonic())
            self._seen_empty.clear()
        self._card = None

    def _stay_away(self, uid: bytes) -> None:
        with self._lock:
            is_same = self._left is not None and self._left[0] == uid
        if is_same:
            self._seen_empty.wait(1.5)

    def _serve(self) -> None:
        while not self._is_closed:
            readable, _, _ = select.select([self._socket], [], [], 0.02)
            with self._lock:
                if readable:
                    with contextlib.suppress(OSError):
                        self._receive(*self._socket.recvfrom(2048))
                self._end_look()

    def _receive(self, datagram: bytes, address: _Address) -> None:
        if datagram.startswith(b"RFOFF"):
            self._field_off(address)
            return
        bitrate, _, text = datagram.partition(b" ")
        try:
            frame = bytes.fromhex(text.decode("ascii"))
        except ValueError:
            return
        if bitrate != BITRATE or not frame:
            return
        if frame in SENS_REQUESTS:
            self._field_off(address)
            self._begin_look(address)
        elif self._card is not None and frame != HALT:
            self._answer(self._card, frame, address)

    def _begin_look(self, address: _Address) -> None:
        if self._garbage:
            self._send_raw(self._garbage.pop(0), address)
        elif self._card is not None:
            self._answer_look(address)
        else:
            self._look = (address, time.monotonic() + LOOK_S)

    def _answer_look(self, address: _Address) -> None:
        self._look = None
        if self._card is not None:
            self._send(self._card.tag.sens_res, address)

    def _end_look(self) -> None:
        if self._look is None or time.monotonic() < self._look[1]:
            return
        address, self._look = self._look[0], None
        self._send_raw(b"RFOFF", address)
        if self._left is not None and time.monotonic() - self._left[1] >= LEAVE_S:
            self._seen_empty.set()

    def _field_off(self, address: _Address) -> None:
        """The reader has done with the card it selected: nothing more will be asked in this activation."""
        card = self._card
        if card is None or card.selected_by != address:
            return
        card.selected_by = None
        if card.is_message_read or not card.is_commanded:
            card.was_read.set()
            # Taken away now and not by the waiting thread: a card that leaves in the middle of the next
            # selection costs the reader half a second.
            if card.leaves_when_read:
                self._take_away()
        card.is_commanded = card.is_message_read = False

    def _answer(self, card: _Presence, frame: bytes, address: _Address) -> None:
        selection = card.tag.select_answer(frame)
        if selection is not None:
            answer, is_selected = selection
            if is_selected:
                card.selected_by = address
            self._send(answer, address)
        elif card.selected_by == address:
            self._command(card, frame, address)

    def _command(self, card: _Presence, frame: bytes, address: _Address) -> None:
        if card.commands_left == 0:
            self._take_away()
            return
        if card.commands_left is not None:
            card.commands_left -= 1
        card.is_commanded = True
        self._send(card.tag.answer(frame), address)
        if frame[0] == 0x30 and 0 < card.tag.message_end <= frame[1] * 4 + 16:
            card.is_message_read = True

    def _send(self, frame: bytes, address: _Address) -> None:
        self._send_raw(BITRATE + b" " + frame.hex().encode(), address)

    def _send_raw(self, datagram: bytes, address: _Address) -> None:
        with contextlib.suppress(OSError):
            self._socket.sendto(datagram, address)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
