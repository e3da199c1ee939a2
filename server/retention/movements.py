"""Movements become counts: a device's oldest events are counted by hour and deleted, in order of its numbers.

One transaction counts, deletes, and moves the mark where the device's chain goes on, so a run that is cut off has
counted nothing twice. Uses of passes are rows of their own and stay: what is left of a pass is the same before and
after. The device's row is locked as ingest locks it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Table, and_, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from access.wire.events import EventKind
from access.wire.feed import EntityKind
from server.audit import hook as audit
from server.models import Device, DeviceMark, DeviceTrim, EarlyUndo, Event, FeedEntry, MovementCount, PassUse
from server.models.privacy import UNDONE_OF

__all__ = ["CHUNK", "devices_of", "due", "reduce_chunk"]

CHUNK: Final = 1000
_SEEN_FOR: Final = timedelta(days=7)
"""What came late is there for a week, however old it is: somebody may have to look at it."""
_COUNT: Final[Table] = MovementCount.__table__  # type: ignore[assignment]
_FEED: Final[Table] = FeedEntry.__table__  # type: ignore[assignment]
_UNDO: Final[Table] = EarlyUndo.__table__  # type: ignore[assignment]
_COLUMNS: Final = (
    Event.id,
    Event.seq,
    Event.occurred_at,
    Event.recorded_at,
    Event.access_point_id,
    Event.kind,
    Event.pass_type,
    Event.refers_to,
    Event.body_hash,
)


def devices_of(session: Session, organization_id: str) -> list[str]:
    """The organization's devices, revoked ones too."""
    return list(session.scalars(select(Device.id).where(Device.organization_id == organization_id).order_by(Device.id)))


def due(session: Session, device_id: str, *, before: datetime, now: datetime) -> int:
    """How many events of a device would become counts now."""
    mark, trim = session.get(DeviceMark, device_id), session.get(DeviceTrim, device_id)
    if mark is None:
        return 0
    waiting = and_(
        Event.device_id == device_id,
        Event.seq > (trim.through_seq if trim else 0),
        Event.seq <= mark.through_seq,
    )
    first_kept = session.scalar(select(func.min(Event.seq)).where(waiting, _is_kept(before, now)))
    reached = waiting if first_kept is None else and_(waiting, Event.seq < first_kept)
    return session.scalar(select(func.count()).select_from(Event).where(reached)) or 0


def reduce_chunk(
    session: Session, device_id: str, *, before: datetime, now: datetime, zone: ZoneInfo, limit: int = CHUNK
) -> int:
    """Makes counts of the device's oldest events that happened before the instant; answers of how many.

    Only up to the first number that is missing, or that is to be kept: nothing can come any more below the mark.
    """
    mark = session.scalars(select(DeviceMark).where(DeviceMark.device_id == device_id).with_for_update()).one_or_none()
    trim = session.get(DeviceTrim, device_id)
    if mark is None:
        return 0
    wanted = select(*_COLUMNS).where(
        Event.device_id == device_id,
        Event.seq > (trim.through_seq if trim else 0),
        Event.seq <= mark.through_seq,
    )
    rows = []
    for row in session.execute(wanted.order_by(Event.seq).limit(limit)):
        if not (min(row.occurred_at, row.recorded_at) < before and row.recorded_at < now - _SEEN_FOR):
            break
        rows.append(row)
    if not rows:
        return 0
    organization_id = session.get_one(Device, device_id).organization_id
    _count(session, organization_id, rows, zone)
    _keep_undos(session, organization_id, rows)
    ids = [row.id for row in rows]
    _forget_told(session, organization_id, ids)
    session.execute(delete(Event).where(Event.id.in_(ids)))
    _move(session, trim, device_id, organization_id, rows, now)
    return len(rows)


def _is_kept(before: datetime, now: datetime) -> ColumnElement[bool]:
    """The opposite of what `reduce_chunk` asks of a row."""
    is_new = and_(Event.occurred_at >= before, Event.recorded_at >= before)
    return or_(is_new, Event.recorded_at >= now - _SEEN_FOR)


def _count(session: Session, organization_id: str, rows: Sequence[Any], zone: ZoneInfo) -> None:
    counts: Counter[tuple[Any, ...]] = Counter()
    undone = ((f"{UNDONE_OF}{row.kind}", row) for row in _undone(session, organization_id, rows))
    for kind, row in [*((row.kind, row) for row in rows), *undone]:
        at = row.occurred_at.astimezone(zone)
        counts[at.date(), at.hour, row.access_point_id, kind, row.pass_type or ""] += 1
    names = ("day", "hour", "access_point_id", "kind", "pass_type")
    values = [
        {"organization_id": organization_id, **dict(zip(names, key, strict=True)), "count": count}
        for key, count in sorted(counts.items())
    ]
    upsert = _insert(session)(_COUNT)
    added = upsert.on_conflict_do_update(
        index_elements=list(_COUNT.primary_key.columns), set_={"count": _COUNT.c.count + upsert.excluded["count"]}
    )
    session.execute(added, values)


def _undone(session: Session, organization_id: str, rows: Sequence[Any]) -> list[Any]:
    """What was undone, told while it and its undoing are both still to be seen: when the first of the two goes."""
    here = {row.id: row for row in rows}
    said = {row.refers_to for row in rows if row.kind == EventKind.UNDONE.value and row.refers_to}
    later = select(Event.refers_to).where(
        Event.organization_id == organization_id,
        Event.occurred_at >= min(row.occurred_at for row in rows),
        text("kind = 'undone'"),
        Event.refers_to.in_(here),
    )
    early = select(EarlyUndo.event_id).where(EarlyUndo.event_id.in_(here))
    gone = (said & here.keys()) | set(session.scalars(later)) | set(session.scalars(early))
    elsewhere = said - here.keys()
    others = session.execute(select(*_COLUMNS).where(Event.id.in_(elsewhere))) if elsewhere else ()
    return [*(here[each] for each in gone if each), *others]


def _keep_undos(session: Session, organization_id: str, rows: Sequence[Any]) -> None:
    """Of an undo, what it undoes is remembered where that has not come yet: it may lie at a door that is away."""
    undone = {row.refers_to for row in rows if row.kind == EventKind.UNDONE.value and row.refers_to}
    unknown = undone - _known(session, Event.id, undone) - _known(session, PassUse.id, undone)
    if unknown:
        values = [{"event_id": each, "organization_id": organization_id} for each in sorted(unknown)]
        session.execute(_insert(session)(_UNDO).on_conflict_do_nothing(), values)


def _forget_told(session: Session, organization_id: str, ids: Sequence[str]) -> None:
    """What doors were told of the office's own ones reads as deletions in the feed's log now; doors forget by time."""
    told = _FEED.c.organization_id == organization_id, _FEED.c.kind == EntityKind.OFFICE_ACT.value
    session.execute(update(_FEED).where(*told, _FEED.c.entity_id.in_(ids)).values(body=None))


def _known(session: Session, column: Any, ids: Collection[str]) -> set[str]:
    return set(session.scalars(select(column).where(column.in_(ids)))) if ids else set()


def _move(
    session: Session,
    trim: DeviceTrim | None,
    device_id: str,
    organization_id: str,
    rows: Sequence[Any],
    now: datetime,
) -> None:
    if trim is None:
        trim = DeviceTrim(device_id=device_id, organization_id=organization_id, events=0)
        session.add(trim)
    trim.through_seq, trim.hash, trim.trimmed_at = rows[-1].seq, rows[-1].body_hash, now
    trim.events += len(rows)
    told = {"through_seq": trim.through_seq, "hash": trim.hash, "events": len(rows)}
    audit.note(
        session,
        entity="device",
        entity_id=device_id,
        what="trimmed",
        organization_id=organization_id,
        changes={name: [None, value] for name, value in told.items()},
    )


def _insert(session: Session) -> Any:
    return postgresql_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
