"""The memory and answers of an NTAG213-like tag: ISO 14443-3 type A selection, then NFC Forum Type 2 commands.

Knows no wire. Sources: ISO/IEC 14443-3 (6.5), NXP NTAG213/215/216 data sheet (8.5 memory, 10 commands).
"""

from collections.abc import Iterator
from functools import reduce
from operator import xor

import ndef

__all__ = ["Type2Tag"]

UID_SIZES = (4, 7, 10)
USER_BYTES = 144
NAK = b"\x00"
GET_VERSION_ANSWER = bytes.fromhex("0004040201000F03")
CAPABILITY_CONTAINER = bytes([0xE1, 0x10, USER_BYTES // 8, 0x00])
CASCADE_TAG = 0x88
SAK_MORE, SAK_DONE = b"\x04", b"\x00"


class Type2Tag:
    """One card. Raises ValueError for a UID that is not 4, 7 or 10 bytes or a URI that does not fit."""

    def __init__(self, uid: bytes, ndef_uri: str | None = None) -> None:
        if len(uid) not in UID_SIZES:
            raise ValueError(f"a UID has 4, 7 or 10 bytes, not {len(uid)}")
        self.uid = bytes(uid)
        self.sens_res = bytes([{4: 0x04, 7: 0x44, 10: 0x84}[len(uid)], 0x00])
        self._levels = list(_cascade_levels(self.uid))
        message = b"" if ndef_uri is None else b"".join(ndef.message_encoder([ndef.UriRecord(ndef_uri)]))
        tlv = bytes([0x03, len(message)]) + message + b"\xfe" if len(message) < 0xFF else b""
        if ndef_uri is not None and not 0 < len(tlv) <= USER_BYTES:
            raise ValueError(f"a URI of {len(message)} bytes does not fit into {USER_BYTES}")
        self._memory = self._header() + (tlv if message else b"\x03\x00\xfe").ljust(USER_BYTES, b"\0")
        self._memory += bytes(20)  # dynamic lock, configuration, password pages
        self.message_end = 16 + len(tlv) - 1 if message else 0
        """Number of memory bytes up to the end of the NDEF message; 0 when there is none."""

    def select_answer(self, command: bytes) -> tuple[bytes, bool] | None:
        """The answer to an anticollision or select command, and whether the card is now selected."""
        for index, (code, part) in enumerate(self._levels):
            if command == bytes([code, 0x20]):
                return part, False
            if command == bytes([code, 0x70]) + part:
                is_last = index == len(self._levels) - 1
                return SAK_DONE if is_last else SAK_MORE, is_last
        return None

    def answer(self, command: bytes) -> bytes:
        """The answer of the selected card: memory, version, or a refusal."""
        if len(command) == 2 and command[0] == 0x30 and command[1] < len(self._memory) // 4:
            start = command[1] * 4
            return (self._memory + self._memory[:16])[start : start + 16]
        if command == b"\x60":
            return GET_VERSION_ANSWER
        return NAK

    def _header(self) -> bytes:
        if len(self.uid) != 7:
            return self.uid[:4].ljust(12, b"\0") + CAPABILITY_CONTAINER
        (_, first), (_, second) = self._levels
        return self.uid[:3] + first[4:] + second + b"\x48\x00\x00" + CAPABILITY_CONTAINER


def _cascade_levels(uid: bytes) -> Iterator[tuple[int, bytes]]:
    """Per cascade level: its command code, and the four bytes with their check byte (BCC)."""
    for code in (0x93, 0x95, 0x97):
        part, uid = (uid, b"") if len(uid) == 4 else (bytes([CASCADE_TAG]) + uid[:3], uid[3:])
        yield code, part + bytes([reduce(xor, part)])
        if not uid:
            return
