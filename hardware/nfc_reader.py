"""NFC cards through nfcpy: one Read per presentation, its UID or the NDEF text it carries.

| Works with | Tested on |
|---|---|
| USB readers that nfcpy drives (PN532, PN533, RC-S380, ACR122U ...), `usb` or `usb:vendor:product` | not here |
| `udp:host:port`, the wire of the simulated field | real UDP, simulated NTAG213 |

Senses ISO 14443 type A at 106 kbit/s only: over UDP an unanswered technology costs a second, and every NTAG,
MIFARE and DESFire card answers to this one.
"""

import logging
import threading
import time
from collections.abc import Iterator
from typing import Any, Self

import nfc
import nfc.clf
import nfc.tag

from hardware.api import Read, Technology
from hardware.config import Table
from hardware.errors import ReaderConfigError, ReaderLost
from hardware.ndef_text import message_text

__all__ = ["NfcReader"]

IDENTITIES = ("uid", "ndef")
NDEF_TRIES = 3
"""Looks at a card before it counts as one without a message: it may still be on its way into the field."""

# nfcpy logs every failed search as an error and card contents at lower levels; the supervisor logs instead.
logging.getLogger("nfc").setLevel(logging.CRITICAL + 1)


class NfcReader:
    """A Reader over one nfcpy device.

    A card that leaves the field for less than `removed_after_s` seconds has not left: coils flicker.
    """

    technology = Technology.NFC

    def __init__(
        self,
        *,
        name: str,
        device: str = "usb",
        identity: str = "uid",
        poll_s: float = 0.05,
        removed_after_s: float = 0.3,
    ) -> None:
        self.name = name
        self._device = device
        self._reads_ndef = identity == "ndef"
        self._poll_s = poll_s
        self._removed_after_s = removed_after_s
        self._frontend: Any = None

    @classmethod
    def from_table(cls, table: Table) -> Self:
        """From `{device, identity, poll_ms, removed_after_ms}`. Raises ReaderConfigError."""
        device = table.text("device", "usb")
        if device.split(":")[0] not in ("usb", "tty", "udp"):
            rule = 'must be "usb", "usb:vvvv:pppp", "tty:USB0:driver" or "udp:host:port"'
            raise table.error("device", rule, device)
        return cls(
            name=table.name,
            device=device,
            identity=table.choice("identity", IDENTITIES, "uid"),
            poll_s=table.integer("poll_ms", 50, low=5, high=1000) / 1000,
            removed_after_s=table.integer("removed_after_ms", 300, low=50, high=5000) / 1000,
        )

    def open(self) -> None:
        """Open the device. Raises ReaderLost when there is none."""
        self.close()
        frontend = nfc.ContactlessFrontend()
        try:
            is_open = frontend.open(self._device)
        except OSError as error:
            raise ReaderLost(f"cannot open NFC device {self._device}") from error
        except (ValueError, ImportError) as error:
            raise ReaderConfigError(
                f'reader "{self.name}": nfcpy does not understand device "{self._device}"; '
                'write "usb", "usb:vvvv:pppp", "tty:USB0:driver" or "udp:host:port"'
            ) from error
        if not is_open:
            raise ReaderLost(f"no NFC reader found at {self._device}, or no permission to use it")
        self._frontend = frontend

    def reads(self, stop: threading.Event) -> Iterator[Read]:
        """Yield once for each presentation. Over UDP a look into an empty field takes up to a second."""
        present: bytes | None = None
        seen_at = 0.0
        failures = 0
        while not stop.is_set():
            target = self._sense()
            uid = bytes(target.sdd_res) if target is not None else None
            if uid is None:
                failures = 0
                if time.monotonic() - seen_at >= self._removed_after_s:
                    present = None
            elif uid != present:
                read = self._identify(target, uid, is_last_try=failures >= NDEF_TRIES - 1)
                failures += 1
                if read is not None:
                    yield read
                    present, failures = uid, 0
            if uid is not None:
                seen_at = time.monotonic()
            stop.wait(self._poll_s)

    def close(self) -> None:
        """Close the device."""
        frontend, self._frontend = self._frontend, None
        if frontend is not None:
            try:
                frontend.close()
            except Exception:  # nfcpy raises whatever the transport did; the device is gone either way
                return

    def _sense(self) -> Any:
        """The type A target in the field, or None. Raises ReaderLost."""
        if self._frontend is None:
            raise ReaderLost(f"NFC device {self._device} is not open")
        try:
            target = self._frontend.sense(nfc.clf.RemoteTarget("106A"))
        except OSError as error:
            raise ReaderLost(f"NFC device {self._device} went away") from error
        except Exception:
            # A garbled answer: nfcpy lets ValueError, IndexError, AssertionError and others through.
            return None
        return target if target is not None and target.sdd_res else None

    def _identify(self, target: Any, uid: bytes, *, is_last_try: bool) -> Read | None:
        """The Read of this card; None when its message could not be read and it is worth sensing again.

        A card without a message is read as its UID, so that the door can at least refuse it visibly.
        """
        message = self._message(target) if self._reads_ndef else None
        if message is None and self._reads_ndef and not is_last_try:
            return None
        return Read.cut(
            uid if message is None else message,
            reader=self.name,
            technology=self.technology,
            symbology="UID" if message is None else "NDEF",
            read_at=time.monotonic(),
        )

    def _message(self, target: Any) -> bytes | None:
        """What the card's NDEF message says; None when it carries none or was taken away too soon."""
        try:
            tag = nfc.tag.activate(self._frontend, target)
            octets = bytes(tag.ndef.octets) if tag is not None and tag.ndef is not None else b""
        except OSError as error:
            raise ReaderLost(f"NFC device {self._device} went away") from error
        except Exception:  # as in _sense
            return None
        return message_text(octets) if octets else None
