"""Doors: their identity, the one-time codes that make one, and which of their events are recorded."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, String, Table, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.models.base import ID_LENGTH, Base, Identified, utc_now
from server.models.organizations import AccessPoint, Site

__all__ = ["Device", "DeviceCommand", "DeviceMark", "EnrolmentCode", "device_access_point"]

device_access_point = Table(
    "device_access_point",
    Base.metadata,
    Column("device_id", ForeignKey("device.id"), primary_key=True),
    Column("access_point_id", ForeignKey("access_point.id"), primary_key=True, index=True),
)


class Device(Identified, Base):
    """A door. Its secret is 256 random bits, kept as SHA-256; `broker_password` is the same for a Mosquitto file.

    A device with `revoked_at` is refused at once, everywhere; one that is written off will never be heard of again.
    `is_centre`: no door, but what staff do in the back office at this site (`server.desk`); one a site.
    """

    __tablename__ = "device"
    __table_args__ = (
        Index("ix_device_site", "organization_id", "site_id"),
        Index(
            "uq_device_centre",
            "site_id",
            unique=True,
            sqlite_where=text("is_centre"),
            postgresql_where=text("is_centre"),
        ),
    )

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"))
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    name: Mapped[str] = mapped_column(String(200))
    secret_hash: Mapped[str] = mapped_column(String(64))
    broker_password: Mapped[str] = mapped_column(String(200), default="")
    version: Mapped[str] = mapped_column(String(40), default="")
    is_centre: Mapped[bool] = mapped_column(default=False, server_default=false())
    enrolled_at: Mapped[datetime] = mapped_column(default=utc_now)
    revoked_at: Mapped[datetime | None]
    written_off_at: Mapped[datetime | None]
    last_seen_at: Mapped[datetime | None]
    last_state: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))

    site: Mapped[Site] = relationship()
    access_points: Mapped[list[AccessPoint]] = relationship(secondary=device_access_point)


class EnrolmentCode(Identified, Base):
    """A one-time code, kept as a hash, with what the door that uses it will be."""

    __tablename__ = "enrolment_code"

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"), index=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    name: Mapped[str] = mapped_column(String(200))
    access_point_ids: Mapped[list[str]]
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_by: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    device_id: Mapped[str | None] = mapped_column(ForeignKey("device.id"))


class DeviceMark(Base):
    """Which sequence numbers of a device are here: 1..`through_seq`, and above it the inclusive `ranges`.

    `parked` are those among them that lie in quarantine (the latest 100). `lease_floor` with `lease_floor_seq` is the
    device's word that of leases that were over by then no later event spends any.
    """

    __tablename__ = "device_mark"

    device_id: Mapped[str] = mapped_column(ForeignKey("device.id"), primary_key=True)
    through_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    max_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    ranges: Mapped[list[list[int]]] = mapped_column(default=list)
    parked: Mapped[list[int]] = mapped_column(default=list)
    lease_floor: Mapped[datetime | None]
    lease_floor_seq: Mapped[int | None] = mapped_column(BigInteger)


class DeviceCommand(Identified, Base):
    """Something the centre asked of a door, until the door says in its state how it went."""

    __tablename__ = "device_command"
    __table_args__ = (Index("ix_device_command_device", "device_id", "issued_at"),)

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"))
    device_id: Mapped[str] = mapped_column(ForeignKey("device.id"))
    kind: Mapped[str] = mapped_column(String(40))
    issued_by: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    issued_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(String(40), default="")
