"""Deciding about a flagged event, once: charge it, give it, keep people out until it is settled, or let it be.

The event is a fact and stays as it is. What changes is the account's balance, the pass's total, or the person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from server.accounts.balance import EntryKind, EntrySource, enter
from server.accounts.errors import InvalidEntry
from server.accounts.locks import hold_accounts
from server.errors import NotFound
from server.ingest.clones import CLONE, CLONE_ALARM, impossible_with
from server.ingest.uses import OVERDRAWN, OVERDRAWN_ALARM, flag_excess
from server.leases.repository import locked_multipass
from server.models import BalanceEntry, Memo, Person, Settlement
from server.settlements import repository
from server.settlements.errors import AlreadySettled, NotOffered
from server.settlements.proposals import SETTLED_FLAGS, Choice, Proposal, proposal

__all__ = ["Wanted", "follow_merge", "settle"]

_MOST_NOTE = 400
_MOST_DESCRIPTION = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A decision. `said` goes with what it makes: the words of the balance entry or of the memo."""

    choice: Choice
    note: str = ""
    amount_cents: int | None = None
    person_ids: tuple[str, ...] = ()
    said: str = ""


def settle(
    session: Session, organization_id: str, event_id: str, wanted: Wanted, *, staff_id: str, now: datetime
) -> Settlement:
    """Decides about a flagged event; the caller commits. Raises NotFound, AlreadySettled or NotOffered."""
    _hold(session, organization_id, event_id, wanted)
    event = repository.locked_event(session, organization_id, event_id)
    session.expire_all()  # what was read before the lock may be old
    if event is None or set(event.flags).isdisjoint(SETTLED_FLAGS):
        raise NotFound("no such flagged event")
    found = proposal(session, organization_id, event)
    if wanted.choice not in found.choices:
        raise AlreadySettled("settled before") if found.settlement else NotOffered(wanted.choice.value)
    made = found.settlement or Settlement(organization_id=organization_id, event_id=event.id)
    if found.settlement is not None:
        _lift_block(session, made)
    made.decision, made.note = wanted.choice.value, wanted.note.strip()[:_MOST_NOTE]
    made.multipass_id = found.multipass.id if found.multipass else None
    made.decided_by, made.decided_at = staff_id, now
    session.add(made)
    _act(session, found, made, wanted, now=now)
    session.flush()
    _settle_alarms(session, found, staff_id=staff_id, now=now)
    return made


def _hold(session: Session, organization_id: str, event_id: str, wanted: Wanted) -> None:
    """Holds what the decision may change in the order of `server.accounts.locks`; the event itself comes last."""
    event = repository.event_of(session, organization_id, event_id)
    if event is None:
        return
    found = proposal(session, organization_id, event)
    chosen = set(wanted.person_ids) & set(found.person_ids)
    lifted = found.settlement.blocked_ids if found.settlement else []
    hold_accounts(session, organization_id, [event.account_id] if event.account_id else [])
    repository.people(session, organization_id, chosen | set(lifted))
    if event.pass_id:
        locked_multipass(session, organization_id, event.pass_id)


def follow_merge(session: Session, kept: Person, gone: Person) -> None:
    """Has the settlements that keep one of the two out speak of the one that stays; before the merge adds both up.

    Whom staff had blocked by hand, as either of the two, stays blocked when the settlement gives way.
    """
    blocking = repository.blocking(session, kept.organization_id)
    by_settlement = {id_ for each in blocking for id_ in each.blocked_ids}
    is_by_hand = any(each.is_blocked and each.id not in by_settlement for each in (kept, gone))
    for made in blocking:
        others = [id_ for id_ in made.blocked_ids if id_ not in (kept.id, gone.id)]
        if len(others) < len(made.blocked_ids):
            made.blocked_ids = others if is_by_hand else [kept.id, *others]


def _act(session: Session, found: Proposal, made: Settlement, wanted: Wanted, *, now: datetime) -> None:
    if wanted.choice is Choice.CHARGE:
        made.balance_entry = _charge(session, found, made, wanted, now=now)
    if wanted.choice is Choice.CREDIT or (wanted.choice is Choice.CHARGE and found.is_overdrawn):
        made.is_use_added = _add_use(found)
    if wanted.choice is Choice.BLOCK:
        _block(session, found, made, wanted, now=now)


def _charge(session: Session, found: Proposal, made: Settlement, wanted: Wanted, *, now: datetime) -> BalanceEntry:
    event = found.event
    try:
        return enter(
            session,
            event.organization_id,
            event.account_id or "",
            kind=EntryKind.CHARGE,
            amount_cents=wanted.amount_cents or 0,
            source=EntrySource.SETTLEMENT,
            now=now,
            description=wanted.said[:_MOST_DESCRIPTION],
            event_id=event.id,
            entered_by=made.decided_by,
        )
    except InvalidEntry as error:
        raise NotOffered("no such amount") from error


def _add_use(found: Proposal) -> bool:
    """One more use on the pass, for the one that was taken: paid for or given. The doors hear of it."""
    if found.multipass is None or found.multipass.total is None:
        return False
    found.multipass.total += 1
    return True


def _block(session: Session, found: Proposal, made: Settlement, wanted: Wanted, *, now: datetime) -> None:
    chosen = set(wanted.person_ids) & set(found.person_ids)
    people = repository.people(session, made.organization_id, chosen)
    if not people:
        raise NotOffered("nobody to keep out")
    blocked = {id_ for each in repository.blocking(session, made.organization_id) for id_ in each.blocked_ids}
    made.blocked_ids = [each.id for each in people if not each.is_blocked or each.id in blocked]
    memos = [
        Memo(person=each, text=wanted.said, is_starred=True, written_by=made.decided_by, written_at=now)
        for each in people
    ]
    for each in people:
        each.is_blocked = True
    session.add_all(memos)
    session.flush()
    made.memo_ids = [each.id for each in memos]


def _lift_block(session: Session, made: Settlement) -> None:
    """Takes a block back: the memos go, and whom no other settlement blocks may come in again."""
    others = [each for each in repository.blocking(session, made.organization_id) if each.id != made.id]
    still = {id_ for each in others for id_ in each.blocked_ids}
    for person in repository.people(session, made.organization_id, set(made.blocked_ids) - still):
        person.is_blocked = False
    for memo in repository.memos(session, made.memo_ids):
        session.delete(memo)
    made.memo_ids, made.blocked_ids = [], []


def _settle_alarms(session: Session, found: Proposal, *, staff_id: str, now: datetime) -> None:
    event, organization_id = found.event, found.event.organization_id
    if OVERDRAWN in event.flags and found.multipass is not None:
        zone = ZoneInfo(repository.time_zone(session, organization_id))
        uses = repository.uses_of(session, organization_id, found.multipass.id)
        if not flag_excess(session, found.multipass, uses, zone):
            repository.settle_alarms(
                session, organization_id, OVERDRAWN_ALARM, found.multipass.id, staff_id=staff_id, now=now
            )
    if CLONE in event.flags and not _is_a_copy_open(session, found):
        repository.settle_alarms(
            session, organization_id, CLONE_ALARM, event.person_id or event.id, staff_id=staff_id, now=now
        )


def _is_a_copy_open(session: Session, found: Proposal) -> bool:
    """Whether nothing was decided about another double sight of the same person, or of what it was seen with."""
    event = found.event
    if event.account_id is None or event.person_id is None:
        return False
    seen = repository.flagged_of_person(session, event.organization_id, event.account_id, event.person_id, CLONE)
    settled = repository.settlements_of(session, event.organization_id, [each.id for each in seen])
    return any(
        each.id not in settled and not any(other.id in settled for other in impossible_with(session, each))
        for each in seen
    )
