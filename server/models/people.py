"""Client accounts, their people, the memos about them and the credentials they hold."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from access.domain.credentials import Code, CredentialKind, fingerprint
from access.domain.people import Language
from server.models.base import ID_LENGTH, Base, Identified, utc_now, word
from server.models.organizations import Organization

__all__ = ["Account", "AllowedAdult", "Contact", "Credential", "Memo", "Person", "Tag", "person_tag"]


def _where(condition: str) -> dict[str, Any]:
    """Has an index hold the few rows of which this is so."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def _only_where(flag: str) -> dict[str, Any]:
    """Has an index hold the few rows with a flag only."""
    return {"sqlite_where": text(f"{flag} = 1"), "postgresql_where": text(flag)}


person_tag = Table(
    "person_tag",
    Base.metadata,
    Column("person_id", ForeignKey("person.id"), primary_key=True),
    Column("tag_id", ForeignKey("tag.id"), primary_key=True, index=True),
)


class Tag(Identified, Base):
    """A word that staff put on people to find them again; `colour` names one of the office's badge colours."""

    __tablename__ = "tag"
    __table_args__ = (UniqueConstraint("organization_id", "name", name="uq_tag_name"),)

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"))
    name: Mapped[str] = mapped_column(String(60))
    colour: Mapped[str] = mapped_column(String(20), default="blue")


class Account(Identified, Base):
    """One family or company, owned by one of its people. `balance_cents` above zero is unpaid since `due_since`.

    The balance is the sum of its `BalanceEntry` rows. `external_id` is the key of another system that fills ours.
    """

    __tablename__ = "account"
    __table_args__ = (
        Index("uq_account_external_id", "organization_id", "external_id", unique=True),
        Index("ix_account_balance", "organization_id", "balance_cents"),
        Index(
            "ix_account_gone", "organization_id", "id", **_where("archived_at IS NOT NULL OR merged_into IS NOT NULL")
        ),
    )

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"), index=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    owner_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    balance_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    due_since: Mapped[date | None]
    external_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    merged_into: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    people: Mapped[list[Person]] = relationship(
        back_populates="account", cascade="all, delete-orphan", order_by="Person.first_name"
    )
    owner: Mapped[Person | None] = relationship(
        primaryjoin=lambda: foreign(Account.owner_id) == Person.id, viewonly=True, uselist=False
    )

    @property
    def members(self) -> list[Person]:
        """Those who were neither merged into somebody else nor erased."""
        return [each for each in self.people if each.merged_into is None and each.erased_at is None]


class Person(Identified, Base):
    """Anyone who can be checked in. Pictures are named by the SHA-256 (hex) of their bytes.

    First name, last name, date of birth and profile picture are shared by the rows of one `identity_id`, whatever
    their organization; everything else belongs to one organization.
    """

    __tablename__ = "person"
    __table_args__ = (
        UniqueConstraint("organization_id", "member_id", name="uq_person_member_id"),
        Index("ix_person_name", "organization_id", "last_name", "first_name"),
        Index("ix_person_email", "organization_id", "email"),
        Index("ix_person_access_picture", "organization_id", "access_picture"),
        Index("ix_person_profile_picture", "organization_id", "profile_picture"),
        Index("uq_person_external_id", "organization_id", "external_id", unique=True),
        Index("ix_person_created", "organization_id", "created_at"),
        Index("ix_person_born", "organization_id", "date_of_birth"),
        Index(
            "ix_person_gone",
            "organization_id",
            "account_id",
            **_where("archived_at IS NOT NULL OR merged_into IS NOT NULL"),
        ),
        Index("ix_person_blocked", "organization_id", "account_id", **_only_where("is_blocked")),
        Index("ix_person_notify_flag", "organization_id", "account_id", **_only_where("has_notify_flag")),
    )

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    first_name: Mapped[str] = mapped_column(String(200))
    last_name: Mapped[str] = mapped_column(String(200), default="")
    date_of_birth: Mapped[date | None]
    language: Mapped[Language | None] = mapped_column(word(Language))
    member_id: Mapped[str | None] = mapped_column(String(64))
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(40))
    profile_picture: Mapped[str | None] = mapped_column(String(64))
    access_picture: Mapped[str | None] = mapped_column(String(64))
    access_picture_verified_on: Mapped[date | None]
    access_picture_verified_by: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    is_blocked: Mapped[bool] = mapped_column(default=False)
    has_notify_flag: Mapped[bool] = mapped_column(default=False)
    identity_id: Mapped[str | None] = mapped_column(String(ID_LENGTH), index=True)
    external_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    gender: Mapped[str] = mapped_column(String(40), default="", server_default="")
    address_line_1: Mapped[str] = mapped_column(String(200), default="", server_default="")
    address_line_2: Mapped[str] = mapped_column(String(200), default="", server_default="")
    city: Mapped[str] = mapped_column(String(100), default="", server_default="")
    province: Mapped[str] = mapped_column(String(100), default="", server_default="")
    postal_code: Mapped[str] = mapped_column(String(20), default="", server_default="")
    country: Mapped[str] = mapped_column(String(2), default="", server_default="")
    wants_email: Mapped[bool] = mapped_column(default=False, server_default=false())
    wants_sms: Mapped[bool] = mapped_column(default=False, server_default=false())
    admin_note: Mapped[str] = mapped_column(Text, default="", server_default="")
    merged_into: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    archived_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    account: Mapped[Account] = relationship(back_populates="people")
    memos: Mapped[list[Memo]] = relationship(
        back_populates="person", cascade="all, delete-orphan", order_by="Memo.written_at"
    )
    credentials: Mapped[list[Credential]] = relationship(back_populates="person", cascade="all, delete-orphan")
    tags: Mapped[list[Tag]] = relationship(secondary=person_tag, order_by="Tag.name")

    @property
    def full_name(self) -> str:
        """First and last name, with one space."""
        return f"{self.first_name} {self.last_name}".strip()


class Memo(Identified, Base):
    """A note of staff about a person; only starred ones reach a door."""

    __tablename__ = "memo"

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    is_starred: Mapped[bool] = mapped_column(default=False)
    is_allergy: Mapped[bool] = mapped_column(default=False)
    written_by: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    written_at: Mapped[datetime] = mapped_column(default=utc_now)

    person: Mapped[Person] = relationship(back_populates="memos")


class Contact(Identified, Base):
    """Someone related to an account who is no member of it: an emergency contact, a grandparent who picks up."""

    __tablename__ = "contact"

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    first_name: Mapped[str] = mapped_column(String(200))
    last_name: Mapped[str] = mapped_column(String(200), default="")
    relation: Mapped[str] = mapped_column(String(100), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    picture: Mapped[str | None] = mapped_column(String(64))
    is_emergency: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    @property
    def full_name(self) -> str:
        """First and last name, with one space."""
        return f"{self.first_name} {self.last_name}".strip()


class AllowedAdult(Identified, Base):
    """Someone who may pick up a child: a contact of the account, or one of the centre's people (`adult_person_id`).

    `picture` is the SHA-256 (hex) of what staff compare the face with.
    """

    __tablename__ = "allowed_adult"
    __table_args__ = (Index("ix_allowed_adult_picture", "organization_id", "picture"),)

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    child_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    adult_person_id: Mapped[str | None] = mapped_column(String(ID_LENGTH), index=True)
    contact_id: Mapped[str | None] = mapped_column(String(ID_LENGTH), index=True)
    name: Mapped[str] = mapped_column(String(200))
    relation_en: Mapped[str] = mapped_column(String(100), default="")
    relation_fr: Mapped[str] = mapped_column(String(100), default="")
    picture: Mapped[str | None] = mapped_column(String(64))

    child: Mapped[Person] = relationship()


class Credential(Identified, Base):
    """Anything a person presents. `value` is the canonical code, kept here only; doors get the fingerprint."""

    __tablename__ = "credential"
    __table_args__ = (UniqueConstraint("organization_id", "fingerprint", name="uq_credential_fingerprint"),)

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[CredentialKind] = mapped_column(word(CredentialKind))
    value: Mapped[str] = mapped_column(String(512))
    fingerprint: Mapped[str] = mapped_column(String(32))
    issued_at: Mapped[datetime] = mapped_column(default=utc_now)
    issued_by: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    printed_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    revoked_because: Mapped[str] = mapped_column(String(40), default="", server_default="")
    replaces_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))

    person: Mapped[Person] = relationship(back_populates="credentials")

    @staticmethod
    def of(organization: Organization, person: Person, code: Code) -> Credential:
        """A credential for a person from a canonical code, fingerprinted under the organization's key."""
        return Credential(
            organization_id=organization.id,
            person=person,
            kind=code.kind,
            value=code.value,
            fingerprint=fingerprint(organization.fingerprint_key, code),
        )
