"""Which events to offer next. Pure: no clock, no network, no file.

Two lanes share the way to the centre: what had piled up when the connection came, oldest first, and what has happened
since. Each has a small window of batches whose receipt is awaited, so a backlog never starves a live event.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from access.wire.receipts import Receipt

__all__ = ["DeliveryWindow", "Lane", "Offer"]


class Lane(StrEnum):
    """The two lanes."""

    BACKLOG = "backlog"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Offer:
    """Room for one batch of waiting events with `after < seq <= until` (None: no end)."""

    lane: Lane
    after: int
    until: int | None


@dataclass(slots=True)
class _Batch:
    seqs: tuple[int, ...]
    sent_at: float


@dataclass(slots=True)
class _Road:
    floor: int
    until: int | None
    cursor: int
    room: int
    in_flight: list[_Batch] = field(default_factory=list)


class DeliveryWindow:
    """The state of one connection's deliveries. Instants are seconds of a monotonic clock."""

    def __init__(
        self,
        *,
        newest: int,
        batches: int = 4,
        live_batches: int = 2,
        patience_s: float = 4.0,
        max_patience_s: float = 30.0,
    ) -> None:
        """`newest` is the newest event when the connection came."""
        self._roads = {
            Lane.BACKLOG: _Road(floor=0, until=newest, cursor=0, room=batches),
            Lane.LIVE: _Road(floor=newest, until=None, cursor=newest, room=live_batches),
        }
        self._first_patience_s = patience_s
        self._patience_s = patience_s
        self._max_patience_s = max_patience_s

    def offers(self) -> Iterator[Offer]:
        """Where there is room; live events first."""
        for lane in (Lane.LIVE, Lane.BACKLOG):
            road = self._roads[lane]
            if len(road.in_flight) < road.room:
                yield Offer(lane, road.cursor, road.until)

    def sent(self, lane: Lane, seqs: Sequence[int], now: float) -> None:
        """A batch of the lane is on its way."""
        road = self._roads[lane]
        road.in_flight.append(_Batch(tuple(seqs), now))
        road.cursor = max(road.cursor, seqs[-1])

    def receive(self, receipt: Receipt) -> None:
        """Batches that the receipt covers are done."""
        self._patience_s = self._first_patience_s
        for road in self._roads.values():
            road.in_flight = [batch for batch in road.in_flight if not all(receipt.covers(seq) for seq in batch.seqs)]

    def rewind(self) -> None:
        """Everything without a receipt is to be offered again, from the lowest."""
        for road in self._roads.values():
            road.cursor = road.floor
            road.in_flight.clear()

    def rewind_overdue(self, now: float) -> bool:
        """Rewinds when a batch has waited too long for its receipt; each time in a row the patience doubles."""
        waits = [now - batch.sent_at for road in self._roads.values() for batch in road.in_flight]
        if not waits or max(waits) < self._patience_s:
            return False
        self._patience_s = min(self._patience_s * 2, self._max_patience_s)
        self.rewind()
        return True
