"""The second factor: codes by time (TOTP, RFC 6238: SHA-1, 6 digits, 30 seconds) and recovery codes.

The secret is encrypted with a key that is not in the database. A time step that was used is never accepted again, one
step of drift to either side is. Recovery codes are kept as keyed hashes, and each works once.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import datetime
from typing import Final
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from server.models import Staff
from server.secrets import SecretBox, derived_key
from server.staff.errors import WrongCode

__all__ = [
    "RECOVERY_CODES",
    "accept",
    "begin",
    "confirm",
    "forget_pending",
    "is_on",
    "new_recovery_codes",
    "provisioning_uri",
    "secret_text",
    "turn_off",
]

RECOVERY_CODES: Final = 10
_DIGITS: Final = 6
_STEP_S: Final = 30
_DRIFT: Final = (0, -1, 1)
_SECRET_BYTES: Final = 20
_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def is_on(staff: Staff) -> bool:
    """Whether a login asks for a code."""
    return staff.totp_confirmed_at is not None and staff.totp_secret is not None


def begin(staff: Staff, server_key: str) -> None:
    """A new secret, to be confirmed with a code before it counts. One that waits for that is kept."""
    if is_on(staff):
        raise ValueError("the second factor is on already")
    if staff.totp_secret is None or _opened(staff, server_key) is None:
        staff.totp_secret, staff.totp_step = _box(server_key).close(secrets.token_bytes(_SECRET_BYTES), staff.id), 0


def forget_pending(staff: Staff) -> None:
    """Drops a secret that waits for its first code: whoever had the old password may have read it."""
    if not is_on(staff):
        staff.totp_secret = None


def secret_text(staff: Staff, server_key: str) -> str:
    """The secret as one types it into an app, in groups of four."""
    text = _base32(staff, server_key)
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def provisioning_uri(staff: Staff, server_key: str, issuer: str) -> str:
    """What the QR code says to an authenticator app."""
    label = quote(f"{issuer.replace(':', ' ')}:{staff.email}")
    return f"otpauth://totp/{label}?secret={_base32(staff, server_key)}&issuer={quote(issuer.replace(':', ' '))}"


def confirm(staff: Staff, server_key: str, code: str, *, now: datetime) -> list[str]:
    """Turns it on, and answers the recovery codes, this once. Raises `WrongCode`."""
    if is_on(staff) or not _is_right(staff, server_key, code, now):
        raise WrongCode
    staff.totp_confirmed_at = now
    return new_recovery_codes(staff, server_key)


def accept(staff: Staff, server_key: str, code: str, *, now: datetime) -> None:
    """Takes a code by time or a recovery code, and uses it up. Raises `WrongCode`. The caller holds the row's lock."""
    if not is_on(staff):
        raise WrongCode
    if _is_right(staff, server_key, code, now):
        return
    hashed = _recovery_hash(staff, server_key, code)
    if not any(hmac.compare_digest(hashed, each) for each in staff.recovery_hashes):
        raise WrongCode
    staff.recovery_hashes = [each for each in staff.recovery_hashes if each != hashed]


def new_recovery_codes(staff: Staff, server_key: str) -> list[str]:
    """Ten new codes in the place of the old ones; only their hashes are kept."""
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(10)) for _ in range(RECOVERY_CODES)]
    staff.recovery_hashes = [_recovery_hash(staff, server_key, each) for each in codes]
    return [f"{each[:5]}-{each[5:]}" for each in codes]


def turn_off(staff: Staff) -> None:
    """Forgets secret and recovery codes: logins ask for the password only."""
    staff.totp_secret, staff.totp_confirmed_at, staff.recovery_hashes = None, None, []


def _is_right(staff: Staff, server_key: str, code: str, now: datetime) -> bool:
    secret = _opened(staff, server_key)
    digits = "".join(code.split())
    if secret is None or len(digits) != _DIGITS or not (digits.isascii() and digits.isdigit()):
        return False
    totp, step = TOTP(secret, _DIGITS, SHA1(), _STEP_S), int(now.timestamp()) // _STEP_S
    for each in (step + drift for drift in _DRIFT):
        if each > staff.totp_step and hmac.compare_digest(totp.generate(each * _STEP_S), digits.encode()):
            staff.totp_step = each
            return True
    return False


def _opened(staff: Staff, server_key: str) -> bytes | None:
    return _box(server_key).open(staff.totp_secret, staff.id) if staff.totp_secret is not None else None


def _base32(staff: Staff, server_key: str) -> str:
    secret = _opened(staff, server_key)
    if secret is None:
        raise ValueError("there is no secret that this server can read")
    return base64.b32encode(secret).decode()


def _recovery_hash(staff: Staff, server_key: str, code: str) -> str:
    plain = "".join(each for each in code.upper() if each.isalnum())
    return hmac.digest(
        derived_key(server_key, "gatehouse recovery codes"), f"{staff.id}:{plain}".encode(), "sha256"
    ).hex()


def _box(server_key: str) -> SecretBox:
    return SecretBox(server_key, "gatehouse second factor")
