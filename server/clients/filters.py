"""The filters of the client list: what the form says, and the conditions it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, union_all
from sqlalchemy.orm import aliased

from access.domain.people import AgeGroup
from server.clients.planning import only_checked
from server.clients.terms import MAX_TERM, Term, parse
from server.models import Account, Membership, MembershipPerson, Person, person_tag

__all__ = ["ARCHIVED", "FLAGS", "ClientFilter", "account_conditions", "person_conditions", "starts"]

FLAGS: Final = ("blocked", "notify")
ARCHIVED: Final = ("only", "all")
_NONE, _ANY = "none", "any"
_TEEN_AT, _ADULT_AT = 13, 18
_MAX_ID: Final = 64


@dataclass(frozen=True, slots=True)
class ClientFilter:
    """What is wanted. `membership` is a type's id, "any" or "none"; `archived` "only", "all" or neither."""

    term: Term = field(default_factory=lambda: parse(""))
    tag_id: str = ""
    membership: str = ""
    is_due: bool = False
    flag: str = ""
    has_no_picture: bool = False
    age: AgeGroup | None = None
    archived: str = ""
    since: date | None = None

    @staticmethod
    def of(form: Mapping[str, str]) -> ClientFilter:
        """From the values of the form; what makes no sense is as if it were not there."""
        age, flag, archived = form.get("age", ""), form.get("flag", ""), form.get("archived", "")
        return ClientFilter(
            term=parse(form.get("q", "")[: MAX_TERM * 2]),
            tag_id=_id(form.get("tag", "")),
            membership=_id(form.get("membership", "")),
            is_due=form.get("due") == "1",
            flag=flag if flag in FLAGS else "",
            has_no_picture=form.get("picture") == "none",
            age=AgeGroup(age) if age in list(AgeGroup) else None,
            archived=archived if archived in ARCHIVED else "",
            since=_day(form.get("since", "")),
        )

    def query(self) -> dict[str, str]:
        """The values of the form again, without the empty ones."""
        values = {
            "q": self.term.text,
            "tag": self.tag_id,
            "membership": self.membership,
            "due": "1" if self.is_due else "",
            "flag": self.flag,
            "picture": "none" if self.has_no_picture else "",
            "age": self.age or "",
            "archived": self.archived,
            "since": self.since.isoformat() if self.since else "",
        }
        return {name: str(value) for name, value in values.items() if value}

    @property
    def is_filtered(self) -> bool:
        """Whether anything but the term narrows the list."""
        return replace(self, term=parse("")) != ClientFilter()

    @property
    def is_personal(self) -> bool:
        """Whether a filter is about people, so that some members of an account may be meant and others not."""
        return replace(self, term=parse(""), is_due=False, archived="") != ClientFilter()


def _id(value: str) -> str:
    return value if len(value) <= _MAX_ID and value.isprintable() else ""


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def person_conditions(
    wanted: ClientFilter, organization_id: str, *, today: date, zone: tzinfo
) -> list[ColumnElement[bool]]:
    """What must hold of a person of the organization, but for the term; the archive is among it."""
    found: list[ColumnElement[bool]] = []
    if not wanted.archived:
        found += [Person.archived_at.is_(None), Person.merged_into.is_(None)]
    if wanted.tag_id:
        found.append(exists().where(person_tag.c.person_id == Person.id, person_tag.c.tag_id == wanted.tag_id))
    if wanted.membership:
        held = exists(_covering(wanted.membership, organization_id, today))
        found.append(~held if wanted.membership == _NONE else held)
    if wanted.flag:
        found.append(and_(Person.is_blocked if wanted.flag == "blocked" else Person.has_notify_flag))
    if wanted.has_no_picture:
        found.append(Person.access_picture.is_(None))
    if wanted.age:
        found.append(_is_of_age(wanted.age, today))
    if wanted.since:
        found.append(Person.created_at >= _beginning(wanted.since, zone))
    return found


def account_conditions(wanted: ClientFilter) -> list[ColumnElement[bool]]:
    """What must hold of an account of the organization."""
    found: list[ColumnElement[bool]] = []
    if wanted.is_due:
        found.append(Account.balance_cents > 0)
    if not wanted.archived:
        found += [Account.archived_at.is_(None), Account.merged_into.is_(None)]
    elif wanted.archived == "only":
        other = aliased(Person)
        theirs = select(other.id).where(other.account_id == Account.id, _is_gone(other)).correlate(Account)
        found.append(or_(_is_gone(Account), exists(theirs)))
    return found


def _is_gone(model: Any) -> ColumnElement[bool]:
    return or_(model.archived_at.is_not(None), model.merged_into.is_not(None))


def starts(wanted: ClientFilter, organization_id: str, *, today: date, zone: tzinfo) -> list[Select[Any]]:
    """For each filter that few may meet: the ids of the accounts it could leave, out of an index of its own.

    Every account on the list is among them; an account may come twice, and some may not be on the list.
    """
    ours = Person.organization_id == organization_id
    people = select(Person.account_id)
    found: list[Select[Any]] = []
    if wanted.tag_id:
        tagged = people.join(person_tag, person_tag.c.person_id == Person.id)
        found.append(
            tagged.where(person_tag.c.tag_id == wanted.tag_id, only_checked(Person.organization_id, organization_id))
        )
    if wanted.membership not in ("", _ANY, _NONE):
        covered = people.join(MembershipPerson, MembershipPerson.person_id == Person.id).join(Membership)
        sold = Membership.type_id == wanted.membership
        found.append(covered.where(sold, only_checked(Person.organization_id, organization_id)))
    if wanted.flag:
        found.append(people.where(ours, Person.is_blocked if wanted.flag == "blocked" else Person.has_notify_flag))
    if wanted.has_no_picture:
        found.append(people.where(ours, Person.access_picture.is_(None)))
    if wanted.age:
        found.append(people.where(ours, _is_of_age(wanted.age, today)))
    if wanted.since:
        found.append(people.where(ours, Person.created_at >= _beginning(wanted.since, zone)))
    if wanted.is_due:
        found.append(select(Account.id).where(Account.organization_id == organization_id, Account.balance_cents > 0))
    if wanted.archived == "only":
        accounts = select(Account.id).where(Account.organization_id == organization_id, _is_gone(Account))
        both = union_all(accounts, people.where(ours, _is_gone(Person))).subquery()
        found.append(select(both.c[0]))
    return found


def _covering(type_id: str, organization_id: str, today: date) -> Select[Any]:
    """The memberships of a person that have not ended, of one type or of any."""
    lasting = (
        or_(Membership.ends_on.is_(None), Membership.ends_on >= today),
        or_(Membership.cancellation_ends_on.is_(None), Membership.cancellation_ends_on >= today),
        only_checked(Membership.organization_id, organization_id),
    )
    held = select(MembershipPerson.person_id).join(Membership, Membership.id == MembershipPerson.membership_id)
    held = held.where(MembershipPerson.person_id == Person.id, *lasting).correlate(Person)
    return held if type_id in (_ANY, _NONE) else held.where(only_checked(Membership.type_id, type_id))


def _beginning(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def _is_of_age(age: AgeGroup, today: date) -> ColumnElement[bool]:
    teen, adult = _years_before(today, _TEEN_AT), _years_before(today, _ADULT_AT)
    if age is AgeGroup.CHILD:
        return Person.date_of_birth > teen
    if age is AgeGroup.TEEN:
        return and_(Person.date_of_birth > adult, Person.date_of_birth <= teen)
    return or_(Person.date_of_birth.is_(None), Person.date_of_birth <= adult)


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)
