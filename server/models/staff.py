"""Staff of an organization and their sessions in the back office."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from access.domain.people import Language
from server.models.base import ID_LENGTH, Base, Identified, utc_now, word
from server.models.organizations import Organization

__all__ = ["Role", "Staff", "StaffRole", "StaffSession"]


class StaffRole(StrEnum):
    """What a member of staff is."""

    ADMIN = "admin"
    DESK = "desk"
    VIEWER = "viewer"


class Staff(Identified, Base):
    """A member of staff. `email` (small letters, unique in its organization) signs in; `password_hash` is Argon2id.

    `pin_hash` (Argon2id under the organization's salt, empty for none) opens the desk of a door. With a `role_id` the
    permissions of that role of the organization's own count instead of those of `role`. `totp_secret` is encrypted;
    `totp_step` is the last time step (RFC 6238) that was used, so that no code works twice.
    """

    __tablename__ = "staff"
    __table_args__ = (UniqueConstraint("organization_id", "email", name="uq_staff_email"),)

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"), index=True)
    email: Mapped[str] = mapped_column(String(254), index=True)
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(String(200))
    pin_hash: Mapped[str] = mapped_column(String(200), default="")
    role: Mapped[StaffRole] = mapped_column(word(StaffRole), default=StaffRole.DESK)
    role_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary(200))
    totp_confirmed_at: Mapped[datetime | None]
    totp_step: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    recovery_hashes: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    language: Mapped[Language] = mapped_column(word(Language), default=Language.EN)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    organization: Mapped[Organization] = relationship()
    own_role: Mapped[Role | None] = relationship(primaryjoin=lambda: foreign(Staff.role_id) == Role.id, viewonly=True)


class Role(Identified, Base):
    """A role of an organization's own: named permissions in the back office and at a desk."""

    __tablename__ = "role"

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    permissions: Mapped[list[str]] = mapped_column(default=list)
    desk_permissions: Mapped[list[str]] = mapped_column(default=list)
    archived_at: Mapped[datetime | None]


class StaffSession(Base):
    """A signed-in browser, known by the SHA-256 of its random token."""

    __tablename__ = "staff_session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_seen_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    second_factor_at: Mapped[datetime | None]

    staff: Mapped[Staff] = relationship()
