"""What a flagged event collided with and what can be decided about it. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from server.ingest.clones import CLONE, impossible_with
from server.ingest.uses import OVERDRAWN, excess_uses
from server.models import Event, Multipass, PassUse, Settlement
from server.settlements import repository

__all__ = ["SETTLED_FLAGS", "Choice", "Proposal", "cost_of_a_use", "proposal", "proposals"]

SETTLED_FLAGS = (OVERDRAWN, CLONE)


class Choice(StrEnum):
    """What an admin may decide: the account pays, the use is given, the people are kept out, or nothing is done."""

    CHARGE = "charge"
    CREDIT = "credit"
    BLOCK = "block"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An overdrawn or doubly seen event with what it collided with.

    `collided` are the events in question, in the order they happened, this one among them; `price_cents` is what one
    use of the pass costs, None when that is not known. `settled_with` is what was decided about another of the same
    collision, when nothing was about this one.
    """

    event: Event
    collided: tuple[Event, ...]
    multipass: Multipass | None
    taken: int
    price_cents: int | None
    settlement: Settlement | None
    settled_with: Settlement | None

    @property
    def is_overdrawn(self) -> bool:
        """Whether the pass had none left for it; else one credential was in two places."""
        return OVERDRAWN in self.event.flags

    @property
    def person_ids(self) -> tuple[str, ...]:
        """Whom it is about: the event's own person first."""
        return tuple(dict.fromkeys(each.person_id for each in (self.event, *self.collided) if each.person_id))

    @property
    def choices(self) -> tuple[Choice, ...]:
        """What can still be decided. A block gives way to any other decision."""
        if self.settlement is not None and self.settlement.decision != Choice.BLOCK:
            return ()
        possible = {
            Choice.CHARGE: self.event.account_id is not None,
            Choice.CREDIT: self.multipass is not None and self.multipass.total is not None,
            Choice.BLOCK: bool(self.person_ids) and self.settlement is None,
            Choice.NONE: True,
        }
        return tuple(choice for choice, is_possible in possible.items() if is_possible)


def proposals(session: Session, organization_id: str, events: Iterable[Event]) -> Mapping[str, Proposal]:
    """The proposals for those of the events that are overdrawn or doubly seen, by their ids."""
    flagged = [each for each in events if not set(each.flags).isdisjoint(SETTLED_FLAGS)]
    return {each.id: proposal(session, organization_id, each) for each in flagged}


def proposal(session: Session, organization_id: str, event: Event) -> Proposal:
    """The proposal for a flagged event."""
    uses = repository.uses_of(session, organization_id, event.pass_id) if event.pass_id else []
    is_use = any(use.id == event.id for use in uses)
    multipass = repository.multipass(session, organization_id, event.pass_id) if is_use else None
    collided = {event.id: event}
    if OVERDRAWN in event.flags and multipass is not None:
        zone = ZoneInfo(repository.time_zone(session, organization_id))
        ids = _collided(session, multipass, uses, zone)
        collided |= {each.id: each for each in repository.events_by_id(session, organization_id, ids)}
    if CLONE in event.flags:
        others = impossible_with(session, event)
        collided |= {each.id: each for each in others}
    else:
        others = []
    settled = repository.settlements_of(session, organization_id, [event.id, *(each.id for each in others)])
    return Proposal(
        event=event,
        collided=tuple(sorted(collided.values(), key=lambda each: (each.occurred_at, each.id))),
        multipass=multipass,
        taken=sum(not use.is_undone for use in uses),
        price_cents=cost_of_a_use(multipass),
        settlement=settled.get(event.id),
        settled_with=next((settled[each.id] for each in others if each.id in settled), None),
    )


def cost_of_a_use(multipass: Multipass | None) -> int | None:
    """The price of the pass shared out among the uses it is sold with, to the nearest cent; None when unknown."""
    if multipass is None or multipass.type.price_cents is None or not multipass.type.total:
        return None
    return (multipass.type.price_cents * 2 + multipass.type.total) // (multipass.type.total * 2)


def _collided(session: Session, multipass: Multipass, uses: list[PassUse], zone: ZoneInfo) -> set[str]:
    """The uses beyond what was sold, and the last one that was: it was spent with them."""
    settled = repository.settled_uses(session, multipass.organization_id, [use.id for use in uses])
    sold = (multipass.total or 0) - len(settled.added)
    beyond = excess_uses(uses, multipass, zone, added=settled.added) | settled.added
    within = [use.id for use in uses if not use.is_undone and use.id not in beyond]
    return beyond | set(within[-1:] if sold > 0 else [])
