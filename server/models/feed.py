"""The numbered log of changes that doors follow, one per organization."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.models.base import ID_LENGTH, Base, new_id, utc_now

__all__ = ["FeedEntry", "FeedHead"]


class FeedHead(Base):
    """Where an organization's feed stands. Entries up to `trimmed_through` are no longer kept.

    The age groups in it are those of the local day `ages_on`.
    """

    __tablename__ = "feed_head"

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"), primary_key=True)
    epoch: Mapped[str] = mapped_column(String(ID_LENGTH), default=new_id)
    seq: Mapped[int] = mapped_column(BigInteger, default=0)
    trimmed_through: Mapped[int] = mapped_column(BigInteger, default=0)
    ages_on: Mapped[date | None]


class FeedEntry(Base):
    """One change: a body to put, or none to delete. With a `site_id` it concerns the doors of that site only."""

    __tablename__ = "feed_entry"
    __table_args__ = (Index("ix_feed_entry_entity", "organization_id", "kind", "entity_id"),)

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(40))
    entity_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    account_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    site_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    body: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
