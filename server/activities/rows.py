"""The one way rows of activities are written: by hand, by an import or the API, and by the demo.

Nothing is flushed here, and nothing refused: what another system registered is a fact.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from access.domain.instants import in_utc
from access.domain.registrations import ActivityKind, RegistrationStatus
from server.models import Activity, Occurrence, Person, Registration, new_id

__all__ = ["add_activity", "add_occurrence", "add_registration"]


def add_activity(
    session: Session,
    organization_id: str,
    *,
    kind: ActivityKind,
    name_en: str,
    name_fr: str = "",
    code: str | None = None,
    facility_id: str | None = None,
    capacity: int | None = None,
    id: str | None = None,
) -> Activity:
    """A new activity without occurrences."""
    made = Activity(
        id=id or new_id(),
        organization_id=organization_id,
        kind=kind,
        name_en=name_en,
        name_fr=name_fr,
        code=code,
        facility_id=facility_id,
        capacity=capacity,
    )
    session.add(made)
    return made


def add_occurrence(
    session: Session, activity_id: str, starts_at: datetime, ends_at: datetime, *, id: str | None = None
) -> Occurrence:
    """A new meeting of the activity. The caller knows that it ends after its start."""
    made = Occurrence(id=id or new_id(), activity_id=activity_id, starts_at=in_utc(starts_at), ends_at=in_utc(ends_at))
    session.add(made)
    return made


def add_registration(
    session: Session,
    person: Person,
    activity_id: str,
    *,
    registered_at: datetime,
    status: RegistrationStatus = RegistrationStatus.REGISTERED,
    occurrence_ids: Sequence[str] = (),
    has_invoice: bool = True,
    external_id: str | None = None,
    id: str | None = None,
) -> Registration:
    """A new place of the person; no `occurrence_ids` means all of the activity."""
    made = Registration(
        id=id or new_id(),
        organization_id=person.organization_id,
        account_id=person.account_id,
        person_id=person.id,
        activity_id=activity_id,
        status=status,
        occurrence_ids=list(occurrence_ids),
        has_invoice=has_invoice,
        external_id=external_id,
        registered_at=registered_at,
    )
    session.add(made)
    return made
