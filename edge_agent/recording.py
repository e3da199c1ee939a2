"""From a decision to the event that records it. Nothing is decided and nothing is written here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from access.domain.credentials import CredentialKind
from access.domain.facts import Decision, Entitlement
from access.domain.ids import uuid7
from access.domain.people import Language, Participant
from access.domain.policy import Direction
from access.domain.reasons import Outcome
from access.wire.events import CacheMark, Event, EventKind, PresentedCredential, UsedEntitlement
from access.wire.movements import one_way
from edge_agent.clock import Moment

__all__ = ["Presented", "event_kind", "event_maker", "used"]

_MAX_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """What was presented where: the reader, its access point, and the code's keyed fingerprint.

    `length` is set for a read that is no code.
    """

    reader: str
    access_point: str
    kind: CredentialKind
    fingerprint: str
    length: int | None = None


def event_kind(decision: Decision, participant: Participant | None) -> EventKind:
    """What the decision is called in the history. A second scan within the duplicate window is one more scan, and no
    second check-in or check-out."""
    if decision.direction is Direction.OUT:
        if participant is None:
            return EventKind.ANONYMOUS_EXIT
        return EventKind.CHECKED_OUT if decision.is_new_movement else EventKind.REPEATED
    if decision.outcome is Outcome.DENIED:
        return EventKind.DENIED
    if decision.outcome is Outcome.REVIEW:
        return EventKind.REVIEW_REQUESTED
    return EventKind.CHECKED_IN if decision.is_new_movement else EventKind.REPEATED


def event_maker(
    decision: Decision,
    presented: Presented,
    participant: Participant | None,
    moment: Moment,
    *,
    device: str,
    boot_id: str,
    cache: CacheMark | None,
    data_as_of: datetime | None,
    is_offline: bool,
    language: Language,
    random: bytes,
    lease: str | None = None,
    is_chosen: bool = False,
) -> Callable[[int, str], Event]:
    """Builds the event once its seq and the digest of the one before are known. `random` is 10 bytes, `lease` what a
    use of a strict pass is spent of."""

    def make(seq: int, prev: str) -> Event:
        return Event(
            id=uuid7(int(moment.now.timestamp() * 1000), random),
            device=device,
            seq=seq,
            prev=prev,
            kind=event_kind(decision, participant),
            occurred_at=moment.now,
            boot_id=boot_id,
            monotonic_ms=int(moment.monotonic * 1000),
            clock=moment.trust,
            cache=cache,
            data_as_of=data_as_of,
            is_offline=is_offline,
            access_point=presented.access_point,
            reader=presented.reader,
            direction=one_way(decision.direction),
            credential=PresentedCredential(
                kind=presented.kind, fingerprint=presented.fingerprint, length=presented.length
            ),
            person=participant.id if participant else None,
            account=participant.account_id if participant else None,
            outcome=decision.outcome,
            reasons=decision.reasons,
            notices=decision.notices,
            entitlement=used(
                decision.entitlement,
                is_taken=decision.takes_use,
                language=language,
                lease=lease,
                is_chosen=is_chosen,
            ),
        )

    return make


def used(
    entitlement: Entitlement | None,
    *,
    is_taken: bool,
    language: Language,
    lease: str | None = None,
    is_chosen: bool = False,
) -> UsedEntitlement | None:
    """The entitlement as an event names it. `is_taken`: the person goes in by it, so it costs what it costs."""
    if entitlement is None:
        return None
    takes_use = is_taken and entitlement.takes_use
    return UsedEntitlement(
        type=entitlement.type,
        id=entitlement.id,
        name=entitlement.name.in_language(language)[:_MAX_NAME],
        name_en=entitlement.name.en[:_MAX_NAME] or None,
        name_fr=entitlement.name.fr[:_MAX_NAME] or None,
        type_id=entitlement.type_id,
        takes_use=takes_use,
        remaining=entitlement.remaining_after if takes_use else entitlement.remaining,
        activates=entitlement.activates and takes_use,
        occurrence_id=entitlement.occurrence_id,
        is_chosen=is_chosen,
        lease=lease if takes_use else None,
    )
