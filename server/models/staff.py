"""Staff of an organization and their sessions in the back office."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from access.domain.people import Language
from server.models.base import Base, Identified, utc_now, word
from server.models.organizations import Organization

__all__ = ["Staff", "StaffRole", "StaffSession"]


class StaffRole(StrEnum):
    """What a member of staff is."""

    ADMIN = "admin"
    DESK = "desk"
    VIEWER = "viewer"


class Staff(Identified, Base):
    """A member of staff. `email` (in small letters) signs in; `password_hash` is Argon2id.

    `pin_hash` (Argon2id under the organization's salt, empty for none) opens the desk of a door.
    """

    __tablename__ = "staff"

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"), index=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(String(200))
    pin_hash: Mapped[str] = mapped_column(String(200), default="")
    role: Mapped[StaffRole] = mapped_column(word(StaffRole), default=StaffRole.DESK)
    language: Mapped[Language] = mapped_column(word(Language), default=Language.EN)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    organization: Mapped[Organization] = relationship()


class StaffSession(Base):
    """A signed-in browser, known by the SHA-256 of its random token."""

    __tablename__ = "staff_session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_seen_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]

    staff: Mapped[Staff] = relationship()
