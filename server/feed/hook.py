"""The one hook that fills the feed: whatever a session changes, doors hear of it, in the same transaction.

After each flush the touched entities are noted; before the commit they are projected as they now are and numbered.
What can no longer be projected is deleted at the doors. Bulk statements that would bypass this are refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import event, insert, update
from sqlalchemy.orm import ORMExecuteState, Session

from access.wire.feed import EntityKind, dump_body
from server.feed.projection import Item, project
from server.feed.touched import Key, is_projected, touched_keys
from server.models.base import utc_now
from server.models.feed import FeedEntry, FeedHead

__all__ = ["forget", "install", "take_moved", "touch"]

_TOUCHED = "gatehouse.feed.touched"
_LEFT = "gatehouse.feed.left"
_MOVED = "gatehouse.feed.moved"
_ORDER = {kind: place for place, kind in enumerate(EntityKind)}


def install() -> None:
    """Listens on every session of the process; calling it again changes nothing."""
    for name, listener in (
        ("after_flush", _after_flush),
        ("before_commit", _before_commit),
        ("do_orm_execute", _refuse_bulk),
    ):
        if not event.contains(Session, name, listener):
            event.listen(Session, name, listener)


def touch(session: Session, keys: Iterable[Key]) -> None:
    """Has entities projected at the commit, for changes made without objects."""
    found: dict[tuple[EntityKind, str], str | None] = session.info.setdefault(_TOUCHED, {})
    for key in keys:
        if key.left_site is not None:
            session.info.setdefault(_LEFT, []).append(key)
        found[key.kind, key.id] = key.organization_id or found.get((key.kind, key.id))


def take_moved(session: Session) -> frozenset[str]:
    """The organizations whose feed moved with the last commit of this session; asked once."""
    return frozenset(session.info.pop(_MOVED, ()))


def forget(session: Session) -> None:
    """Drops what was noted: the transaction was rolled back."""
    session.info.pop(_TOUCHED, None)
    session.info.pop(_LEFT, None)
    session.info.pop(_MOVED, None)


def _after_flush(session: Session, _context: object) -> None:
    for obj in [*session.new, *session.dirty, *session.deleted]:
        if is_projected(obj):
            touch(session, touched_keys(session, obj))


def _refuse_bulk(state: ORMExecuteState) -> None:
    if not (state.is_insert or state.is_update or state.is_delete) or state.bind_mapper is None:
        return
    if is_projected(state.bind_mapper.class_):
        raise TypeError(f"change {state.bind_mapper.class_.__name__} through objects: the doors must hear of it")


def _before_commit(session: Session) -> None:
    session.flush()
    touched: dict[tuple[EntityKind, str], str | None] = session.info.pop(_TOUCHED, {})
    if not touched:
        return
    by_kind: dict[EntityKind, list[str]] = {}
    for kind, id_ in touched:
        by_kind.setdefault(kind, []).append(id_)
    by_organization: dict[str, list[dict[str, Any]]] = {}
    for key in session.info.pop(_LEFT, ()):
        by_organization.setdefault(key.organization_id, []).append(_deleted(key.kind, key.id, key.left_site))
    for kind in sorted(by_kind, key=_ORDER.__getitem__):
        gone = dict.fromkeys(by_kind[kind])
        for item in project(session, kind, ids=by_kind[kind]):
            gone.pop(item.id, None)
            by_organization.setdefault(item.organization_id, []).append(_row(item))
        for id_ in gone:
            organization_id = touched[kind, id_]
            if organization_id is not None:
                by_organization.setdefault(organization_id, []).append(_deleted(kind, id_))
    for organization_id in sorted(by_organization):
        _append(session, organization_id, by_organization[organization_id])


def _row(item: Item) -> dict[str, Any]:
    return {
        "kind": item.kind.value,
        "entity_id": item.id,
        "account_id": item.account_id,
        "site_id": item.site_id,
        "body": dump_body(item.body),
    }


def _deleted(kind: EntityKind, id_: str, site_id: str | None = None) -> dict[str, Any]:
    return {"kind": kind.value, "entity_id": id_, "account_id": None, "site_id": site_id, "body": None}


def _append(session: Session, organization_id: str, rows: list[dict[str, Any]]) -> None:
    """Numbers the rows. The update locks the head until the commit, so numbers are in the order of commits."""
    head, entries = FeedHead.__table__, FeedEntry.__table__
    moved = update(head).where(head.c.organization_id == organization_id)  # type: ignore[arg-type]
    numbered = moved.values(seq=head.c.seq + len(rows)).returning(head.c.seq)
    last = session.execute(numbered).scalar_one_or_none()
    if last is None:
        session.add(FeedHead(organization_id=organization_id))
        session.flush()
        last = session.execute(numbered).scalar_one()
    made_at = utc_now()
    session.execute(
        insert(entries),  # type: ignore[arg-type]
        [
            {**row, "organization_id": organization_id, "seq": last - len(rows) + place, "made_at": made_at}
            for place, row in enumerate(rows, start=1)
        ],
    )
    session.info.setdefault(_MOVED, set()).add(organization_id)
