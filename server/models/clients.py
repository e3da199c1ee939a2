"""What the back office keeps about clients: questions, skills, the history of pictures, logins, mail, lists."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from access.domain import people
from server.models.base import ID_LENGTH, Base, Identified, utc_now

__all__ = [
    "CardTemplate",
    "ClientLogin",
    "ClientSession",
    "ClientToken",
    "ExtraAnswer",
    "ExtraQuestion",
    "Mail",
    "PersonSkill",
    "PictureVersion",
    "SavedList",
    "Skill",
]


class ExtraQuestion(Identified, Base):
    """A question that an organization asks about each of its people. `kind`: text, yes_no, choice or date."""

    __tablename__ = "extra_question"

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"), index=True)
    label_en: Mapped[str] = mapped_column(String(300))
    label_fr: Mapped[str] = mapped_column(String(300), default="")
    kind: Mapped[str] = mapped_column(String(20), default="text")
    choices: Mapped[list[str]] = mapped_column(default=list)
    is_required: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    archived_at: Mapped[datetime | None]

    @property
    def label(self) -> people.Text:
        """The question in both languages."""
        return people.Text(self.label_en, self.label_fr)


class ExtraAnswer(Base):
    """What was answered about a person; a date as ISO 8601, yes and no as those words."""

    __tablename__ = "extra_answer"

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    question_id: Mapped[str] = mapped_column(ForeignKey("extra_question.id"), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    answered_at: Mapped[datetime] = mapped_column(default=utc_now)


class Skill(Identified, Base):
    """A skill that an organization records, with its levels from the first to the last."""

    __tablename__ = "skill"

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"), index=True)
    name_en: Mapped[str] = mapped_column(String(200))
    name_fr: Mapped[str] = mapped_column(String(200), default="")
    levels: Mapped[list[str]] = mapped_column(default=list)
    position: Mapped[int] = mapped_column(default=0)
    archived_at: Mapped[datetime | None]

    @property
    def name(self) -> people.Text:
        """The name in both languages."""
        return people.Text(self.name_en, self.name_fr)


class PersonSkill(Identified, Base):
    """A level that a person reached on a day."""

    __tablename__ = "person_skill"

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    skill_id: Mapped[str] = mapped_column(ForeignKey("skill.id"), index=True)
    level: Mapped[str] = mapped_column(String(100), default="")
    achieved_on: Mapped[date]
    note: Mapped[str] = mapped_column(String(400), default="")
    recorded_by: Mapped[str | None] = mapped_column(String(ID_LENGTH))


class PictureVersion(Identified, Base):
    """One change of a profile or access picture. `role`: profile or access; `source`: upload, webcam, copy, import ...

    `picture` None says that it was taken away.
    """

    __tablename__ = "picture_version"
    __table_args__ = (
        Index("ix_picture_version_person", "person_id", "role", "changed_at"),
        Index("ix_picture_version_picture", "organization_id", "picture"),
    )

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    role: Mapped[str] = mapped_column(String(20))
    picture: Mapped[str | None] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(20))
    changed_by: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)


class ClientLogin(Base):
    """How a client signs in: belongs to the identity that organizations share. Only the client changes the username."""

    __tablename__ = "client_login"

    identity_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    username: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200), default="")
    activated_at: Mapped[datetime | None]
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)


class ClientSession(Base):
    """A client who is signed in, known by the SHA-256 of the cookie's random token."""

    __tablename__ = "client_session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    identity_id: Mapped[str] = mapped_column(String(ID_LENGTH), index=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class ClientToken(Base):
    """A link that was sent by e-mail, known by the SHA-256 of its random token. `purpose`: activation or consent.

    `answer`: activated, accepted, declined, or replaced by a later link.
    """

    __tablename__ = "client_token"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(String(20), default="")


class Mail(Identified, Base):
    """An e-mail on its way: kept until the SMTP server took it, tried again with growing pauses.

    `body` has `LINK` where the link goes; `sealed_path` is its path, encrypted, and gone once the e-mail is.
    """

    __tablename__ = "mail"
    __table_args__ = (Index("ix_mail_due", "sent_at", "next_at"),)

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"), index=True)
    person_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    purpose: Mapped[str] = mapped_column(String(40))
    to_address: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(2), default="en")
    sealed_path: Mapped[bytes | None] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime | None]
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    next_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(String(400), default="")


class SavedList(Identified, Base):
    """Filters of the client list under a name; `query` are the form's values. A shared one is seen by all staff."""

    __tablename__ = "saved_list"

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"), index=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    name: Mapped[str] = mapped_column(String(100))
    query: Mapped[dict[str, Any]] = mapped_column(default=dict)
    is_shared: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class CardTemplate(Identified, Base):
    """How membership cards are printed; `layout` is read by `server.cards`."""

    __tablename__ = "card_template"
    __table_args__ = (UniqueConstraint("organization_id", "name", name="uq_card_template_name"),)

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"))
    name: Mapped[str] = mapped_column(String(100))
    layout: Mapped[dict[str, Any]] = mapped_column(default=dict)
    is_default: Mapped[bool] = mapped_column(default=False)
    archived_at: Mapped[datetime | None]
