"""The queries of the feed: where it stands, what it says between two numbers, and letting go of its oldest part."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from server.models.base import new_id
from server.models.feed import FeedEntry, FeedHead

__all__ = ["Head", "entries_between", "head_of", "heads", "renew_epoch", "trim"]


class Head(NamedTuple):
    """Where an organization's feed stands; entries up to `trimmed_through` are gone."""

    organization_id: str
    epoch: str
    seq: int
    trimmed_through: int


_HEAD = select(FeedHead.organization_id, FeedHead.epoch, FeedHead.seq, FeedHead.trimmed_through)


def heads(session: Session) -> list[Head]:
    """Where every feed stands."""
    return [Head(*row) for row in session.execute(_HEAD)]


def head_of(session: Session, organization_id: str) -> Head | None:
    """Where one organization's feed stands."""
    row = session.execute(_HEAD.where(FeedHead.organization_id == organization_id)).one_or_none()
    return Head(*row) if row else None


def entries_between(
    session: Session, organization_id: str, site_id: str, *, after: int, through: int
) -> list[FeedEntry]:
    """The entries with `after < seq <= through` that concern the site, in order."""
    wanted = select(FeedEntry).where(
        FeedEntry.organization_id == organization_id,
        FeedEntry.seq > after,
        FeedEntry.seq <= through,
        or_(FeedEntry.site_id.is_(None), FeedEntry.site_id == site_id),
    )
    return list(session.scalars(wanted.order_by(FeedEntry.seq)))


def trim(session: Session, organization_id: str, *, keep: int) -> int:
    """Lets go of all but the newest `keep` entries; doors that are further behind fetch a snapshot."""
    head = session.get_one(FeedHead, organization_id, with_for_update=True)
    through = max(head.seq - keep, head.trimmed_through)
    old = delete(FeedEntry).where(FeedEntry.organization_id == organization_id, FeedEntry.seq <= through)
    head.trimmed_through = through
    return session.connection().execute(old).rowcount


def renew_epoch(session: Session, organization_id: str) -> str:
    """Starts a new epoch, so that every door fetches a snapshot. Needed after a backup was restored: numbers that
    were given out once must not come to mean something else."""
    head = session.get_one(FeedHead, organization_id, with_for_update=True)
    head.epoch, head.trimmed_through = new_id(), head.seq
    return head.epoch
