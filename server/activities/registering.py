"""Registering people by hand: places are counted while the activity is held, so that no two take the last one.

Who finds no place waits. Whose registration is cancelled leaves a place that nobody gets by itself: the first of the
waitlist is given it by hand, and nobody who comes later overtakes them. Whoever is archived has no place and waits for
none; brought back, they have what they had, as who has a place keeps it when there are fewer.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from access.domain.registrations import RegistrationStatus
from server.activities import repository
from server.activities.errors import AlreadyThere, Full, NotOpen, StatusDiffers
from server.activities.places import ahead, crowd, overlap
from server.activities.rows import add_registration
from server.errors import NotFound
from server.models import Activity, Person, Registration

__all__ = ["Registered", "cancel_registration", "give_place", "register"]


_TICK: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Registered:
    """What became of one person: a place, or how many are ahead on the waitlist."""

    person: Person
    registration: Registration
    ahead: int | None


def register(
    session: Session,
    organization_id: str,
    activity_id: str,
    person_ids: Sequence[str],
    *,
    occurrence_ids: Collection[str] = (),
    has_invoice: bool = True,
    may_wait: bool = True,
    now: datetime,
) -> list[Registered]:
    """Registers people in the given order, for all of the activity or for these occurrences of it.

    Raises NotFound, NotOpen, AlreadyThere, and Full when there is no place for all and they may not wait.
    """
    activity = _locked(session, organization_id, activity_id)
    to_come = [each.id for each in repository.coming(session, activity_id, now)]
    chosen = [each for each in to_come if each in occurrence_ids]
    if activity.archived_at is not None or not to_come or (occurrence_ids and not chosen):
        raise NotOpen
    if len(chosen) != len(set(occurrence_ids)):
        raise NotFound("these are not all occurrences of the activity that are to come")
    people = repository.people_of(session, organization_id, person_ids)
    if not people or len(people) != len(set(person_ids)):
        raise NotFound("not everybody is there to be registered")
    standing = list(repository.standing_of(session, organization_id, activity_id))
    _refuse_twice(people, standing, chosen, to_come)
    # The waitlist goes by the instant: the order in which the activity was held, whatever the clocks of who asked.
    at = max([now, *(each.registered_at + _TICK for each in standing)])
    found = []
    for number, person in enumerate(people):
        has_place = crowd(standing, chosen, to_come).free_for_newcomers(activity.capacity)
        if not has_place and not may_wait:
            raise Full
        made = add_registration(
            session,
            person,
            activity_id,
            registered_at=at + number * _TICK,
            status=RegistrationStatus.REGISTERED if has_place else RegistrationStatus.WAITING,
            occurrence_ids=chosen,
            has_invoice=has_invoice,
        )
        waiting = [each for each in standing if each.status is RegistrationStatus.WAITING]
        found.append(Registered(person, made, None if has_place else ahead(made, waiting)))
        standing.append(made)
    session.flush()
    return found


def give_place(
    session: Session, organization_id: str, activity_id: str, registration_id: str, *, now: datetime
) -> Registration:
    """Gives somebody who waits a place that is free. Raises NotFound, StatusDiffers, NotOpen and Full."""
    activity = _locked(session, organization_id, activity_id)
    held = repository.registration_of(session, organization_id, activity_id, registration_id)
    if held.status is not RegistrationStatus.WAITING or held.person.archived_at is not None:
        raise StatusDiffers
    to_come = [each.id for each in repository.coming(session, activity_id, now)]
    is_over = not to_come or activity.archived_at is not None
    if is_over or (held.occurrence_ids and not overlap(held.occurrence_ids, to_come)):
        raise NotOpen
    others = [each for each in repository.standing_of(session, organization_id, activity_id) if each.id != held.id]
    if not crowd(others, held.occurrence_ids, to_come).free(activity.capacity):
        raise Full
    held.status = RegistrationStatus.REGISTERED
    return held


def cancel_registration(session: Session, organization_id: str, activity_id: str, registration_id: str) -> Registration:
    """Takes a place back, or somebody off the waitlist. Raises NotFound and StatusDiffers."""
    _locked(session, organization_id, activity_id)
    held = repository.registration_of(session, organization_id, activity_id, registration_id)
    if held.status is RegistrationStatus.CANCELLED:
        raise StatusDiffers
    held.status = RegistrationStatus.CANCELLED
    return held


def _locked(session: Session, organization_id: str, activity_id: str) -> Activity:
    found = repository.locked_activity(session, organization_id, activity_id)
    if found is None:
        raise NotFound("there is no such activity here")
    return found


def _refuse_twice(
    people: Sequence[Person], standing: Sequence[Registration], chosen: Collection[str], to_come: Collection[str]
) -> None:
    """One place in an occurrence is enough; what is over does not count."""
    meant = chosen or to_come
    for person in people:
        for each in standing:
            named = [one for one in each.occurrence_ids if one in to_come]
            is_over = bool(each.occurrence_ids) and not named
            if each.person_id == person.id and not is_over and overlap(named, meant):
                raise AlreadyThere(person.full_name, is_waiting=each.status is RegistrationStatus.WAITING)
