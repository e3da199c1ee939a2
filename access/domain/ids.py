"""Event ids: UUID version 7 (RFC 9562, section 5.7), made from a given time and given random bytes."""

from __future__ import annotations

import uuid

__all__ = ["uuid7"]


def uuid7(unix_ms: int, random: bytes) -> str:
    """The canonical text of a UUIDv7.

    `unix_ms` is milliseconds since 1970 (48 bits are used); `random` is exactly 10 bytes.
    """
    if len(random) != 10:
        raise ValueError(f"uuid7 needs 10 random bytes, got {len(random)}")
    tail = int.from_bytes(random, "big")
    rand_a, rand_b = tail >> 68, tail & ((1 << 62) - 1)
    value = (unix_ms & ((1 << 48) - 1)) << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b
    return str(uuid.UUID(int=value))
