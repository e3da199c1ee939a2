"""What people hold: memberships with their pauses and people, multipasses, and the uses taken of them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from access.domain import multipasses as law
from access.domain.memberships import CancellationState
from access.domain.multipasses import Effective
from access.domain.people import Text
from server.models.base import ID_LENGTH, Base, Identified, utc_now, word
from server.models.people import Account, Person

__all__ = [
    "Membership",
    "MembershipPause",
    "MembershipPerson",
    "MembershipType",
    "Multipass",
    "MultipassType",
    "PassUse",
]


class MembershipType(Identified, Base):
    """A membership as it is sold."""

    __tablename__ = "membership_type"
    __table_args__ = (Index("uq_membership_type_code", "organization_id", "code", unique=True),)

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"), index=True)
    code: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    name_en: Mapped[str] = mapped_column(String(200))
    name_fr: Mapped[str] = mapped_column(String(200), default="")
    makes_cards: Mapped[bool] = mapped_column(default=True)
    price_cents: Mapped[int | None]
    archived_at: Mapped[datetime | None]

    @property
    def name(self) -> Text:
        """The name in both languages."""
        return Text(self.name_en, self.name_fr)


class Membership(Identified, Base):
    """A membership of an account, covering the people listed. No `ends_on` means recurring billing."""

    __tablename__ = "membership"
    __table_args__ = (Index("uq_membership_external_id", "organization_id", "external_id", unique=True),)

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    type_id: Mapped[str] = mapped_column(ForeignKey("membership_type.id"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    cancellation_state: Mapped[CancellationState | None] = mapped_column(word(CancellationState))
    cancellation_ends_on: Mapped[date | None]
    external_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    account: Mapped[Account] = relationship()
    type: Mapped[MembershipType] = relationship()
    people: Mapped[list[MembershipPerson]] = relationship(back_populates="membership", cascade="all, delete-orphan")
    pauses: Mapped[list[MembershipPause]] = relationship(
        back_populates="membership", cascade="all, delete-orphan", order_by="MembershipPause.first_on"
    )


class MembershipPerson(Base):
    """That a membership covers a person."""

    __tablename__ = "membership_person"

    membership_id: Mapped[str] = mapped_column(ForeignKey("membership.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)

    membership: Mapped[Membership] = relationship(back_populates="people")
    person: Mapped[Person] = relationship()


class MembershipPause(Identified, Base):
    """Days without access, both ends included; no last day means until further notice."""

    __tablename__ = "membership_pause"

    membership_id: Mapped[str] = mapped_column(ForeignKey("membership.id"), index=True)
    first_on: Mapped[date]
    last_on: Mapped[date | None]

    membership: Mapped[Membership] = relationship(back_populates="pauses")


class MultipassType(Identified, Base):
    """A multipass as it is sold; a pass takes a copy of the counting and expiry rules."""

    __tablename__ = "multipass_type"
    __table_args__ = (Index("uq_multipass_type_code", "organization_id", "code", unique=True),)

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"), index=True)
    code: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    name_en: Mapped[str] = mapped_column(String(200))
    name_fr: Mapped[str] = mapped_column(String(200), default="")
    total: Mapped[int | None]
    effective: Mapped[Effective] = mapped_column(word(Effective), default=Effective.ON_PURCHASE)
    expires_after_days: Mapped[int | None]
    expires_after_months: Mapped[int | None]
    is_one_use_a_day: Mapped[bool] = mapped_column(default=False)
    is_strict: Mapped[bool] = mapped_column(default=False, server_default=false())
    is_family: Mapped[bool] = mapped_column(default=False)
    price_cents: Mapped[int | None]
    archived_at: Mapped[datetime | None]

    @property
    def name(self) -> Text:
        """The name in both languages."""
        return Text(self.name_en, self.name_fr)


class Multipass(Identified, Base):
    """A pass as sold. `total` None is unlimited, `person_id` None a family pass; what is left is computed from uses."""

    __tablename__ = "multipass"
    __table_args__ = (Index("uq_multipass_external_id", "organization_id", "external_id", unique=True),)

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    type_id: Mapped[str] = mapped_column(ForeignKey("multipass_type.id"), index=True)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"), index=True)
    purchased_on: Mapped[date]
    total: Mapped[int | None]
    effective: Mapped[Effective] = mapped_column(word(Effective), default=Effective.ON_PURCHASE)
    effective_on: Mapped[date | None]
    first_used_on: Mapped[date | None]
    expires_on: Mapped[date | None]
    expires_after_days: Mapped[int | None]
    expires_after_months: Mapped[int | None]
    is_one_use_a_day: Mapped[bool] = mapped_column(default=False)
    is_strict: Mapped[bool] = mapped_column(default=False, server_default=false())
    external_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    account: Mapped[Account] = relationship()
    type: Mapped[MultipassType] = relationship()
    person: Mapped[Person | None] = relationship()


class PassUse(Base):
    """One use of a multipass; `id` is the id of the event that took it, so no use counts twice.

    A fact from a door: the pass or the person may be unknown here, hence no foreign keys to them.
    """

    __tablename__ = "pass_use"
    __table_args__ = (Index("ix_pass_use_multipass", "organization_id", "multipass_id"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"))
    multipass_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    account_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    person_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    used_at: Mapped[datetime]
    is_undone: Mapped[bool] = mapped_column(default=False)
    lease_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))

    def body(self) -> law.PassUse:
        """The use as the law reads it."""
        return law.PassUse(
            id=self.id,
            multipass_id=self.multipass_id,
            person_id=self.person_id,
            used_at=self.used_at,
            is_undone=self.is_undone,
        )
