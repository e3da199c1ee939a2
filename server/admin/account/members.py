"""What the page of one account member shows, read in one go; and the fields of its sections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy.orm import Session

from access.words import LANGUAGES, words
from server.access_points.values import Values
from server.accounts import pick_up, repository
from server.accounts.people import is_minor
from server.admin.account.form import Field, Kind, typed_day
from server.models import (
    AllowedAdult,
    ClientLogin,
    Contact,
    ExtraAnswer,
    ExtraQuestion,
    Memo,
    Person,
    Tag,
)
from server.staff.repository import staff_names

__all__ = [
    "QUESTION_KINDS",
    "SECTIONS",
    "Change",
    "MemberPage",
    "answer_fields",
    "member_page",
    "pick_up_fields",
    "shown_questions",
    "values_of_person",
]

_LANGUAGES = tuple((code, words(code).name) for code in LANGUAGES)
QUESTION_KINDS: Final = ("text", "yes_no", "choice", "date")

SECTIONS: Final[Mapping[str, tuple[Field, ...]]] = {
    "personal": (
        Field(name="first_name", label="fields.first_name", is_required=True),
        Field(name="last_name", label="fields.last_name"),
        Field(
            name="date_of_birth", label="fields.date_of_birth", kind=Kind.DAY, is_birth=True, help="member.born_help"
        ),
        Field(name="gender", label="member.gender", most=40),
        Field(name="language", label="fields.language", kind=Kind.CHOICE, choices=_LANGUAGES, none="member.unknown"),
        Field(name="member_id", label="fields.member_id", most=64),
        Field(name="email", label="fields.email", kind=Kind.EMAIL, most=254),
        Field(name="phone", label="fields.phone", kind=Kind.PHONE, most=40),
    ),
    "address": (
        Field(name="address_line_1", label="member.street"),
        Field(name="address_line_2", label="member.unit"),
        Field(name="city", label="member.city", most=100),
        Field(name="province", label="member.province", most=100),
        Field(name="postal_code", label="member.postal_code", most=20),
        Field(name="country", label="member.country", most=2, help="member.country_help"),
    ),
    "communications": (
        Field(name="wants_email", label="member.wants_email", kind=Kind.CHECK),
        Field(name="wants_sms", label="member.wants_sms", kind=Kind.CHECK),
    ),
    "note": (Field(name="admin_note", label="member.note", kind=Kind.LONG, most=4000, help="member.note_help"),),
}
"""The sections that are columns of a person."""


@dataclass(frozen=True, slots=True)
class Change:
    """A logged change of a name or username; `label` is the key of which."""

    at: datetime
    by: str
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberPage:
    """Everything about one member."""

    person: Person
    is_minor: bool
    contacts: Sequence[Contact]
    allowed: Sequence[AllowedAdult]
    questions: Sequence[tuple[ExtraQuestion, ExtraAnswer | None]]
    tags: Sequence[Tag]
    memos: Sequence[tuple[Memo, str]]
    login: ClientLogin | None
    changes: Sequence[Change]

    def picked_up_by(self, contact: Contact) -> list[AllowedAdult]:
        """The rows in which the contact is the adult."""
        return pick_up.children_of(self.allowed, contact)

    @property
    def who_picks_up(self) -> list[AllowedAdult]:
        """Who may pick up this child."""
        return [row for row in self.allowed if row.child_id == self.person.id]

    @property
    def missing(self) -> list[ExtraQuestion]:
        """Required questions without an answer."""
        return [question for question, answer in self.questions if question.is_required and not answer]


def member_page(session: Session, organization_id: str, account_id: str, person_id: str, *, today: date) -> MemberPage:
    """The page of a member of the account. Raises NotFound."""
    person = repository.person_of(session, organization_id, account_id, person_id)
    answers = repository.answers_of(session, person.id)
    writers = staff_names(session, organization_id, {memo.written_by for memo in person.memos if memo.written_by})
    memos = sorted(person.memos, key=lambda memo: (memo.is_starred, memo.written_at), reverse=True)
    return MemberPage(
        person=person,
        is_minor=is_minor(person, today),
        contacts=repository.contacts_of(session, organization_id, account_id),
        allowed=repository.allowed_adults(session, organization_id, account_id),
        questions=[(each, answers.get(each.id)) for each in repository.questions_of(session, organization_id)],
        tags=repository.tags_of(session, organization_id),
        memos=[(memo, writers.get(memo.written_by or "", "")) for memo in memos],
        login=repository.login_of(session, person),
        changes=_changes(session, person),
    )


_LOGGED: Final = {
    "first_name": "fields.first_name",
    "last_name": "fields.last_name",
    "username": "member.username",
}


def _changes(session: Session, person: Person) -> list[Change]:
    entries = repository.name_changes(session, person)
    names = staff_names(session, person.organization_id, {each.actor_id for each in entries if each.actor_id})
    found = []
    for entry in entries:
        for what, label in _LOGGED.items():
            change = (entry.changes or {}).get(what)
            if not isinstance(change, list) or len(change) != 2:
                continue
            before, after = (str(each or "") for each in change)
            if before:
                found.append(Change(entry.at, names.get(entry.actor_id or "", ""), label, before, after))
    return found


def shown_questions(
    questions: Sequence[tuple[ExtraQuestion, ExtraAnswer | None]], *, is_all: bool
) -> list[tuple[ExtraQuestion, ExtraAnswer | None]]:
    """The required ones and those that have an answer; with the All switch every one."""
    return [(each, answer) for each, answer in questions if is_all or each.is_required or answer]


def answer_fields(questions: Sequence[ExtraQuestion], language: str, yes_no: tuple[str, str]) -> tuple[Field, ...]:
    """A field for each question, in the reader's language."""
    kinds = {"yes_no": Kind.CHOICE, "choice": Kind.CHOICE, "date": Kind.DAY}
    choices = {"yes_no": (("yes", yes_no[0]), ("no", yes_no[1]))}
    return tuple(
        Field(
            name=f"q-{each.id}",
            said=each.label.in_language(language),
            kind=kinds.get(each.kind, Kind.TEXT),
            is_required=each.is_required,
            most=1000,
            choices=choices.get(each.kind, tuple((value, value) for value in each.choices)),
        )
        for each in questions
    )


def values_of_person(person: Person, fields: Sequence[Field]) -> Values:
    """A person's columns as the fields hold them."""
    values: Values = {}
    for field in fields:
        held = getattr(person, field.name)
        if field.kind is Kind.CHECK:
            values[field.name] = ["on"] if held else []
        else:
            values[field.name] = typed_day(held) if field.kind is Kind.DAY else [str(held or "")]
    return values


def pick_up_fields(children: list[tuple[str, str]]) -> tuple[Field, ...]:
    """Which children, and what the adult is to them."""
    return (
        Field(name="relation", label="contact.relation", most=100, help="contact.relation_help"),
        Field(name="children", label="contact.children", kind=Kind.CHECKS, choices=children),
    )
