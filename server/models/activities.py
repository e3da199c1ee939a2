"""Dated things that open a door: activities, their occurrences, and people's registrations with the waitlist."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from access.domain.people import Text
from access.domain.registrations import ActivityKind, RegistrationStatus
from server.models.base import ID_LENGTH, Base, Identified, utc_now, word
from server.models.organizations import Facility
from server.models.people import Person

__all__ = ["Activity", "Occurrence", "Registration"]


class Activity(Identified, Base):
    """A session, drop-in, private lesson or facility booking. `capacity` is of each occurrence; None: no limit."""

    __tablename__ = "activity"
    __table_args__ = (Index("uq_activity_code", "organization_id", "code", unique=True),)

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"), index=True)
    code: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    kind: Mapped[ActivityKind] = mapped_column(word(ActivityKind))
    name_en: Mapped[str] = mapped_column(String(200))
    name_fr: Mapped[str] = mapped_column(String(200), default="")
    facility_id: Mapped[str | None] = mapped_column(ForeignKey("facility.id"))
    capacity: Mapped[int | None]
    archived_at: Mapped[datetime | None]

    facility: Mapped[Facility | None] = relationship()
    occurrences: Mapped[list[Occurrence]] = relationship(
        back_populates="activity", cascade="all, delete-orphan", order_by="Occurrence.starts_at"
    )

    @property
    def name(self) -> Text:
        """The name in both languages."""
        return Text(self.name_en, self.name_fr)


class Occurrence(Identified, Base):
    """One meeting of an activity, from `starts_at` until `ends_at`."""

    __tablename__ = "occurrence"

    activity_id: Mapped[str] = mapped_column(ForeignKey("activity.id"), index=True)
    starts_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime]
    is_cancelled: Mapped[bool] = mapped_column(default=False)

    activity: Mapped[Activity] = relationship(back_populates="occurrences")


class Registration(Identified, Base):
    """A person's place in an activity; no `occurrence_ids` means all of them. The waitlist is by `registered_at`."""

    __tablename__ = "registration"
    __table_args__ = (Index("uq_registration_external_id", "organization_id", "external_id", unique=True),)

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    activity_id: Mapped[str] = mapped_column(ForeignKey("activity.id"), index=True)
    status: Mapped[RegistrationStatus] = mapped_column(word(RegistrationStatus), default=RegistrationStatus.REGISTERED)
    occurrence_ids: Mapped[list[str]] = mapped_column(default=list)
    has_invoice: Mapped[bool] = mapped_column(default=True)
    external_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    registered_at: Mapped[datetime] = mapped_column(default=utc_now)

    person: Mapped[Person] = relationship()
    activity: Mapped[Activity] = relationship()
