"""Making two people, or two accounts, one. The caller commits; the doors hear of all of it through the feed.

Events are facts: their bodies stay as the doors sent them, and the columns beside them that say whose they are follow
to the one that stays. What a door still sends under the old id is taken in under the new one (`server.ingest`). A use
of a pass stays with its pass and with whom it names, so that nothing is left more, or less, than before.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Table, func, select, update
from sqlalchemy.orm import Session

from access.domain.instants import local_day
from server.accounts.balance import standing
from server.accounts.holdings import is_membership_shared
from server.accounts.locks import hold_accounts, hold_people
from server.accounts.people import is_minor
from server.accounts.repository import account_of
from server.audit import hook as audit
from server.errors import NotFound
from server.merging import moving
from server.merging.errors import MergeRefused
from server.merging.fields import take_over
from server.models import Account, Event, Organization, Person
from server.privacy import repository
from server.settlements.service import follow_merge

__all__ = ["merge_accounts", "merge_people"]

_EVENT: Final[Table] = Event.__table__  # type: ignore[assignment]


def merge_people(
    session: Session,
    organization_id: str,
    *,
    kept_id: str,
    gone_id: str,
    chosen: Collection[str] = (),
    now: datetime,
) -> None:
    """Makes `gone_id` part of `kept_id`, taking the values of the `chosen` fields over. Raises NotFound, MergeRefused.

    Between two accounts, what is the person's alone comes along; the other account itself, when nobody is left on it.
    Both blocked and flagged count as before: the stricter of the two. The other row stays, and says where it went.
    """
    kept, gone = _locked(session, organization_id, kept_id, gone_id)
    account, other = _accounts(session, kept, gone)
    is_left_empty = other.id != account.id and not repository.living(session, other, but=gone.id)
    if other.id != account.id and not is_left_empty:
        if other.owner_id == gone.id:
            raise MergeRefused("has_others")
        if is_membership_shared(session, gone):
            raise MergeRefused("shared_membership")
    if account.owner_id == kept.id or (other.id == account.id and other.owner_id == gone.id):
        _check_owner(session, kept, gone, chosen, local_day(now, _zone(session, organization_id)))
    fields = take_over(session, kept, gone, chosen)
    moved = moving.move_person(session, kept, gone, stays=other.id == account.id or is_left_empty)
    follow_merge(session, kept, gone)
    kept.is_blocked = kept.is_blocked or gone.is_blocked
    kept.has_notify_flag = kept.has_notify_flag or gone.has_notify_flag
    if account.id == other.id and account.owner_id == gone.id:
        account.owner_id = kept.id
    gone.merged_into, gone.archived_at = kept.id, gone.archived_at or now
    gone.is_blocked = gone.has_notify_flag = False
    for earlier in repository.same_person(session, gone):
        if earlier.merged_into == gone.id:
            earlier.merged_into = kept.id
    moved["events"] = _follow(session, organization_id, [gone.id], person_id=kept.id, account_id=account.id)
    session.flush()
    _tell(session, "person", kept.id, gone.id, moved, fields, organization_id, account.id, kept.id)
    if is_left_empty:
        merge_accounts(session, organization_id, kept_id=account.id, gone_id=other.id, now=now)


def merge_accounts(session: Session, organization_id: str, *, kept_id: str, gone_id: str, now: datetime) -> None:
    """Makes an account part of another, with everyone and everything on it. Raises NotFound or MergeRefused.

    The owner of the one that stays is the owner; balances are added up.
    """
    if kept_id == gone_id:
        raise MergeRefused("same")
    found = hold_accounts(session, organization_id, (kept_id, gone_id))
    if len(found) < 2:
        raise NotFound("there is no such account here")
    kept, gone = found[kept_id], found[gone_id]
    # What doors say of them meanwhile waits, and then finds where they went.
    on_it = session.scalars(select(Person.id).where(Person.account_id == gone.id)).all()
    hold_people(session, organization_id, on_it)
    if kept.merged_into is not None or gone.merged_into is not None:
        raise MergeRefused("gone")
    today = local_day(now, _zone(session, organization_id))
    moved = moving.move_account(session, kept, gone)
    balance = standing((cents, due_on or today) for cents, due_on in moving.amounts(session, kept, gone, today))
    kept.balance_cents, kept.due_since = balance.balance_cents, balance.due_since
    gone.balance_cents, gone.due_since = 0, None
    kept.owner_id = kept.owner_id or gone.owner_id
    kept.name = kept.name or gone.name
    gone.merged_into, gone.archived_at = kept.id, gone.archived_at or now
    for earlier in session.scalars(select(Account).where(Account.merged_into == gone.id)):
        earlier.merged_into = kept.id
    of_gone = _EVENT.c.account_id == gone.id
    mine = _EVENT.c.organization_id == organization_id
    moved["events"] = session.scalar(select(func.count()).select_from(_EVENT).where(mine, of_gone)) or 0
    session.execute(update(_EVENT).where(mine, of_gone).values(account_id=kept.id))
    session.flush()
    _tell(session, "account", kept.id, gone.id, moved, {}, organization_id, kept.id, None)


def _locked(session: Session, organization_id: str, kept_id: str, gone_id: str) -> tuple[Person, Person]:
    """Both rows, held with their accounts: ingest waits, and then finds where the one went."""
    if kept_id == gone_id:
        raise MergeRefused("same")
    found = hold_people(session, organization_id, (kept_id, gone_id))
    if len(found) < 2:
        raise NotFound("there is no such person here")
    for each in found.values():
        if each.merged_into is not None or each.erased_at is not None:
            raise MergeRefused("gone")
    if found[kept_id].archived_at is not None:
        raise MergeRefused("gone")
    return found[kept_id], found[gone_id]


def _accounts(session: Session, kept: Person, gone: Person) -> tuple[Account, Account]:
    ids = {kept.account_id, gone.account_id}
    found = {each: account_of(session, kept.organization_id, each) for each in ids}
    return found[kept.account_id], found[gone.account_id]


def _check_owner(session: Session, kept: Person, gone: Person, chosen: Collection[str], today: date) -> None:
    """The account owner stays an adult whatever date of birth is chosen."""
    if is_minor(gone if "date_of_birth" in chosen else kept, today):
        raise MergeRefused("under_age")


def _follow(session: Session, organization_id: str, gone_ids: list[str], *, person_id: str, account_id: str) -> int:
    theirs = [_EVENT.c.organization_id == organization_id, _EVENT.c.person_id.in_(gone_ids)]
    count = session.scalar(select(func.count()).select_from(_EVENT).where(*theirs)) or 0
    session.execute(update(_EVENT).where(*theirs).values(person_id=person_id, account_id=account_id))
    return count


def _tell(
    session: Session,
    entity: str,
    kept_id: str,
    gone_id: str,
    moved: dict[str, Any],
    fields: dict[str, Any],
    organization_id: str,
    account_id: str,
    person_id: str | None,
) -> None:
    """One entry that lists all of it: enough to take it apart again by hand."""
    changes: dict[str, Any] = {"merged_id": [gone_id, kept_id]}
    changes |= {name: [what, None] for name, what in moved.items() if what}
    changes |= {name: both for name, both in fields.items() if both[0] != both[1]}
    audit.note(
        session,
        entity=entity,
        entity_id=kept_id,
        what="merged",
        organization_id=organization_id,
        account_id=account_id,
        person_id=person_id,
        changes=changes,
    )


def _zone(session: Session, organization_id: str) -> ZoneInfo:
    return ZoneInfo(session.get_one(Organization, organization_id).time_zone)
