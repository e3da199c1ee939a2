"""What retention leaves behind: counts instead of movements, where each device's events begin, and what runs did."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.models.base import ID_LENGTH, Base, Identified, utc_now

__all__ = ["UNDONE_OF", "DeviceTrim", "EarlyUndo", "MovementCount", "RetentionRun"]


UNDONE_OF: Final = "undone:"
"""What the kind of those begins with that were undone."""


class MovementCount(Base):
    """How many events there were in an hour of a day on the organization's wall clock, of movements that are gone.

    `pass_type` is empty where nothing was used. A `kind` after `undone:` says how many of that kind were undone; they
    are among those of the kind itself.
    """

    __tablename__ = "movement_count"

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    access_point_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    pass_type: Mapped[str] = mapped_column(String(40), primary_key=True, default="")
    count: Mapped[int] = mapped_column(BigInteger)


class DeviceTrim(Base):
    """A device's events up to `through_seq` are counts now; `hash` is the digest of that one, where the chain goes on.

    `events` is how many were reduced. The audit log has every step of it (`device:trimmed`).
    """

    __tablename__ = "device_trim"

    device_id: Mapped[str] = mapped_column(ForeignKey("device.id"), primary_key=True)
    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"))
    through_seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))
    events: Mapped[int] = mapped_column(BigInteger, default=0)
    trimmed_at: Mapped[datetime] = mapped_column(default=utc_now)


class EarlyUndo(Base):
    """An event that was undone by one that is gone, and was not here by then: should it still come, it takes no use."""

    __tablename__ = "early_undo"

    event_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"), primary_key=True)


class RetentionRun(Identified, Base):
    """One run of retention: what it removed, by name. No `finished_at`: it runs, or it was cut off."""

    __tablename__ = "retention_run"
    __table_args__ = (Index("ix_retention_run_started", "organization_id", "started_at"),)

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"))
    started_at: Mapped[datetime] = mapped_column(default=utc_now)
    finished_at: Mapped[datetime | None]
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    failure: Mapped[str] = mapped_column(String(200), default="")
