"""Every query of the client list and its search. All are scoped to one organization."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, or_, select, tuple_, union_all
from sqlalchemy.orm import Session, selectinload

from access.domain.credentials import Code, CredentialKind, UnreadableCode, fingerprint, normalise, normalise_uid
from server.clients.folding import variants
from server.clients.matching import matches
from server.clients.planning import is_so, only_checked
from server.clients.ranking import Candidate
from server.clients.terms import Term, Word, can_be_misspelt, errors_in
from server.models import (
    Account,
    AccountOrder,
    Credential,
    MembershipType,
    NameVariant,
    Organization,
    Person,
    PersonSearch,
)

__all__ = [
    "Conditions",
    "accounts_in_order",
    "candidates",
    "membership_types",
    "narrowed",
    "people_found",
    "people_in_order",
]

_LAST: Final = "\U0010ffff"
_MOST_EXACT: Final = 20
_MOST_SPELLINGS: Final = 12
_MOST_VARIANTS: Final = 200
_MOST_BEGINNINGS: Final = 40
_LEAST_BEGINNING: Final = 5
_ENOUGH: Final = 8
_FEW: Final = 3_000
_Ways = Sequence[Sequence[Sequence[Word]]]


@dataclass(frozen=True, slots=True)
class Conditions:
    """What must hold of people and of accounts besides the term.

    The organization is asked of the table that leads a query: asked of each, SQLite would start from any of them.
    `starts` are where a query could begin instead of with everybody; `few` are the accounts that one of them left.
    """

    organization_id: str
    people: Sequence[ColumnElement[bool]]
    accounts: Sequence[ColumnElement[bool]]
    starts: Sequence[Select[Any]] = ()
    few: Sequence[str] | None = None


def narrowed(session: Session, where: Conditions) -> Conditions:
    """The conditions with the few accounts that can meet them, if a filter's own index says that there are few.

    A list whose filters many meet is walked in its order instead, and its first page is soon full.
    """
    for start in where.starts:
        found = session.scalars(start.limit(_FEW + 1)).all()
        if len(found) <= _FEW:
            return replace(where, few=sorted(set(found)))
    return where


def candidates(session: Session, where: Conditions, term: Term, *, limit: int) -> list[Candidate]:
    """People whom the term may mean: those it names exactly, then those it begins, contains, and last misspells.

    At most about `limit` of each kind, the first by name; the misspelt ones only when there are few others.
    """
    found = [_candidate(row, is_holder=True) for row in _holders(session, where, term)]
    found += [_candidate(row) for row in _exact(session, where, term)]
    begun: list[Candidate] = []
    mine = PersonSearch.organization_id == where.organization_id
    if term.is_name:
        for by in (PersonSearch.by_last, PersonSearch.by_first):
            wanted = _people(where).where(mine, by >= term.sequence, by < term.sequence + _LAST)
            begun += [_candidate(row) for row in session.execute(wanted.order_by(by, PersonSearch.no).limit(limit))]
    if len(begun) < limit and term.ways:
        begun += [
            _candidate(row)
            for row in session.execute(_people(where).where(_fits(session, where, term.ways)).limit(limit))
        ]
    found += begun
    if len({each.person_id for each in found}) < _ENOUGH:
        found += [_candidate(row, is_misspelt=True) for row in _misspelt(session, where, term, limit)]
    return found


def _people(where: Conditions) -> Any:
    fields = (Person.id, Person.account_id, PersonSearch.by_last, PersonSearch.by_first, Person.member_id, Person.email)
    wanted = select(*fields, Person.phone).select_from(PersonSearch)
    wanted = wanted.join(Person, Person.id == PersonSearch.person_id).join(Account, Account.id == Person.account_id)
    return wanted.where(*where.people, *where.accounts, *_among_few(where))


def _among_few(where: Conditions) -> list[ColumnElement[bool]]:
    return [] if where.few is None else [Person.account_id.in_(where.few)]


def _candidate(row: Any, *, is_holder: bool = False, is_misspelt: bool = False) -> Candidate:
    person_id, account_id, by_last, by_first, member_id, email, phone = row
    return Candidate(
        person_id, account_id, by_last, by_first, member_id, email, phone, is_holder=is_holder, is_misspelt=is_misspelt
    )


def _fits(session: Session, where: Conditions, ways: _Ways) -> ColumnElement[bool]:
    return matches(session.get_bind().dialect.name, where.organization_id, ways)


def _holders(session: Session, where: Conditions, term: Term) -> Sequence[Any]:
    ids = _holder_ids(session, where.organization_id, term.text)
    mine = only_checked(Person.organization_id, where.organization_id)
    return session.execute(_people(where).where(mine, Person.id.in_(ids))).all() if ids else []


def _holder_ids(session: Session, organization_id: str, text: str) -> list[str]:
    """Whoever holds the card with exactly this code, revoked or not."""
    key = session.scalar(select(Organization.fingerprint_key).where(Organization.id == organization_id))
    codes: list[Code] = []
    printed = normalise(text.encode("utf-8", "replace"), technology="barcode")
    if not isinstance(printed, UnreadableCode):
        codes.append(printed)
    with suppress(ValueError):
        codes.append(Code(CredentialKind.NFC, normalise_uid(text)))
    if key is None or not codes:
        return []
    mine = (Credential.organization_id == organization_id, Credential.person_id.is_not(None))
    held = Credential.fingerprint.in_([fingerprint(key, code) for code in codes])
    return list(session.scalars(select(Credential.person_id).where(*mine, held)))


def _exact(session: Session, where: Conditions, term: Term) -> Sequence[Any]:
    """By the whole member ID; by a whole word of the index when the term is no name."""
    known = {term.text, term.text.upper()}
    numbered = select(Person.id).where(Person.organization_id == where.organization_id, Person.member_id.in_(known))
    ids = list(session.scalars(numbered))
    mine = only_checked(Person.organization_id, where.organization_id)
    found = list(session.execute(_people(where).where(mine, Person.id.in_(ids)))) if ids else []
    whole = {term.one, term.number} - {""}
    if not term.is_name and whole:
        fits = _fits(session, where, [[[Word(each, is_whole=True) for each in sorted(whole)]]])
        found += list(session.execute(_people(where).where(fits).limit(_MOST_EXACT)))
    return found


def _misspelt(session: Session, where: Conditions, term: Term, limit: int) -> Sequence[Any]:
    way = misspelt_way(session, where.organization_id, term)
    return session.execute(_people(where).where(_fits(session, where, [way])).limit(limit)).all() if way else []


def misspelt_way(session: Session, organization_id: str, term: Term) -> list[list[Word]]:
    """The term with the names that each of its words may be meant for; empty when there are none."""
    if not term.is_forgiven:
        return []
    way = [[*word, *_spellings(session, organization_id, word[0].text)] for word in term.words]
    return way if any(len(now) > len(before) for now, before in zip(way, term.words, strict=True)) else []


def _spellings(session: Session, organization_id: str, typed: str) -> list[Word]:
    """The names nearest to a word with an error in it, nearest first."""
    if not can_be_misspelt(typed):
        return []
    mine = NameVariant.organization_id == organization_id
    probes = sorted(variants(typed))
    same = select(NameVariant.word).where(mine, NameVariant.variant.in_(probes)).limit(_MOST_VARIANTS)
    near = set(session.scalars(same))
    if len(typed) >= _LEAST_BEGINNING:
        begun = [
            select(NameVariant.word)
            .where(mine, NameVariant.variant > each, NameVariant.variant < each + _LAST)
            .order_by(NameVariant.variant)
            .limit(_MOST_BEGINNINGS)
            .subquery()
            for each in probes
        ]
        near |= set(session.scalars(union_all(*(select(each.c.word) for each in begun))))
    told = [(errors, name[0] != typed[0], name) for name in near if (errors := errors_in(typed, name))]
    return [Word(name, is_whole=True) for _, _, name in sorted(told)[:_MOST_SPELLINGS]]


def accounts_in_order(
    session: Session, where: Conditions, *, is_personal: bool, after: tuple[str, str] | None, limit: int
) -> list[tuple[str, str]]:
    """(account id, folded name) of the accounts in the order of their names, from behind `after` on."""
    wanted = select(AccountOrder.account_id, AccountOrder.name)
    if where.few is None:
        wanted = wanted.where(AccountOrder.organization_id == where.organization_id)
    else:
        mine = only_checked(AccountOrder.organization_id, where.organization_id)
        wanted = wanted.where(mine, AccountOrder.account_id.in_(where.few))
    wanted = wanted.where(is_so(select(Account).where(Account.id == AccountOrder.account_id, *where.accounts)))
    if is_personal:
        wanted = wanted.where(is_so(select(Person).where(Person.account_id == AccountOrder.account_id, *where.people)))
    if after is not None:
        wanted = wanted.where(tuple_(AccountOrder.name, AccountOrder.account_id) > tuple_(*after))
    ordered = wanted.order_by(AccountOrder.name, AccountOrder.account_id).limit(limit)
    return [(row.account_id, row.name) for row in session.execute(ordered)]


def membership_types(session: Session, organization_id: str) -> Sequence[MembershipType]:
    """What memberships can be filtered by."""
    wanted = select(MembershipType).where(MembershipType.organization_id == organization_id)
    return session.scalars(wanted.order_by(MembershipType.name_en, MembershipType.id)).all()


def people_found(session: Session, where: Conditions, account_ids: Collection[str]) -> set[str]:
    """Which people of these accounts meet the conditions."""
    mine = only_checked(Person.organization_id, where.organization_id)
    return set(session.scalars(select(Person.id).where(mine, Person.account_id.in_(account_ids), *where.people)))


def people_in_order(
    session: Session, where: Conditions, term: Term, *, after: tuple[str, int] | None, limit: int
) -> list[tuple[Person, str, int]]:
    """People for an export, by last name, with the key that the next ones come after."""
    wanted = select(Person, PersonSearch.by_last, PersonSearch.no).select_from(PersonSearch)
    wanted = wanted.join(Person, Person.id == PersonSearch.person_id).join(Account, Account.id == Person.account_id)
    wanted = wanted.where(PersonSearch.organization_id == where.organization_id, *where.people, *where.accounts)
    wanted = wanted.where(*_among_few(where))
    if not term.is_empty:
        wanted = wanted.where(_means(session, where, term))
    if after is not None:
        wanted = wanted.where(tuple_(PersonSearch.by_last, PersonSearch.no) > tuple_(*after))
    ordered = wanted.order_by(PersonSearch.by_last, PersonSearch.no).limit(limit)
    ordered = ordered.options(selectinload(Person.tags), selectinload(Person.account).selectinload(Account.owner))
    return [(row[0], row[1], row[2]) for row in session.execute(ordered)]


def _means(session: Session, where: Conditions, term: Term) -> ColumnElement[bool]:
    """As `candidates`, but without a limit: the right ones and, when there are few, the misspelt ones too."""
    held = PersonSearch.person_id.in_(_holder_ids(session, where.organization_id, term.text))
    ways: list[Sequence[Sequence[Word]]] = list(term.ways)
    if not ways:
        return held
    few = session.execute(_people(where).where(_fits(session, where, ways)).limit(_ENOUGH)).all()
    way = misspelt_way(session, where.organization_id, term) if len(few) < _ENOUGH else []
    return or_(_fits(session, where, [*ways, *([way] if way else [])]), held)
