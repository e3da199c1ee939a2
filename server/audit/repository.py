"""The queries of the audit log: a page of it, newest first, and the names of what it speaks of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from server.audit.subjects import SUBJECTS
from server.models import (
    AccessPoint,
    Account,
    Activity,
    ApiToken,
    AuditEntry,
    CardTemplate,
    Contact,
    Device,
    ExtraQuestion,
    Facility,
    MembershipType,
    MultipassType,
    Organization,
    Person,
    Role,
    Site,
    Skill,
    Staff,
    Tag,
)

__all__ = ["ENTITIES", "AuditFilter", "names", "page"]

ENTITIES: Final = tuple(sorted({each.entity for each in SUBJECTS.values()}))
_NAMED: Final[tuple[type[Any], ...]] = (
    Person, Staff, Role, AccessPoint, Site, Facility, Device, Activity, MembershipType, MultipassType, Tag, ApiToken,
    Contact, Skill, ExtraQuestion, CardTemplate
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What of the log is wanted; days are those of the organization's wall clock, both included."""

    actor: str = ""
    entity: str = ""
    account: str = ""
    person: str = ""
    first_on: date | None = None
    last_on: date | None = None

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> AuditFilter:
        """From a page's address; what is not understood is not asked for."""
        texts = {name: given.get(name, "")[:64] for name in ("actor", "entity", "account", "person")}
        return cls(**texts, first_on=_day(given.get("from", "")), last_on=_day(given.get("to", "")))

    def query(self, **more: object) -> str:
        """The same as the query of an address."""
        days = {"from": self.first_on, "to": self.last_on}
        words = {"actor": self.actor, "entity": self.entity, "account": self.account, "person": self.person}
        return urlencode({name: value for name, value in {**words, **days, **more}.items() if value})

    @property
    def is_empty(self) -> bool:
        """Whether everything is wanted."""
        return self == AuditFilter()


def page(
    session: Session, organization_id: str, wanted: AuditFilter, *, zone: ZoneInfo, before: int | None, limit: int
) -> list[AuditEntry]:
    """Entries, the newest first, below a number; one more than asked for says that there are more."""
    found = select(AuditEntry).where(AuditEntry.organization_id == organization_id)
    found = _filtered(found, wanted, zone)
    if before is not None:
        found = found.where(AuditEntry.seq < before)
    return list(session.scalars(found.order_by(AuditEntry.seq.desc()).limit(limit + 1)))


def names(session: Session, organization_id: str, ids: Collection[str]) -> dict[str, Any]:
    """The rows of the organization with these ids that have a name."""
    found: dict[str, Any] = {}
    if not ids:
        return found
    for class_ in _NAMED:
        for row in session.scalars(select(class_).where(class_.organization_id == organization_id, class_.id.in_(ids))):
            found[row.id] = row
    accounts = select(Account).where(Account.organization_id == organization_id, Account.id.in_(ids))
    for account in session.scalars(accounts):
        owner = session.get(Person, account.owner_id) if account.owner_id else None
        found[account.id] = owner if owner is not None and not account.name else account
    if organization_id in ids:
        found[organization_id] = session.get_one(Organization, organization_id)
    return found


def _filtered(found: Select[AuditEntry], wanted: AuditFilter, zone: ZoneInfo) -> Select[AuditEntry]:
    if wanted.actor:
        is_kind = wanted.actor in ("system", "door", "token", "client")
        found = found.where((AuditEntry.actor_kind if is_kind else AuditEntry.actor_id) == wanted.actor)
    if wanted.entity:
        found = found.where(AuditEntry.entity == wanted.entity)
    if wanted.account:
        found = found.where(AuditEntry.account_id == wanted.account)
    if wanted.person:
        found = found.where(AuditEntry.person_id == wanted.person)
    if wanted.first_on:
        found = found.where(AuditEntry.at >= _midnight(wanted.first_on, zone))
    if wanted.last_on and wanted.last_on < date.max:
        found = found.where(AuditEntry.at < _midnight(wanted.last_on + timedelta(days=1), zone))
    return found


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1900 <= day.year < 9999 else None
