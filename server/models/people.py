"""Client accounts, their people, the memos about them and the credentials they hold."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from access.domain.credentials import Code, CredentialKind, fingerprint
from access.domain.people import Language
from server.models.base import ID_LENGTH, Base, Identified, utc_now, word
from server.models.organizations import Organization

__all__ = ["Account", "AllowedAdult", "Credential", "Memo", "Person"]


class Account(Identified, Base):
    """One family or company, owned by one of its people. `balance_cents` above zero is unpaid since `due_since`."""

    __tablename__ = "account"

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"), index=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    owner_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    balance_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    due_since: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    people: Mapped[list[Person]] = relationship(
        back_populates="account", cascade="all, delete-orphan", order_by="Person.first_name"
    )
    owner: Mapped[Person | None] = relationship(
        primaryjoin=lambda: foreign(Account.owner_id) == Person.id, viewonly=True, uselist=False
    )


class Person(Identified, Base):
    """Anyone who can be checked in. Pictures are named by the SHA-256 (hex) of their bytes."""

    __tablename__ = "person"
    __table_args__ = (
        UniqueConstraint("organization_id", "member_id", name="uq_person_member_id"),
        Index("ix_person_name", "organization_id", "last_name", "first_name"),
        Index("ix_person_email", "organization_id", "email"),
        Index("ix_person_access_picture", "organization_id", "access_picture"),
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
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    account: Mapped[Account] = relationship(back_populates="people")
    memos: Mapped[list[Memo]] = relationship(
        back_populates="person", cascade="all, delete-orphan", order_by="Memo.written_at"
    )
    credentials: Mapped[list[Credential]] = relationship(back_populates="person", cascade="all, delete-orphan")

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


class AllowedAdult(Identified, Base):
    """Someone who may pick up a child: a contact of the account, or one of the centre's people (`adult_person_id`).

    `picture` is the SHA-256 (hex) of what staff compare the face with.
    """

    __tablename__ = "allowed_adult"
    __table_args__ = (Index("ix_allowed_adult_picture", "organization_id", "picture"),)

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    child_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    adult_person_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
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
    revoked_at: Mapped[datetime | None]

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
