"""People and accounts as a door knows them: no e-mail, no birth date, only what a decision or a screen needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

__all__ = ["Account", "AgeGroup", "AllowedAdult", "Language", "Memo", "Organization", "Participant", "Text"]


class Language(StrEnum):
    """The languages of every screen."""

    EN = "en"
    FR = "fr"


class AgeGroup(StrEnum):
    """All a door knows of an age. A person without a date of birth is presumed adult."""

    CHILD = "child"
    TEEN = "teen"
    ADULT = "adult"


@dataclass(frozen=True, slots=True)
class Text:
    """A name in English and French; the other language stands in for an empty one."""

    en: str
    fr: str = ""

    def in_language(self, language: Language | str) -> str:
        """The text in the language, or in the other one when that is empty."""
        return (self.fr or self.en) if language == Language.FR else (self.en or self.fr)


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """The venue operator. `time_zone` is an IANA name; its midnights end days, memberships and passes."""

    id: str
    name: Text
    time_zone: str
    language: Language = Language.EN


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A client account. A `balance_cents` above zero is unpaid; its oldest part fell due on `due_since`."""

    id: str
    balance_cents: int = 0
    due_since: date | None = None


@dataclass(frozen=True, slots=True)
class Memo:
    """A note of staff about a person; only starred ones reach a door."""

    text: str
    is_allergy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """Anyone who can be checked in.

    `picture` is the SHA-256 (hex) of the access picture, `picture_verified_by` the name of who compared it with the
    person; `birthday` is (month, day), never a year.
    """

    id: str
    account_id: str
    first_name: str
    last_name: str = ""
    member_id: str = ""
    language: Language | None = None
    picture: str | None = None
    picture_verified_on: date | None = None
    picture_verified_by: str = ""
    birthday: tuple[int, int] | None = None
    age_group: AgeGroup = AgeGroup.ADULT
    is_blocked: bool = False
    has_notify_flag: bool = False
    memos: tuple[Memo, ...] = ()

    @property
    def full_name(self) -> str:
        """First and last name, with one space."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedAdult:
    """Someone who may pick up the child `child_id`: a contact, or a person of the centre when `person_id` says so.

    `picture` is the SHA-256 (hex) of what staff compare the face with; `account_id` is the child's account.
    """

    id: str
    account_id: str
    child_id: str
    name: str
    relation: Text = Text("")
    picture: str | None = None
    person_id: str | None = None
