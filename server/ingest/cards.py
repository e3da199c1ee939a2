"""Cards that a desk asked to assign: done when a staff member who may do so asked, for somebody of the organization.

Only the fingerprint is known here, never the code itself: such a card opens doors and cannot be printed again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.domain.staff import DeskPermission
from access.wire.events import Event as WireEvent
from access.wire.events import EventKind
from access.wire.topics import DeviceTopic
from server.audit.actor import Actor, acting
from server.ingest.quarantine import raise_alarm
from server.models.events import Event
from server.models.people import Credential, Person
from server.models.staff import Staff
from server.staff.permissions import desk_permissions_of_staff

__all__ = ["NOT_ASSIGNED", "assign_cards"]

NOT_ASSIGNED = "card_not_assigned"


def assign_cards(
    session: Session, identity: DeviceTopic, recorded: Iterable[tuple[WireEvent, Event]], *, now: datetime
) -> None:
    """Assigns what newly recorded events ask for; what cannot be is flagged, with an alarm for an admin."""
    for event, row in recorded:
        if event.kind is EventKind.CARD_REQUESTED and not _assign(session, identity.organization, event, row.person_id):
            row.flags = sorted({*row.flags, NOT_ASSIGNED})
            raise_alarm(session, identity, NOT_ASSIGNED, row.id, {"seq": event.seq}, now=now)


def _assign(session: Session, organization_id: str, event: WireEvent, person_id: str | None) -> bool:
    """Whether the person, or whom they were merged into, now holds the card.

    A card that somebody else holds never changes hands this way.
    """
    presented = event.credential
    person = session.get(Person, person_id) if person_id else None
    if person is not None and (person.erased_at or person.merged_into or person.archived_at):
        return False
    if presented is None or presented.length is not None or person is None or person.organization_id != organization_id:
        return False
    if not _may_assign(session, organization_id, event.staff):
        return False
    wanted = select(Credential).where(
        Credential.organization_id == organization_id, Credential.fingerprint == presented.fingerprint
    )
    known = session.scalars(wanted).one_or_none()
    if known is not None:
        return known.person_id == person.id and known.revoked_at is None
    with acting(Actor("door", event.staff)):
        session.add(
            Credential(
                organization_id=organization_id,
                person_id=person.id,
                kind=presented.kind,
                value="",
                fingerprint=presented.fingerprint,
                issued_at=event.occurred_at,
                issued_by=event.staff,
            )
        )
        session.flush()
    return True


def _may_assign(session: Session, organization_id: str, staff_id: str | None) -> bool:
    staff = session.get(Staff, staff_id) if staff_id else None
    if staff is None or staff.organization_id != organization_id or not staff.is_active:
        return False
    return DeskPermission.ASSIGN_CARD in desk_permissions_of_staff(staff)
