"""Registrations as the account page lists them: family multipasses first, then people by first name. Pure.

An expired membership, and a multipass with nothing left or past its last day, is not listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

from access.domain.memberships import Membership, MembershipStatus
from access.domain.multipasses import Multipass, MultipassState, MultipassStatus, PassUse
from access.domain.names import without_accents

__all__ = ["MembershipLine", "MultipassLine", "PersonLines", "Registrations", "by_first_name", "registrations"]


@dataclass(frozen=True, slots=True)
class MembershipLine:
    """A membership with its status on the day and the date that goes with it, if one does."""

    membership: Membership
    status: MembershipStatus
    date: date | None


@dataclass(frozen=True, slots=True)
class MultipassLine:
    """A multipass with what is left. `is_ahead`: it takes effect on a later day, which is then `date`."""

    state: MultipassState
    status: MultipassStatus
    is_ahead: bool
    date: date | None


@dataclass(frozen=True, slots=True)
class PersonLines:
    """What one person has."""

    person_id: str
    memberships: tuple[MembershipLine, ...]
    multipasses: tuple[MultipassLine, ...]


@dataclass(frozen=True, slots=True)
class Registrations:
    """What the account has: the passes anyone on it may use, then each person's own."""

    family: tuple[MultipassLine, ...]
    people: tuple[PersonLines, ...]


def by_first_name(first_name: str, last_name: str) -> tuple[str, str]:
    """The key that sorts people by first name as people do, accents and case apart."""
    return without_accents(first_name), without_accents(last_name)


def registrations(
    person_ids: Sequence[str],
    memberships: Iterable[Membership],
    multipasses: Iterable[Multipass],
    uses: Sequence[PassUse],
    *,
    day: date,
    zone: tzinfo,
) -> Registrations:
    """The lists for a local day; `person_ids` are in the order to show."""
    held = [line for each in memberships if (line := _membership_line(each, day))]
    passes = [counted for each in multipasses if (counted := _multipass_line(each.state(uses, zone), day))]
    held.sort(key=lambda line: (line.membership.starts_on, line.membership.id))
    passes.sort(key=lambda line: (line.state.multipass.purchased_on, line.state.multipass.id))
    return Registrations(
        family=tuple(line for line in passes if line.state.multipass.person_id is None),
        people=tuple(
            PersonLines(
                person_id,
                tuple(line for line in held if person_id in line.membership.person_ids),
                tuple(line for line in passes if line.state.multipass.person_id == person_id),
            )
            for person_id in person_ids
        ),
    )


def _membership_line(membership: Membership, day: date) -> MembershipLine | None:
    status = membership.status_on(day)
    return MembershipLine(membership, status, _membership_date(membership, status, day)) if status else None


def _membership_date(membership: Membership, status: MembershipStatus, day: date) -> date | None:
    if status is MembershipStatus.SOON_TO_BE_ACTIVE:
        return membership.starts_on
    if status is MembershipStatus.ON_PAUSE:
        pause = membership.pause_on(day)
        return pause.last_on if pause else None
    if status is MembershipStatus.UPCOMING_PAUSE:
        return min(pause.first_on for pause in membership.pauses if pause.first_on > day)
    return membership.last_on


def _multipass_line(state: MultipassState, day: date) -> MultipassLine | None:
    status = state.status_on(day)
    if status is None:
        return None
    is_ahead = not state.has_started_on(day)
    return MultipassLine(state, status, is_ahead, state.effective_on if is_ahead else state.expires_on)
