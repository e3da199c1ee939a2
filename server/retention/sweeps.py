"""What simply goes when it is old enough: settled alarms, sent e-mails, ended sessions, quarantine, replaced pictures.

Each sweep counts what it would delete, and deletes one chunk of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Select, Table, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from server.models import (
    Alarm,
    ClientSession,
    ClientToken,
    DeviceTrim,
    EnrolmentCode,
    Mail,
    Person,
    PictureVersion,
    QuarantinedMessage,
    Staff,
    StaffSession,
    WebhookDelivery,
)

__all__ = ["SWEEPS", "count", "sweep_chunk"]

_CHUNK: Final = 500


def _alarms(organization_id: str, before: datetime) -> Select[Any]:
    return select(Alarm.id).where(Alarm.organization_id == organization_id, Alarm.settled_at < before)


def _mails(organization_id: str, before: datetime) -> Select[Any]:
    is_over = or_(Mail.sent_at < before, Mail.given_up_at < before)
    return select(Mail.id).where(Mail.organization_id == organization_id, is_over)


def _links(organization_id: str, before: datetime) -> Select[Any]:
    return select(ClientToken.token_hash).where(
        ClientToken.organization_id == organization_id, ClientToken.expires_at < before
    )


def _deliveries(organization_id: str, before: datetime) -> Select[Any]:
    is_over = or_(WebhookDelivery.delivered_at < before, WebhookDelivery.given_up_at < before)
    return select(WebhookDelivery.id).where(WebhookDelivery.organization_id == organization_id, is_over)


def _sessions(organization_id: str, before: datetime) -> Select[Any]:
    mine = select(Staff.id).where(Staff.organization_id == organization_id)
    return select(StaffSession.token_hash).where(StaffSession.staff_id.in_(mine), StaffSession.expires_at < before)


def _client_sessions(organization_id: str, before: datetime) -> Select[Any]:
    """Those of everybody whom the organization knows: a client signs in once for all that do."""
    mine = select(Person.identity_id).where(Person.organization_id == organization_id, Person.identity_id.is_not(None))
    return select(ClientSession.token_hash).where(
        ClientSession.identity_id.in_(mine), ClientSession.expires_at < before
    )


def _codes(organization_id: str, before: datetime) -> Select[Any]:
    return select(EnrolmentCode.id).where(
        EnrolmentCode.organization_id == organization_id, EnrolmentCode.expires_at < before
    )


def _quarantine(organization_id: str, before: datetime) -> Select[Any]:
    """Where a message is a link of a device's chain, only its words go, until the chain begins after it."""
    is_link = QuarantinedMessage.seq > func.coalesce(DeviceTrim.through_seq, 0)
    has_words = func.length(QuarantinedMessage.payload) > 0
    return (
        select(QuarantinedMessage.id)
        .outerjoin(DeviceTrim, DeviceTrim.device_id == QuarantinedMessage.device_id)
        .where(
            QuarantinedMessage.organization_id == organization_id,
            QuarantinedMessage.received_at < before,
            or_(QuarantinedMessage.seq.is_(None), ~is_link, has_words),
        )
    )


def _pictures(organization_id: str, before: datetime) -> Select[Any]:
    """Changes that a later one of the same person and role replaced before the instant, and no present picture."""
    later = aliased(PictureVersion)
    is_replaced = (
        select(later.id)
        .where(
            later.person_id == PictureVersion.person_id,
            later.role == PictureVersion.role,
            later.changed_at > PictureVersion.changed_at,
            later.changed_at < before,
        )
        .exists()
    )
    is_shown = (
        select(Person.id)
        .where(
            Person.id == PictureVersion.person_id,
            or_(
                and_(PictureVersion.role == "access", Person.access_picture == PictureVersion.picture),
                and_(PictureVersion.role == "profile", Person.profile_picture == PictureVersion.picture),
            ),
        )
        .exists()
    )
    return select(PictureVersion.id).where(
        PictureVersion.organization_id == organization_id, PictureVersion.changed_at < before, is_replaced, ~is_shown
    )


_Finder = Callable[[str, datetime], Select[Any]]
SWEEPS: Final[Mapping[str, tuple[str, _Finder]]] = MappingProxyType(
    {
        "alarms": ("alarms", _alarms),
        "mails": ("mails", _mails),
        "links": ("mails", _links),
        "deliveries": ("mails", _deliveries),
        "sessions": ("sessions", _sessions),
        "client_sessions": ("sessions", _client_sessions),
        "codes": ("sessions", _codes),
        "quarantine": ("quarantine", _quarantine),
        "pictures": ("pictures", _pictures),
    }
)
"""By the name of what goes: the span that says when, and what finds it."""


def count(session: Session, name: str, organization_id: str, before: datetime) -> int:
    """How many rows would go now."""
    found = SWEEPS[name][1](organization_id, before).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def sweep_chunk(session: Session, name: str, organization_id: str, before: datetime) -> int:
    """Deletes some hundred rows; answers how many."""
    ids = session.scalars(SWEEPS[name][1](organization_id, before).limit(_CHUNK)).all()
    if ids:
        _delete(session, name, list(ids))
    return len(ids)


def _delete(session: Session, name: str, ids: list[str]) -> None:
    if name == "pictures":
        _delete_versions(session, ids)
    elif name == "quarantine":
        _delete_messages(session, ids)
    else:
        table, key = _TABLES[name]
        session.execute(delete(table).where(table.c[key].in_(ids)))


def _delete_versions(session: Session, ids: list[str]) -> None:
    for version in session.scalars(select(PictureVersion).where(PictureVersion.id.in_(ids))):
        session.delete(version)


def _delete_messages(session: Session, ids: list[str]) -> None:
    table = _TABLES["quarantine"][0]
    trimmed = select(DeviceTrim.through_seq).where(DeviceTrim.device_id == table.c.device_id).scalar_subquery()
    is_link = and_(table.c.seq.is_not(None), table.c.seq > func.coalesce(trimmed, 0))
    session.execute(update(table).where(table.c.id.in_(ids), is_link).values(payload=b"", detail=""))
    session.execute(delete(table).where(table.c.id.in_(ids), or_(table.c.seq.is_(None), ~is_link)))


def _table(class_: Any) -> Table:
    found: Table = class_.__table__
    return found


_TABLES: Final[Mapping[str, tuple[Table, str]]] = MappingProxyType(
    {
        "alarms": (_table(Alarm), "id"),
        "mails": (_table(Mail), "id"),
        "links": (_table(ClientToken), "token_hash"),
        "deliveries": (_table(WebhookDelivery), "id"),
        "sessions": (_table(StaffSession), "token_hash"),
        "client_sessions": (_table(ClientSession), "token_hash"),
        "codes": (_table(EnrolmentCode), "id"),
        "quarantine": (_table(QuarantinedMessage), "id"),
    }
)
