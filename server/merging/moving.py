"""Which rows follow in a merge. Each function answers what it moved, by table, as lists of ids."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.holdings import take_along
from server.models import (
    Account,
    AllowedAdult,
    BalanceEntry,
    ClientToken,
    Contact,
    Credential,
    ExtraAnswer,
    Mail,
    Membership,
    MembershipPerson,
    Memo,
    Multipass,
    PassUse,
    Person,
    PersonSkill,
    PictureVersion,
    Registration,
)
from server.privacy import repository

__all__ = ["amounts", "move_account", "move_person"]

_OF_PERSON: Final[tuple[type[Any], ...]] = (
    Credential,
    Memo,
    PersonSkill,
    PictureVersion,
    Registration,
    Multipass,
    ClientToken,
    Mail,
)
_OF_ACCOUNT: Final[tuple[type[Any], ...]] = (
    Membership,
    Multipass,
    PassUse,
    Registration,
    BalanceEntry,
    Contact,
    AllowedAdult,
    ClientToken,
)


def move_person(session: Session, kept: Person, gone: Person, *, stays: bool) -> dict[str, Any]:
    """Everything of `gone` to `kept`; unless it `stays`, what was bought goes to the account of `kept`, too."""
    moved: dict[str, Any] = {}
    for class_ in _OF_PERSON:
        rows = repository.rows_of(session, class_, [gone.id])
        for row in rows:
            row.person_id = kept.id
        moved[class_.__tablename__] = _ids(rows)
    moved |= {"membership_person": _cover(session, kept, gone), "extra_answer": _answers(session, kept, gone)}
    moved |= {"allowed_adult": _adults(session, kept, gone), "tag": _tags(kept, gone)}
    if kept.external_id is None and gone.external_id is not None:
        moved["external_id"] = gone.external_id
        external_id, gone.external_id = gone.external_id, None
        session.flush()
        kept.external_id = external_id
    if kept.identity_id is None:
        kept.identity_id = gone.identity_id
    session.flush()
    if not stays:
        moved |= _to_account(session, kept)
    return moved


def move_account(session: Session, kept: Account, gone: Account) -> dict[str, Any]:
    """Everyone and everything of an account."""
    moved: dict[str, Any] = {}
    people = session.scalars(select(Person).where(Person.account_id == gone.id)).all()
    for person in people:
        person.account_id = kept.id
    moved["person"] = _ids(people)
    for class_ in _OF_ACCOUNT:
        rows = session.scalars(select(class_).where(class_.account_id == gone.id)).all()
        for row in rows:
            row.account_id = kept.id
        moved[class_.__tablename__] = _ids(rows)
    if kept.external_id is None and gone.external_id is not None:
        moved["external_id"] = gone.external_id
        external_id, gone.external_id = gone.external_id, None
        session.flush()
        kept.external_id = external_id
    session.flush()
    return moved


def amounts(session: Session, kept: Account, gone: Account, today: date) -> Iterable[tuple[int, date | None]]:
    """What is owed on the account that stays, after `move_account`; of balances that no entries say, too."""
    wanted = select(BalanceEntry.amount_cents, BalanceEntry.due_on).where(BalanceEntry.account_id == kept.id)
    found: list[tuple[int, date | None]] = [(cents, due_on) for cents, due_on in session.execute(wanted)]
    missing = kept.balance_cents + gone.balance_cents - sum(cents for cents, _ in found)
    if missing:
        since = min((each for each in (kept.due_since, gone.due_since) if each), default=today)
        found.append((missing, since if missing > 0 else None))
    return found


def _ids(rows: Iterable[Any]) -> list[str]:
    return sorted(str(getattr(each, "id", None) or each.token_hash[:8]) for each in rows)


def _cover(session: Session, kept: Person, gone: Person) -> list[str]:
    covering = repository.rows_of(session, MembershipPerson, [gone.id])
    mine = {each.membership_id for each in repository.rows_of(session, MembershipPerson, [kept.id])}
    for row in covering:
        membership = session.get_one(Membership, row.membership_id)
        if row.membership_id not in mine:
            membership.people.append(MembershipPerson(membership_id=row.membership_id, person_id=kept.id))
        membership.people.remove(row)
    session.flush()
    return sorted(each.membership_id for each in covering)


def _answers(session: Session, kept: Person, gone: Person) -> list[str]:
    """What was answered about one of them only; about both, the answer of the one that stays counts."""
    mine = {each.question_id for each in repository.rows_of(session, ExtraAnswer, [kept.id])}
    moved = []
    for row in repository.rows_of(session, ExtraAnswer, [gone.id]):
        if row.question_id not in mine:
            answer = ExtraAnswer(
                person_id=kept.id, question_id=row.question_id, value=row.value, answered_at=row.answered_at
            )
            session.add(answer)
            session.delete(row)
            moved.append(row.question_id)
    return sorted(moved)


def _adults(session: Session, kept: Person, gone: Person) -> list[str]:
    adult = AllowedAdult.adult_person_id == gone.id
    wanted = select(AllowedAdult).where((AllowedAdult.child_id == gone.id) | adult)
    rows = session.scalars(wanted.where(AllowedAdult.organization_id == kept.organization_id)).all()
    for row in rows:
        if row.child_id == gone.id:
            row.child_id = kept.id
        if row.adult_person_id == gone.id:
            row.adult_person_id, row.name = kept.id, kept.full_name
    return _ids(rows)


def _tags(kept: Person, gone: Person) -> list[str]:
    more = [each for each in gone.tags if each not in kept.tags]
    kept.tags = [*kept.tags, *more]
    gone.tags = []
    return sorted(each.id for each in more)


def _to_account(session: Session, kept: Person) -> dict[str, Any]:
    """What was bought on the old account, with the uses: doors look for them on the person's account."""
    moved: dict[str, Any] = {}
    adults = select(AllowedAdult).where(
        AllowedAdult.child_id == kept.id,
        AllowedAdult.organization_id == kept.organization_id,
        AllowedAdult.account_id != kept.account_id,
    )
    held: list[Any] = [*take_along(session, kept, kept.account_id), *session.scalars(adults)]
    for row in held:
        row.account_id = kept.account_id
        moved.setdefault(f"account_of_{row.__tablename__}", []).extend(_ids([row]))
    session.flush()
    return moved
