"""Passwords: Argon2id hashes, and a verification that takes the same time whether or not there is an account."""

from __future__ import annotations

import secrets
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from server.staff.errors import WeakPassword

__all__ = ["MAX_PASSWORD_CHARACTERS", "MIN_PASSWORD_CHARACTERS", "hash_password", "verify_password"]

MIN_PASSWORD_CHARACTERS = 10
MAX_PASSWORD_CHARACTERS = 256
_HASHER = PasswordHasher()
_AT_ONCE = BoundedSemaphore(2)
"""Each hash takes 64 MiB, whether it is made or verified: a crowd waits its turn."""


def hash_password(password: str) -> str:
    """The Argon2id hash to store. Raises `WeakPassword` when it is too short or too long."""
    if not MIN_PASSWORD_CHARACTERS <= len(password) <= MAX_PASSWORD_CHARACTERS:
        raise WeakPassword(f"a password has {MIN_PASSWORD_CHARACTERS} to {MAX_PASSWORD_CHARACTERS} characters")
    with _AT_ONCE:
        return _HASHER.hash(password)


def verify_password(stored: str | None, password: str) -> bool:
    """Whether the password belongs to the stored hash. Without one the same work is done, and the answer is no."""
    try:
        with _AT_ONCE:
            # One that was never made is made inside: several threads may make it, none of them beyond the bound.
            is_right = _HASHER.verify(stored or _nobodys_hash(), password[: MAX_PASSWORD_CHARACTERS + 1])
    except (VerificationError, InvalidHashError):
        return False
    return is_right and stored is not None


@cache
def _nobodys_hash() -> str:
    return _HASHER.hash(secrets.token_hex(16))
