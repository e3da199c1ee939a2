"""Desk PINs: Argon2id (RFC 9106) in its usual text form, made at the centre and checked at a door.

Only the PIN names its owner, so all PINs of an organization share one salt: a door hashes what was typed once and
looks for it among its staff. A PIN is short: against guessing at the pad it is the door's delays that protect, and
who steals a door's files can find the PINs of its staff. They open nothing but a desk.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterable
from itertools import pairwise

from argon2.low_level import Type, hash_secret

__all__ = [
    "MAX_PIN_DIGITS",
    "MIN_PIN_DIGITS",
    "PIN_SALT_BYTES",
    "hash_pin",
    "is_plain_pin",
    "is_trivial_pin",
    "who_has_pin",
]

MIN_PIN_DIGITS, MAX_PIN_DIGITS = 6, 12
PIN_SALT_BYTES = 16
_MEMORY_KIB, _PASSES, _LANES = 65_536, 3, 1
_TEXT_FORM = re.compile(r"\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d)\$([A-Za-z0-9+/]{11,64})\$([A-Za-z0-9+/]+)")
_MOST_MEMORY_KIB = 262_144


def is_plain_pin(pin: str) -> bool:
    """Whether it is 6 to 12 of the digits 0-9."""
    return pin.isascii() and pin.isdigit() and MIN_PIN_DIGITS <= len(pin) <= MAX_PIN_DIGITS


def is_trivial_pin(pin: str) -> bool:
    """Whether it is one that is tried first: few different digits, a run up or down, a repeated block."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    is_block = any(
        len(pin) % size == 0 and pin == pin[:size] * (len(pin) // size) for size in (2, 3, 4) if size < len(pin)
    )
    return len(set(pin)) < 3 or len(steps) == 1 or is_block


def hash_pin(pin: str, salt: bytes) -> str:
    """The Argon2id text of a PIN under the organization's salt (16 bytes)."""
    hashed = hash_secret(
        pin.encode(),
        salt,
        time_cost=_PASSES,
        memory_cost=_MEMORY_KIB,
        parallelism=_LANES,
        hash_len=32,
        type=Type.ID,
    )
    return hashed.decode()


def who_has_pin(pin: str, hashes: Iterable[tuple[str, str]]) -> str | None:
    """The id beside the hash that is the PIN's, from pairs of id and hash; None when it is nobody's.

    One Argon2id calculation for each salt and cost among the hashes (normally one); a hash that is none is passed
    over. Takes tens of milliseconds and 64 MiB.
    """
    typed: dict[str, bytes] = {}
    found = None
    for id_, text in hashes:
        head = text.rpartition("$")[0]
        if not text or (head not in typed and not _calculate(pin, text, head, typed)):
            continue
        if hmac.compare_digest(typed[head], text.encode()):
            found = id_
    return found


def _calculate(pin: str, text: str, head: str, typed: dict[str, bytes]) -> bool:
    parts = _TEXT_FORM.fullmatch(text)
    if parts is None or not 8 <= int(parts[1]) <= _MOST_MEMORY_KIB or not int(parts[2]) or not int(parts[3]):
        return False
    typed[head] = hash_secret(
        pin.encode(),
        _unpadded(parts[4]),
        time_cost=int(parts[2]),
        memory_cost=int(parts[1]),
        parallelism=int(parts[3]),
        hash_len=len(_unpadded(parts[5])),
        type=Type.ID,
    )
    return True


def _unpadded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))
