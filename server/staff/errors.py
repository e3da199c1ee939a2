"""What can go wrong with staff accounts.

StaffError
├── WeakPassword     the password is too short or too long
├── InvalidEmail     not an e-mail address
├── EmailTaken       another staff member of the organization has this e-mail address
├── WeakPin          no 6 to 12 digits, or one that is guessed first
├── PinTaken         another staff member of the organization has this PIN
├── UnknownRole      no such role
├── BeyondOwn        nobody gives, or takes over, what they may not do themselves
├── OwnAccount       one's own password and second factor are changed on one's profile, against the old ones
├── LastAdmin        somebody must remain who may change staff and roles
├── RoleInUse        somebody has the role
├── WrongCode        not the code of the second factor, or one that was used
├── LoginRefused     wrong e-mail, wrong password or a disabled account: never says which
├── WhichOne         right, in several organizations: `choices` says which
└── LoginDelayed     too many failures; `wait_s` seconds are left
"""

from __future__ import annotations

from access.domain.people import Text

__all__ = [
    "BeyondOwn",
    "EmailTaken",
    "InvalidEmail",
    "LastAdmin",
    "LoginDelayed",
    "LoginRefused",
    "OwnAccount",
    "PinTaken",
    "RoleInUse",
    "StaffError",
    "UnknownRole",
    "WeakPassword",
    "WeakPin",
    "WhichOne",
    "WrongCode",
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


class BeyondOwn(StaffError, ValueError):
    """Whoever changes this may not do all that it allows."""


class OwnAccount(StaffError, ValueError):
    """It is one's own: whoever finds a browser open must not take the account over."""


class LastAdmin(StaffError, ValueError):
    """Nobody would be left who may change staff and roles."""


class RoleInUse(StaffError, ValueError):
    """Somebody has the role."""


class WrongCode(StaffError):
    """This is not the code of the second factor, or it was used before."""


class WhichOne(StaffError):
    """E-mail and password are right in several organizations. `choices`: staff id and organization's name.

    `proven`: staff ids, each with what shows that the password was right; it says so until the password changes.
    """

    def __init__(self, choices: tuple[tuple[str, Text], ...], proven: tuple[tuple[str, str], ...]) -> None:
        super().__init__(f"{len(choices)} organizations")
        self.choices, self.proven = choices, proven


class LoginRefused(StaffError):
    """The e-mail address and the password do not open an account."""


class LoginDelayed(StaffError):
    """Too many failures: try again in `wait_s` seconds."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"wait {wait_s} s")
        self.wait_s = wait_s
