"""What can go wrong with staff accounts.

StaffError
├── WeakPassword     the password is too short or too long
├── InvalidEmail     not an e-mail address
├── EmailTaken       another staff member of this server has this e-mail address
├── WeakPin          no 6 to 12 digits, or one that is guessed first
├── PinTaken         another staff member of the organization has this PIN
├── UnknownRole      no such role
├── LoginRefused     wrong e-mail, wrong password or a disabled account: never says which
└── LoginDelayed     too many failures; `wait_s` seconds are left
"""

from __future__ import annotations

__all__ = [
    "EmailTaken",
    "InvalidEmail",
    "LoginDelayed",
    "LoginRefused",
    "PinTaken",
    "StaffError",
    "UnknownRole",
    "WeakPassword",
    "WeakPin",
]


class StaffError(Exception):
    """Base of everything that `server.staff` raises."""


class WeakPassword(StaffError, ValueError):
    """The password is too short or too long."""


class InvalidEmail(StaffError, ValueError):
    """This is no e-mail address."""


class EmailTaken(StaffError, ValueError):
    """The e-mail address already has a staff account."""


class WeakPin(StaffError, ValueError):
    """The PIN is no 6 to 12 digits, or one of those that are tried first."""


class PinTaken(StaffError, ValueError):
    """Somebody in the organization has this PIN: at a desk only the PIN says who it is."""


class UnknownRole(StaffError, ValueError):
    """There is no such role."""


class LoginRefused(StaffError):
    """The e-mail address and the password do not open an account."""


class LoginDelayed(StaffError):
    """Too many failures: try again in `wait_s` seconds."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"wait {wait_s} s")
        self.wait_s = wait_s
