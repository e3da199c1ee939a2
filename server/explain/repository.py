"""Every query behind an explanation. All are scoped to one organization."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from access.domain import policy as law
from access.wire.events import EventKind
from access.wire.feed import EntityKind, dump_body
from server.feed.projection import project
from server.models import (
    AccessPoint,
    Account,
    Credential,
    Event,
    FeedEntry,
    Membership,
    Multipass,
    Organization,
    PassUse,
    Person,
    Registration,
)

__all__ = [
    "Entry",
    "Move",
    "Present",
    "Session",
    "access_point",
    "account_moves",
    "count_scans",
    "entries_of",
    "entries_of_accounts",
    "event",
    "facility_points",
    "made_at",
    "point_moves",
    "present_of",
    "present_of_accounts",
    "scan_bodies",
    "site_moves",
    "zone_name",
]

_CHUNK = 400


class Entry(NamedTuple):
    """One entry of the feed's log; no body is a deletion."""

    kind: str
    entity_id: str
    seq: int
    account_id: str | None
    body: str | None


class Present(NamedTuple):
    """An entity as it is now."""

    kind: str
    id: str
    account_id: str | None
    body: str


class Move(NamedTuple):
    """What an event did to presence and passes, without its body. `has_use`: it took a use that counts."""

    id: str
    device_id: str
    seq: int
    access_point_id: str
    account_id: str | None
    person_id: str | None
    kind: str
    occurred_at: datetime
    refers_to: str | None
    pass_id: str | None
    has_use: bool


def event(session: Session, organization_id: str, event_id: str) -> Event | None:
    """One event of the organization."""
    found = session.get(Event, event_id)
    return found if found is not None and found.organization_id == organization_id else None


def access_point(session: Session, organization_id: str, access_point_id: str) -> AccessPoint | None:
    """One access point of the organization, an archived one too."""
    found = session.get(AccessPoint, access_point_id)
    return found if found is not None and found.organization_id == organization_id else None


def facility_points(session: Session, organization_id: str, point: law.AccessPoint) -> tuple[str, ...]:
    """The ids of the site's access points that lead to the same facility, the point itself among them."""
    if point.facility_id is None:
        return (point.id,)
    rows = session.scalars(
        select(AccessPoint).where(AccessPoint.organization_id == organization_id, AccessPoint.site_id == point.site_id)
    )
    others = {each.id for each in rows if each.policy().facility_id == point.facility_id}
    return tuple(sorted(others | {point.id}))


def zone_name(session: Session, organization_id: str) -> str:
    """The organization's time zone."""
    return session.get_one(Organization, organization_id).time_zone


# -- the feed


_ENTRY = select(FeedEntry.kind, FeedEntry.entity_id, FeedEntry.seq, FeedEntry.account_id, FeedEntry.body)


def entries_of_accounts(session: Session, organization_id: str, account_ids: list[str]) -> Iterator[Entry]:
    """Every entry of whatever ever was of these accounts, oldest first for each entity."""
    for chunk in _chunks(account_ids):
        theirs = (
            select(FeedEntry.kind, FeedEntry.entity_id)
            .where(FeedEntry.organization_id == organization_id, FeedEntry.account_id.in_(chunk))
            .distinct()
        )
        wanted = _ENTRY.where(
            FeedEntry.organization_id == organization_id, tuple_(FeedEntry.kind, FeedEntry.entity_id).in_(theirs)
        )
        yield from (Entry(*row) for row in session.execute(wanted.order_by(FeedEntry.seq)))


def entries_of(session: Session, organization_id: str, kind: EntityKind, ids: list[str]) -> Iterator[Entry]:
    """Every entry of these entities, oldest first."""
    for chunk in _chunks(ids):
        wanted = _ENTRY.where(
            FeedEntry.organization_id == organization_id, FeedEntry.kind == kind.value, FeedEntry.entity_id.in_(chunk)
        )
        yield from (Entry(*row) for row in session.execute(wanted.order_by(FeedEntry.seq)))


def made_at(session: Session, organization_id: str, seq: int) -> datetime | None:
    """When the newest entry up to the number was made, as far as the log reaches back."""
    wanted = select(FeedEntry.made_at).where(FeedEntry.organization_id == organization_id, FeedEntry.seq <= seq)
    return session.scalar(wanted.order_by(FeedEntry.seq.desc()).limit(1))


_OF_ACCOUNT: tuple[tuple[EntityKind, InstrumentedAttribute[str], InstrumentedAttribute[str]], ...] = (
    (EntityKind.ACCOUNT, Account.id, Account.id),
    (EntityKind.PERSON, Person.id, Person.account_id),
    (EntityKind.MEMBERSHIP, Membership.id, Membership.account_id),
    (EntityKind.MULTIPASS, Multipass.id, Multipass.account_id),
    (EntityKind.REGISTRATION, Registration.id, Registration.account_id),
)


def present_of_accounts(session: Session, organization_id: str, account_ids: list[str]) -> Iterator[Present]:
    """What these accounts have now."""
    for chunk in _chunks(account_ids):
        for kind, id_, account_id in _OF_ACCOUNT:
            ids = session.scalars(select(id_).where(account_id.in_(chunk))).all()
            yield from present_of(session, organization_id, kind, ids)
        uses = select(PassUse.id).where(PassUse.organization_id == organization_id, PassUse.account_id.in_(chunk))
        yield from present_of(session, organization_id, EntityKind.PASS_USE, session.scalars(uses).all())
        cards = select(Credential.fingerprint).join(Person, Person.id == Credential.person_id)
        fingerprints = session.scalars(cards.where(Person.account_id.in_(chunk))).all()
        yield from present_of(session, organization_id, EntityKind.CREDENTIAL, fingerprints)


def present_of(session: Session, organization_id: str, kind: EntityKind, ids: Collection[str]) -> Iterator[Present]:
    """These entities as they are now, as doors get them."""
    for item in project(session, kind, ids=ids):
        if item.organization_id == organization_id:
            yield Present(kind.value, item.id, item.account_id, dump_body(item.body))


def _chunks(ids: Collection[str]) -> Iterator[list[str]]:
    listed = list(ids)
    return (listed[start : start + _CHUNK] for start in range(0, len(listed), _CHUNK))


# -- events


_MOVE = select(
    Event.id,
    Event.device_id,
    Event.seq,
    Event.access_point_id,
    Event.account_id,
    Event.person_id,
    Event.kind,
    Event.occurred_at,
    Event.refers_to,
    Event.pass_id,
    PassUse.id.is_not(None),
).outerjoin(PassUse, PassUse.id == Event.id)


def account_moves(
    session: Session, organization_id: str, account_id: str, *, until: datetime, limit: int
) -> list[Move]:
    """The account's newest events up to the instant (included), oldest first."""
    wanted = _MOVE.where(Event.organization_id == organization_id, Event.account_id == account_id)
    return _newest(session, wanted.where(Event.occurred_at <= until), limit)


def point_moves(
    session: Session,
    organization_id: str,
    access_point_ids: Collection[str],
    *,
    since: datetime,
    until: datetime,
    limit: int,
) -> list[Move]:
    """The newest events at some access points between the two instants (included), oldest first."""
    wanted = _MOVE.where(Event.organization_id == organization_id, Event.access_point_id.in_(access_point_ids))
    return _newest(session, wanted.where(Event.occurred_at >= since, Event.occurred_at <= until), limit)


def _newest(session: Session, wanted: Any, limit: int) -> list[Move]:
    newest = wanted.order_by(Event.occurred_at.desc(), Event.id.desc()).limit(limit)
    return [Move(*row) for row in reversed(session.execute(newest).all())]


def site_moves(
    session: Session, organization_id: str, site_id: str, *, since: datetime, until: datetime
) -> Iterator[Move]:
    """Everything that happened at a site between the two instants (the second excluded), oldest first, streamed."""
    wanted = _MOVE.where(
        Event.organization_id == organization_id,
        Event.site_id == site_id,
        Event.occurred_at >= since,
        Event.occurred_at < until,
    ).order_by(Event.occurred_at, Event.id)
    for row in session.execute(wanted.execution_options(yield_per=1000)):
        yield Move(*row)


def scan_bodies(session: Session, ids: Iterable[str]) -> dict[str, Event]:
    """Whole events by id."""
    found: dict[str, Event] = {}
    for chunk in _chunks(list(ids)):
        found |= {each.id: each for each in session.scalars(select(Event).where(Event.id.in_(chunk)))}
    return found


def count_scans(
    session: Session,
    organization_id: str,
    access_point_id: str,
    kinds: Collection[EventKind],
    *,
    since: datetime,
    until: datetime,
) -> int:
    """How many events of these kinds an access point has in the span."""
    wanted = select(func.count()).where(
        Event.organization_id == organization_id,
        Event.access_point_id == access_point_id,
        Event.occurred_at >= since,
        Event.occurred_at < until,
        Event.kind.in_(kinds),
    )
    return session.scalar(wanted) or 0
