"""What people are registered for, as Registrations lists it. Pure.

A session is listed while one of its occurrences is to come; so are drop-ins, lessons and bookings. On the waitlist, a
person's position is how many who wait are ahead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from access.domain.people import Text
from access.domain.registrations import ActivityKind, RegistrationStatus
from server.activities.places import ahead

__all__ = ["DatedLine", "Meeting", "Place", "dated_lines"]


@dataclass(frozen=True, slots=True)
class Meeting:
    """One occurrence."""

    id: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A registration with its activity. No `occurrence_ids` means all of them."""

    id: str
    person_id: str
    activity_id: str
    kind: ActivityKind
    name: Text
    status: RegistrationStatus
    registered_at: datetime
    occurrence_ids: tuple[str, ...] = ()
    has_invoice: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedLine:
    """One line of a person: the first start and last end, the next (or present) meeting, and who is ahead."""

    place: Place
    starts_at: datetime
    ends_at: datetime
    next: Meeting
    ahead: int | None

    @property
    def has_several(self) -> bool:
        """Whether there is more than the one meeting."""
        return (self.starts_at, self.ends_at) != (self.next.starts_at, self.next.ends_at)


def dated_lines(
    places: Iterable[Place], meetings: Mapping[str, Sequence[Meeting]], waiting: Iterable[Place], *, now: datetime
) -> dict[str, list[DatedLine]]:
    """The lines of each person, by their next start. `meetings` are by activity, cancelled ones left out.

    `waiting` is everyone who waits for these activities, whatever their account.
    """
    queue = list(waiting)
    found: dict[str, list[DatedLine]] = {}
    for place in places:
        if place.status is RegistrationStatus.CANCELLED:
            continue
        own = [each for each in meetings.get(place.activity_id, ()) if _is_of(place, each.id)]
        coming = min((each for each in own if each.ends_at > now), key=lambda each: each.starts_at, default=None)
        if coming is None:
            continue
        line = DatedLine(
            place=place,
            starts_at=min(each.starts_at for each in own),
            ends_at=max(each.ends_at for each in own),
            next=coming,
            ahead=ahead(place, queue) if place.status is RegistrationStatus.WAITING else None,
        )
        found.setdefault(place.person_id, []).append(line)
    for lines in found.values():
        lines.sort(key=lambda line: (line.next.starts_at, line.place.id))
    return found


def _is_of(place: Place, occurrence_id: str) -> bool:
    return not place.occurrence_ids or occurrence_id in place.occurrence_ids
