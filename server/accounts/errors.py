"""What can be refused when an account is changed. Nothing was written when one of these is raised.

AccountError
├── InvalidEntry       no amount, one of the wrong sign, or one beyond any invoice
├── EntryDiffers       another entry with other values has this key of another system
├── ChangedMeanwhile   somebody else changed it after the page was opened
├── OwnerRefused       this person cannot be the account owner; `code` says why
└── MoveRefused        this person cannot go to that account; `code` says why
"""

from __future__ import annotations

__all__ = ["AccountError", "ChangedMeanwhile", "EntryDiffers", "InvalidEntry", "MoveRefused", "OwnerRefused"]


class AccountError(Exception):
    """Base of everything that `server.accounts` raises."""


class InvalidEntry(AccountError, ValueError):
    """An entry that cannot be: see `server.accounts.balance.enter`."""


class EntryDiffers(AccountError, ValueError):
    """The key of the other system is taken by an entry with another amount, kind, account or due date."""


class ChangedMeanwhile(AccountError):
    """What is saved is not what the page was opened with."""


class OwnerRefused(AccountError):
    """`code` is one of: not_a_member, under_age, one_adult."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class MoveRefused(AccountError):
    """`code` is one of: same_account, is_owner, unknown_account, shared_membership."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
