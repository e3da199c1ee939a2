"""Deltas of the feed: what a site's doors must apply to get from one number to another."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from access.wire import feed as wire
from access.wire.canonical import MAX_MESSAGE_BYTES
from access.wire.sealing import CentreKey
from access.wire.topics import DeviceTopic
from server.errors import DoorIsAhead, FeedGone
from server.feed import repository
from server.feed.repository import Head
from server.ingest.quarantine import raise_alarm
from server.models.base import utc_now
from server.models.feed import FeedEntry

__all__ = ["CHUNK", "MAX_CATCH_UP", "beat", "catch_up", "sealed_messages", "start_over"]

CHUNK = 500
"""Numbers covered by one answer over HTTP, at most."""

MAX_CATCH_UP = 50_000
"""A door further behind than this is faster with a snapshot."""

_MAX_CHUNK_CHARACTERS = 2_000_000


def catch_up(
    session: Session, organization_id: str, site_id: str, *, epoch: str, after: int, now: datetime | None = None
) -> wire.FeedDelta:
    """The next chunk for a door that knows everything up to `after`. Raises `FeedGone` when only a snapshot
    helps, `DoorIsAhead` when moreover this centre runs on an older backup (see `start_over`)."""
    head = repository.head_of(session, organization_id)
    if head is None or head.epoch != epoch:
        raise FeedGone("another epoch")
    if after > head.seq:
        raise DoorIsAhead("a door knows more of this epoch than the centre")
    if after < max(head.trimmed_through, head.seq - MAX_CATCH_UP):
        raise FeedGone("too far behind")
    through = min(after + CHUNK, head.seq)
    found = repository.entries_between(session, organization_id, site_id, after=after, through=through)
    kept = _within_limit(found)
    if len(kept) < len(found):
        through = kept[-1].seq
    return _delta(head, site_id, after, through, kept, now or utc_now())


def start_over(session: Session, device: DeviceTopic, *, now: datetime | None = None) -> None:
    """After an older backup was restored: a new epoch, so that no number comes to mean two things, and an alarm."""
    epoch = repository.renew_epoch(session, device.organization)
    raise_alarm(session, device, "backup_restored", device.organization, {"epoch": epoch}, now=now or utc_now())


def beat(head: Head, site_id: str, now: datetime) -> wire.FeedDelta:
    """A sign of life: nothing happened after the head's number."""
    return _delta(head, site_id, head.seq, head.seq, (), now)


def sealed_messages(
    head: Head, site_id: str, *, after: int, entries: Sequence[FeedEntry], key: CentreKey, now: datetime
) -> Iterator[bytes]:
    """The changes after `after` up to the head as sealed messages that fit a broker. An entry that fits none is left
    out together with its number: doors see the gap and ask for it over HTTP."""
    yield from _pieces(head, site_id, after, head.seq, entries, key, now)


def _pieces(
    head: Head,
    site_id: str,
    after: int,
    through: int,
    entries: Sequence[FeedEntry],
    key: CentreKey,
    now: datetime,
) -> Iterator[bytes]:
    sealed = key.seal(_delta(head, site_id, after, through, entries, now))
    if len(sealed) <= MAX_MESSAGE_BYTES:
        yield sealed
    elif len(entries) == 1:
        yield key.seal(_delta(head, site_id, through, through, (), now))
    else:
        middle = len(entries) // 2
        border = entries[middle - 1].seq
        yield from _pieces(head, site_id, after, border, entries[:middle], key, now)
        yield from _pieces(head, site_id, border, through, entries[middle:], key, now)


def _delta(
    head: Head, site_id: str, after: int, through: int, entries: Sequence[FeedEntry], now: datetime
) -> wire.FeedDelta:
    return wire.FeedDelta(
        organization=head.organization_id,
        site=site_id,
        epoch=head.epoch,
        after=after,
        through=through,
        made_at=now,
        entries=tuple(_entry(each) for each in entries),
    )


def _entry(row: FeedEntry) -> wire.FeedEntry:
    return wire.FeedEntry(
        seq=row.seq,
        op="delete" if row.body is None else "put",
        kind=row.kind,
        id=row.entity_id,
        account=row.account_id,
        body=None if row.body is None else json.loads(row.body),
    )


def _within_limit(entries: list[FeedEntry]) -> list[FeedEntry]:
    size = 0
    kept: list[FeedEntry] = []
    for each in entries:
        size += len(each.body or "")
        if kept and size > _MAX_CHUNK_CHARACTERS:
            break
        kept.append(each)
    return kept
