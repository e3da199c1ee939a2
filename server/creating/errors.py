"""What can be refused while an account begins. Nothing was written when one of these is raised.

CreatingError
├── AddressRefused   the e-mail cannot be used here; `answer` says why
├── SentTooOften     another request went out a moment ago, or many today
├── NotSendable      there is nobody or no address to send it to; `code` says why
├── LinkRefused      the link is wrong, used, replaced or too old; which of them is not said
├── UsernameRefused  `code`: taken, too_short, too_long, bad_letters, not_yours
└── SignInRefused    the username or the password is wrong; which of them is not said
"""

from __future__ import annotations

__all__ = [
    "AddressRefused",
    "CreatingError",
    "LinkRefused",
    "NotSendable",
    "SentTooOften",
    "SignInRefused",
    "UsernameRefused",
]


class CreatingError(Exception):
    """Base of everything that `server.creating` raises."""


class AddressRefused(CreatingError):
    """`answer` is an `EmailAnswer` other than NEW."""

    def __init__(self, answer: str) -> None:
        super().__init__(answer)
        self.answer = answer


class SentTooOften(CreatingError):
    """Wait before the next one."""


class NotSendable(CreatingError):
    """`code`: no_email, no_owner, answered, other_address."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class LinkRefused(CreatingError):
    """It opens nothing (any more)."""


class UsernameRefused(CreatingError):
    """`code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class SignInRefused(CreatingError):
    """Nobody is signed in."""
