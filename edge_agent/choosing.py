"""The visitor's choice: a scan that several things would grant waits a little for the visitor to say which is used.

Nothing is recorded and nothing is released meanwhile. An offer ends with a choice, when its time is over, or with the
next scan at the access point; the last two take the access point's own order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from access.domain.facts import Decision
from access.domain.people import Participant
from access.domain.policy import AccessPoint, Direction
from access.domain.reasons import Outcome
from edge_agent.gather import Rules
from hardware.api import Read

__all__ = ["CHOICE_S", "DEFAULT_ORDER", "MAX_CHOICES", "Offer", "Offers"]

CHOICE_S: Final = 8.0
MAX_CHOICES: Final = 4
DEFAULT_ORDER: Final = ""
"""The choice of somebody who did not choose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What is offered to whom. `until` is in seconds of the monotonic clock."""

    id: str
    access_point: str
    read: Read
    decision: Decision
    participant: Participant
    point: AccessPoint
    rules: Rules
    until: float


class Offers:
    """The open offers, one an access point. For the door's thread alone.

    `show(offer)` puts it on the visitor's screens and says whether anybody can see it; `hide(offer)` takes it away.
    """

    def __init__(
        self, *, show: Callable[[Offer], bool] = lambda offer: False, hide: Callable[[Offer], None] = lambda offer: None
    ) -> None:
        self._show = show
        self._hide = hide
        self._open: dict[str, Offer] = {}

    def make(self, offer: Offer) -> bool:
        """Offers it, unless there is nothing to choose or no screen to choose on."""
        decision = offer.decision
        is_entry = decision.outcome is Outcome.GRANTED and decision.direction is Direction.IN
        if not is_entry or not decision.is_new_movement or len(decision.choices) < 2 or not self._show(offer):
            return False
        self._open[offer.access_point] = offer
        return True

    def take(self, access_point: str, offer_id: str | None = None) -> Offer | None:
        """Ends the offer of an access point (only that one, when its id is given)."""
        offer = self._open.get(access_point)
        if offer is None or offer_id not in (None, offer.id):
            return None
        del self._open[access_point]
        self._hide(offer)
        return offer

    def over(self, now: float) -> Iterable[Offer]:
        """Ends the offers whose time is over."""
        late = [each.access_point for each in self._open.values() if each.until <= now]
        return [offer for each in late if (offer := self.take(each)) is not None]
