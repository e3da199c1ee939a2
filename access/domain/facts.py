"""What a decision is made from, and what it comes to. Plain values; no rule lives here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from access.domain.credentials import CredentialStatus
from access.domain.instants import require_aware
from access.domain.memberships import Membership
from access.domain.multipasses import Multipass, PassUse
from access.domain.people import Account, Participant, Text
from access.domain.policy import AccessType, Direction, EntitlementClass
from access.domain.reasons import Notice, Outcome, Reason
from access.domain.registrations import Activity, Registration

__all__ = ["AccessRequest", "ClockTrust", "Decision", "Entitlement", "Facts", "Finding", "Presence"]


class ClockTrust(StrEnum):
    """How far a door believes its own clock; `holdover` ran on from a trusted one."""

    TRUSTED = "trusted"
    HOLDOVER = "holdover"
    UNTRUSTED = "untrusted"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRequest:
    """Someone presents something at an access point. `choice` is the id of the entitlement the visitor chose."""

    direction: Direction = Direction.IN
    credential: CredentialStatus = CredentialStatus.VALID
    choice: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """The person's last movements at this access point, as far as anyone has told this door."""

    last_in_at: datetime | None = None
    last_out_at: datetime | None = None

    def __post_init__(self) -> None:
        for name, at in (("last_in_at", self.last_in_at), ("last_out_at", self.last_out_at)):
            if at is not None:
                require_aware(at, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything known at the moment of the scan. Things of other people of the account may be among them.

    `presence` is about this access point alone, `facility_presence` about all that lead to the same facility (None:
    this one stands alone). `lent` are the strict multipasses of which this door holds a lent use. `data_as_of` is the
    instant of the newest state heard from the centre; None when there never was one.
    """

    participant: Participant | None = None
    account: Account | None = None
    memberships: tuple[Membership, ...] = ()
    multipasses: tuple[Multipass, ...] = ()
    uses: tuple[PassUse, ...] = ()
    activities: tuple[Activity, ...] = ()
    registrations: tuple[Registration, ...] = ()
    presence: Presence = Presence()
    facility_presence: Presence | None = None
    occupancy: int = 0
    lent: tuple[str, ...] = ()
    data_as_of: datetime | None = None
    clock: ClockTrust = ClockTrust.TRUSTED

    def __post_init__(self) -> None:
        if self.data_as_of is not None:
            require_aware(self.data_as_of, "data_as_of")

    @property
    def movements(self) -> Presence:
        """The person's last movements at the facility: what anti-passback asks for."""
        return self.facility_presence or self.presence


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """Something held that opens this door now.

    `remaining` is what is left before this check-in (None: not counted); `takes_use` whether it costs one use, which
    `is_strict` demands to be a lent one; `is_lent` says that it is at hand.
    """

    type: AccessType
    class_: EntitlementClass
    id: str
    name: Text
    type_id: str
    ends_on: date | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    occurrence_id: str | None = None
    total: int | None = None
    remaining: int | None = None
    takes_use: bool = False
    activates: bool = False
    is_family: bool = False
    is_strict: bool = False
    is_lent: bool = False

    @property
    def needs_lease(self) -> bool:
        """Whether it would open the door if only the centre had lent this door a use."""
        return self.is_strict and self.takes_use and not self.is_lent

    @property
    def remaining_after(self) -> int | None:
        """What is left once this check-in has taken its use."""
        return None if self.remaining is None else self.remaining - (1 if self.takes_use else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One reason with the outcome it causes and the details its texts may name."""

    reason: Reason
    outcome: Outcome
    on: date | None = None
    at: datetime | None = None
    name: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The answer. `findings` are strictest first; `entitlement` is what lets in, or would after a review.

    `is_new_movement` is False for a repeated scan: no second check-in and no second use. `choices` are offered to
    the visitor when the access point asks and more than one thing would open the door.
    """

    outcome: Outcome
    direction: Direction
    findings: tuple[Finding, ...] = ()
    entitlement: Entitlement | None = None
    choices: tuple[Entitlement, ...] = ()
    notices: tuple[Notice, ...] = ()
    is_new_movement: bool = True

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """All reason codes, strictest first."""
        return tuple(finding.reason for finding in self.findings)

    @property
    def takes_use(self) -> bool:
        """Whether recording this decision takes a use of a multipass: only a new, granted entry does."""
        is_entry = self.outcome is Outcome.GRANTED and self.direction is Direction.IN and self.is_new_movement
        return is_entry and self.entitlement is not None and self.entitlement.takes_use
