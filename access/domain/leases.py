"""Leases: uses of a strict pass that the centre lends to one door, which alone may spend them.

A use is either spent (and counted wherever it is known), lent (and reserved for its door) or free. Whatever is cut off
from whatever else, the three together never exceed what was sold, because a lent use becomes free again only by the
borrower's own word that it will not spend it any more, and only once every event before that word is known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from access.domain.errors import InvalidFact
from access.domain.instants import elapsed, require_aware

__all__ = ["KEPT_FREE", "LIFETIME", "SPARE", "DoorWord", "Lease", "Lent", "free_uses", "has_come_back", "lendable"]

LIFETIME = timedelta(hours=12)
"""How long a door may spend what it was lent."""

SPARE = 1
"""Uses lent beyond the one that is asked for, so that the next entry works without the centre."""

KEPT_FREE = 3
"""Spares are lent only while this many uses stay free: the last ones are not to lie at the wrong door."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """`count` uses of a pass, lent to `device` until the aware instant `expires_at`."""

    id: str
    multipass_id: str
    device: str
    count: int
    expires_at: datetime

    def __post_init__(self) -> None:
        require_aware(self.expires_at, f"expires_at of lease {self.id}")
        if self.count < 1:
            raise InvalidFact(f"lease {self.id} lends {self.count} uses; it is one or more")

    def is_over(self, at: datetime) -> bool:
        """Whether nothing may be spent of it any more at the aware instant."""
        return elapsed(at, self.expires_at) <= timedelta(0)


@dataclass(frozen=True, slots=True)
class Lent:
    """A lease that has not come back. `spent` counts the uses known to be spent of it, undone ones too; it was lent
    when the device's events were known up to `after_seq` at most."""

    lease: Lease
    spent: int = 0
    after_seq: int = 0

    @property
    def reserved(self) -> int:
        """Uses that the door may have spent, or may still spend, without anybody else knowing."""
        return max(0, self.lease.count - self.spent)


@dataclass(frozen=True, slots=True)
class DoorWord:
    """A door's own durable word: of leases that are over at `floor`, no event above `seq` spends any."""

    floor: datetime
    seq: int


def free_uses(total: int, used: int, lent: Iterable[Lent]) -> int:
    """What may still be lent. Below zero when the pass is overdrawn."""
    return total - used - sum(each.reserved for each in lent)


def lendable(free: int, *, is_spare: bool) -> int:
    """How many uses to lend to a door that needs one now, or that only asks for a spare; 0 is no."""
    if is_spare:
        return SPARE if free - SPARE >= KEPT_FREE else 0
    if free <= 0:
        return 0
    return 1 + SPARE if free - 1 - SPARE >= KEPT_FREE else 1


def has_come_back(lent: Lent, word: DoorWord | None, *, through_seq: int, parked: Collection[int]) -> bool:
    """Whether the uses reserved by a lease are free again: the door has given its word on it, and every event up to
    that word is known (`through_seq` without gaps) and understood (none of them `parked`)."""
    if word is None or not lent.lease.is_over(word.floor) or through_seq < word.seq:
        return False
    return not any(lent.after_seq < seq <= word.seq for seq in parked)
