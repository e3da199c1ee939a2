"""Every query about the data of accounts. All are scoped to one organization."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from server.accounts.locks import hold_accounts
from server.errors import NotFound
from server.models import (
    Account,
    AllowedAdult,
    AuditEntry,
    BalanceEntry,
    ClientLogin,
    Contact,
    ExtraAnswer,
    ExtraQuestion,
    Memo,
    Organization,
    Person,
    PersonSkill,
    Skill,
    Tag,
)

__all__ = [
    "account_of",
    "adults_of",
    "allowed_adults",
    "amounts",
    "answers_of",
    "contact_of",
    "contacts_of",
    "entries_of",
    "entry_by_external_id",
    "is_member_id_taken",
    "lock_person",
    "locked_account",
    "locked_organization",
    "login_of",
    "memo_of",
    "name_changes",
    "organization_of",
    "person_of",
    "question_of",
    "questions_of",
    "reached_skill",
    "reached_skills",
    "skill_of",
    "skills_of",
    "tags_of",
    "time_zone",
    "twins",
]

_MOST_LOGS = 200


def locked_account(session: Session, organization_id: str, account_id: str) -> Account | None:
    """The account as it is now, held until the commit: before its people, see `server.accounts.locks`."""
    return hold_accounts(session, organization_id, [account_id]).get(account_id)


def account_of(session: Session, organization_id: str, account_id: str) -> Account:
    """An account of the organization. Raises NotFound."""
    wanted = select(Account).where(Account.id == account_id, Account.organization_id == organization_id)
    found = session.scalars(wanted).one_or_none()
    if found is None:
        raise NotFound("there is no such account here")
    return found


def organization_of(session: Session, organization_id: str) -> Organization:
    """The organization."""
    return session.scalars(select(Organization).where(Organization.id == organization_id)).one()


def time_zone(session: Session, organization_id: str) -> str:
    """The name of the organization's time zone."""
    return session.scalars(select(Organization.time_zone).where(Organization.id == organization_id)).one()


def amounts(session: Session, account: Account) -> list[tuple[int, date | None]]:
    """The amounts of the account's entries with their due dates."""
    wanted = select(BalanceEntry.amount_cents, BalanceEntry.due_on).where(
        BalanceEntry.organization_id == account.organization_id, BalanceEntry.account_id == account.id
    )
    return [(cents, due_on) for cents, due_on in session.execute(wanted)]


def entries_of(session: Session, organization_id: str, account_id: str) -> Sequence[BalanceEntry]:
    """The account's entries, newest first."""
    wanted = select(BalanceEntry).where(
        BalanceEntry.organization_id == organization_id, BalanceEntry.account_id == account_id
    )
    return session.scalars(wanted.order_by(BalanceEntry.entered_at.desc(), BalanceEntry.id.desc())).all()


def entry_by_external_id(session: Session, organization_id: str, external_id: str) -> BalanceEntry | None:
    """The entry that another system knows by this key."""
    wanted = select(BalanceEntry).where(
        BalanceEntry.organization_id == organization_id, BalanceEntry.external_id == external_id
    )
    return session.scalars(wanted).one_or_none()


def locked_organization(session: Session, organization_id: str) -> Organization | None:
    """The organization as it is now, locked until the commit."""
    wanted = select(Organization).where(Organization.id == organization_id)
    return session.scalars(wanted.with_for_update().execution_options(populate_existing=True)).one_or_none()


def person_of(session: Session, organization_id: str, account_id: str, person_id: str) -> Person:
    """A person of the account with their tags and memos. Raises NotFound."""
    wanted = select(Person).where(
        Person.id == person_id,
        Person.account_id == account_id,
        Person.organization_id == organization_id,
        Person.merged_into.is_(None),
        Person.erased_at.is_(None),
    )
    found = session.scalars(wanted.options(selectinload(Person.tags), selectinload(Person.memos))).one_or_none()
    if found is None:
        raise NotFound("there is no such person on this account")
    return found


def twins(session: Session, person: Person) -> Sequence[Person]:
    """The other rows of the same identity, whatever their organization: they share name, birth and profile picture."""
    if person.identity_id is None:
        return ()
    wanted = select(Person).where(Person.identity_id == person.identity_id, Person.id != person.id)
    return session.scalars(wanted.order_by(Person.id)).all()


def is_member_id_taken(session: Session, organization_id: str, member_id: str, *, but: str = "") -> bool:
    """Whether somebody else of the organization has this member ID."""
    wanted = select(Person.id).where(
        Person.organization_id == organization_id, Person.member_id == member_id, Person.id != but
    )
    return session.scalars(wanted.limit(1)).one_or_none() is not None


def contacts_of(session: Session, organization_id: str, account_id: str) -> Sequence[Contact]:
    """The account's contacts, by first name."""
    wanted = select(Contact).where(Contact.organization_id == organization_id, Contact.account_id == account_id)
    return session.scalars(wanted.order_by(Contact.first_name, Contact.last_name, Contact.id)).all()


def contact_of(session: Session, organization_id: str, account_id: str, contact_id: str) -> Contact:
    """A contact of the account. Raises NotFound."""
    wanted = select(Contact).where(
        Contact.id == contact_id, Contact.account_id == account_id, Contact.organization_id == organization_id
    )
    found = session.scalars(wanted).one_or_none()
    if found is None:
        raise NotFound("there is no such contact on this account")
    return found


def allowed_adults(session: Session, organization_id: str, account_id: str) -> Sequence[AllowedAdult]:
    """Who may pick up which child of the account."""
    wanted = select(AllowedAdult).where(
        AllowedAdult.organization_id == organization_id, AllowedAdult.account_id == account_id
    )
    return session.scalars(wanted.order_by(AllowedAdult.name, AllowedAdult.id)).all()


def adults_of(session: Session, organization_id: str, person_id: str) -> Sequence[AllowedAdult]:
    """The rows in which a person is the adult."""
    wanted = select(AllowedAdult).where(
        AllowedAdult.organization_id == organization_id, AllowedAdult.adult_person_id == person_id
    )
    return session.scalars(wanted.order_by(AllowedAdult.id)).all()


def memo_of(session: Session, person: Person, memo_id: str) -> Memo:
    """A memo about the person. Raises NotFound."""
    found = next((memo for memo in person.memos if memo.id == memo_id), None)
    if found is None:
        raise NotFound("there is no such memo about this person")
    return found


def tags_of(session: Session, organization_id: str) -> Sequence[Tag]:
    """The organization's tags."""
    return session.scalars(select(Tag).where(Tag.organization_id == organization_id).order_by(Tag.name)).all()


def questions_of(session: Session, organization_id: str) -> Sequence[ExtraQuestion]:
    """The questions that are asked, in their order."""
    wanted = select(ExtraQuestion).where(
        ExtraQuestion.organization_id == organization_id, ExtraQuestion.archived_at.is_(None)
    )
    return session.scalars(wanted.order_by(ExtraQuestion.position, ExtraQuestion.id)).all()


def question_of(session: Session, organization_id: str, question_id: str) -> ExtraQuestion:
    """A question that is asked. Raises NotFound."""
    found = next((each for each in questions_of(session, organization_id) if each.id == question_id), None)
    if found is None:
        raise NotFound("there is no such question")
    return found


def answers_of(session: Session, person_id: str) -> dict[str, ExtraAnswer]:
    """What was answered about a person, by question."""
    wanted = select(ExtraAnswer).where(ExtraAnswer.person_id == person_id)
    return {each.question_id: each for each in session.scalars(wanted)}


def skills_of(session: Session, organization_id: str) -> Sequence[Skill]:
    """The skills that are recorded, in their order."""
    wanted = select(Skill).where(Skill.organization_id == organization_id, Skill.archived_at.is_(None))
    return session.scalars(wanted.order_by(Skill.position, Skill.id)).all()


def skill_of(session: Session, organization_id: str, skill_id: str) -> Skill:
    """A skill that is recorded. Raises NotFound."""
    found = next((each for each in skills_of(session, organization_id) if each.id == skill_id), None)
    if found is None:
        raise NotFound("there is no such skill")
    return found


def reached_skills(session: Session, organization_id: str, person_ids: Collection[str]) -> Sequence[tuple[Any, Any]]:
    """The levels these people reached with their skills, archived ones too; newest first."""
    wanted = select(PersonSkill, Skill).join(Skill, Skill.id == PersonSkill.skill_id)
    wanted = wanted.where(PersonSkill.organization_id == organization_id, PersonSkill.person_id.in_(person_ids))
    ordered = wanted.order_by(PersonSkill.achieved_on.desc(), PersonSkill.id.desc())
    return [(reached, skill) for reached, skill in session.execute(ordered)]


def reached_skill(session: Session, organization_id: str, person_id: str, reached_id: str) -> PersonSkill:
    """One level that the person reached. Raises NotFound."""
    wanted = select(PersonSkill).where(
        PersonSkill.id == reached_id,
        PersonSkill.person_id == person_id,
        PersonSkill.organization_id == organization_id,
    )
    found = session.scalars(wanted).one_or_none()
    if found is None:
        raise NotFound("there is no such level of this person")
    return found


def login_of(session: Session, person: Person) -> ClientLogin | None:
    """How the person signs in, if they can."""
    return session.get(ClientLogin, person.identity_id) if person.identity_id else None


def name_changes(session: Session, person: Person) -> list[AuditEntry]:
    """What the audit log has of the person's name and username, newest first."""
    wanted = select(AuditEntry).where(AuditEntry.organization_id == person.organization_id)
    subjects = [("person", person.id)]
    if person.identity_id:
        subjects.append(("client_login", person.identity_id))
    found: list[AuditEntry] = []
    for entity, entity_id in subjects:
        named = wanted.where(AuditEntry.entity == entity, AuditEntry.entity_id == entity_id)
        found += session.scalars(named.order_by(AuditEntry.seq.desc()).limit(_MOST_LOGS))
    return sorted(found, key=lambda entry: entry.seq, reverse=True)


def lock_person(session: Session, person_id: str) -> None:
    """Has whoever records something about the person wait until the commit."""
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update())
