"""What can be refused about activities. Nothing was written when one of these is raised.

ActivityError
├── CodeTaken          another activity of the organization has this code
├── KindFixed          somebody is registered: it cannot become another kind of activity
├── StillToCome        it takes place again, so it cannot be archived
├── IsArchived         it is in the archive: it takes place no more until it is taken out
├── Ended              an occurrence that ends at or before its start
├── TooMany            a rule means more occurrences than are made at once
├── NotOpen            archived or over: nobody can be registered (any more)
├── AlreadyThere       the person has, or waits for, a place in the same; `is_waiting` says which
├── Full               there is no place
└── StatusDiffers      somebody else cancelled or moved the registration meanwhile
"""

from __future__ import annotations

__all__ = [
    "ActivityError",
    "AlreadyThere",
    "CodeTaken",
    "Ended",
    "Full",
    "IsArchived",
    "KindFixed",
    "NotOpen",
    "StatusDiffers",
    "StillToCome",
    "TooMany",
]


class ActivityError(Exception):
    """Base of everything that `server.activities` raises."""


class CodeTaken(ActivityError):
    """The code is another activity's."""


class KindFixed(ActivityError):
    """People are registered for what it is."""


class StillToCome(ActivityError):
    """An occurrence that is not cancelled has not ended."""


class IsArchived(ActivityError):
    """Whoever wants it to take place takes it out of the archive first."""


class Ended(ActivityError, ValueError):
    """The end is not after the start."""


class TooMany(ActivityError):
    """`most` is how many are made at once."""

    def __init__(self, most: int) -> None:
        super().__init__(str(most))
        self.most = most


class NotOpen(ActivityError):
    """Nothing of it is to come, or it is archived."""


class AlreadyThere(ActivityError):
    """`name` is the person's."""

    def __init__(self, name: str, *, is_waiting: bool) -> None:
        super().__init__(is_waiting)
        self.name, self.is_waiting = name, is_waiting


class Full(ActivityError):
    """Everyone who has a place has one that somebody else would need."""


class StatusDiffers(ActivityError):
    """The registration is not what the page showed."""
