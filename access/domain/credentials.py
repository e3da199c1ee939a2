"""Credentials: from the bytes of a reader to one canonical code, and from a code to its keyed fingerprint.

Nothing but a fingerprint is stored or sent. AIM prefixes are ISO/IEC 15424 symbology identifiers; an NFC UID has
4, 7 or 10 bytes (ISO/IEC 14443-3, cascade levels).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "MAX_CODE_CHARACTERS",
    "Code",
    "Credential",
    "CredentialKind",
    "CredentialStatus",
    "UnreadableCode",
    "fingerprint",
    "normalise",
    "normalise_uid",
    "unreadable_fingerprint",
]

MAX_CODE_CHARACTERS = 512
_UID_SIZES = (4, 7, 10)
# In one set, so that a hostile read of a megabyte is stripped in one pass.
_FRAMING = "\x00\x02\x03\x04\x1d\x1e\ufeff" + "".join(filter(str.isspace, map(chr, range(0x3001))))
_AIM_PREFIX = re.compile(r"^\][A-Za-z][0-9A-Za-z]")
_UID_SEPARATORS = re.compile(r"[\s:.,\-_]")
_UID_BYTE_PREFIX = re.compile(r"(?:^|(?<=[\s:.,\-_]))0[xX]")


class CredentialKind(StrEnum):
    """How a credential is presented. One printed code is one credential, read as Code 128, as QR or from an NFC tag."""

    BARCODE = "barcode"
    QR = "qr"
    NFC = "nfc"
    NFC_TEXT = "nfc_text"


class CredentialStatus(StrEnum):
    """What could be found out about a presented credential."""

    VALID = "valid"
    UNREADABLE = "unreadable"
    UNKNOWN = "unknown"
    REVOKED = "revoked"
    FORGED = "forged"
    REPLAYED = "replayed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Code:
    """A readable code: its kind and canonical text (for NFC the UID as upper-case hexadecimal)."""

    kind: CredentialKind
    value: str


@dataclass(frozen=True, slots=True)
class UnreadableCode:
    """A read that is no code; `length` is in bytes, `problem` is for staff and logs and quotes nothing of it."""

    kind: CredentialKind
    length: int
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A credential that a person holds, known by its fingerprint."""

    fingerprint: str
    person_id: str
    account_id: str
    kind: CredentialKind = CredentialKind.BARCODE
    is_revoked: bool = False


def normalise(data: bytes, *, technology: str, symbology: str | None = None) -> Code | UnreadableCode:
    """The canonical code of what a reader read.

    `technology` is "barcode", "camera" or "nfc". Framing (STX, ETX, NUL, byte order marks), surrounding white space
    and an AIM prefix are taken off; what remains must be 1 to 512 printable characters of valid UTF-8.
    """
    if technology == "nfc" and (symbology or "").upper() != "NDEF":
        return _normalise_nfc(data)
    kind = CredentialKind.NFC_TEXT if technology == "nfc" else _optical_kind(symbology)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return UnreadableCode(kind, len(data), "not valid UTF-8")
    aim = _AIM_PREFIX.match(_unframed(text))
    if aim and aim[0][1] == "Q":
        kind = CredentialKind.QR
    value = _unframed(_AIM_PREFIX.sub("", _unframed(text)))
    if problem := _code_problem(value):
        return UnreadableCode(kind, len(data), problem)
    return Code(kind, unicodedata.normalize("NFC", value))


def _normalise_nfc(data: bytes) -> Code | UnreadableCode:
    # Text first: "04A224B2" with a line end is ten bytes too.
    with suppress(ValueError):
        return Code(CredentialKind.NFC, normalise_uid(data.decode("ascii")))
    if len(data) in _UID_SIZES and any(data):
        return Code(CredentialKind.NFC, data.hex().upper())
    return UnreadableCode(CredentialKind.NFC, len(data), "not a UID of 4, 7 or 10 bytes")


def normalise_uid(text: str) -> str:
    """The canonical form of a UID written in hexadecimal: `04:a2:24:b2`, `0x04A224B2` and `04 A2 24 B2` are one.

    Raises ValueError when it is not 4, 7 or 10 bytes of hexadecimal, or all zero (what a reader says without a card).
    """
    digits = _UID_SEPARATORS.sub("", _UID_BYTE_PREFIX.sub("", _unframed(text)))
    is_whole = re.fullmatch(r"[0-9A-Fa-f]+", digits) and len(digits) in {2 * size for size in _UID_SIZES}
    if not is_whole or not digits.strip("0"):
        raise ValueError("a UID is 4, 7 or 10 bytes in hexadecimal, such as 04A224B2C35280")
    return digits.upper()


def _unframed(text: str) -> str:
    return text.strip(_FRAMING)


def _code_problem(value: str) -> str | None:
    if not value:
        return "empty"
    if len(value) > MAX_CODE_CHARACTERS:
        return f"longer than {MAX_CODE_CHARACTERS} characters"
    if not value.isprintable():
        return "control or formatting characters inside"
    return None


def _optical_kind(symbology: str | None) -> CredentialKind:
    letters = "".join(filter(str.isalpha, (symbology or "").lower()))
    return CredentialKind.QR if letters.startswith(("qr", "microqr", "rmqr")) else CredentialKind.BARCODE


def fingerprint(key: bytes, code: Code) -> str:
    """The keyed fingerprint of a code: 32 hexadecimal digits of HMAC-SHA256 under the organization's key.

    Written codes (printed, or as text on a tag) share one namespace and NFC UIDs have another, so that a number
    anyone can write is never taken for a chip.
    """
    namespace = b"nfc" if code.kind is CredentialKind.NFC else b"code"
    return _keyed(key, namespace, code.value.encode())


def unreadable_fingerprint(key: bytes, data: bytes) -> str:
    """The fingerprint under which an unreadable read is recorded, so that staff can tell one from another."""
    return _keyed(key, b"unreadable", data)


def _keyed(key: bytes, namespace: bytes, value: bytes) -> str:
    message = b"gatehouse/credential/1\0" + namespace + b"\0" + value
    return hmac.new(key, message, hashlib.sha256).hexdigest()[:32]
