"""Who came and went and which uses were taken, as far as a door had heard of it: its own events, or all of the site.

Fed with events in the order in which they happened; a question about a scan is asked before the scan is noted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from access.domain.facts import Presence
from access.domain.multipasses import PassUse
from access.wire.events import EventKind
from server.explain.repository import Move

__all__ = ["ENTRIES", "EXITS", "Movements"]

ENTRIES = frozenset({EventKind.CHECKED_IN, EventKind.REVIEW_APPROVED, EventKind.OVERRIDDEN})
EXITS = frozenset({EventKind.CHECKED_OUT, EventKind.PICKED_UP})


class Movements:
    """Presence at access points, and uses of passes. `is_shared`: every door counts as having heard the others."""

    def __init__(self, *, is_shared: bool = False) -> None:
        self._is_shared = is_shared
        self._presence: dict[tuple[str, str], dict[str, Presence]] = defaultdict(dict)
        self._inside: dict[tuple[str, str], dict[str, datetime]] = defaultdict(dict)
        self._uses: dict[tuple[str, str], dict[str, PassUse]] = defaultdict(dict)

    def note_all(self, moves: Iterable[Move]) -> None:
        """Notes several, oldest first."""
        for each in moves:
            self.note(each)

    def note(self, move: Move) -> None:
        """Takes one event in."""
        device = self._device(move.device_id)
        if move.kind == EventKind.UNDONE and move.refers_to is not None:
            self._undo(move, device)
        elif move.person_id is not None and move.kind in (ENTRIES | EXITS):
            self._move(move, device)
        if move.has_use and move.account_id and move.person_id and move.pass_id:
            self._uses[device, move.account_id][move.id] = PassUse(
                id=move.id, multipass_id=move.pass_id, person_id=move.person_id, used_at=move.occurred_at
            )

    def presence(self, device_id: str, access_point_id: str, person_id: str | None) -> Presence:
        """The person's last movements at the access point."""
        if person_id is None:
            return Presence()
        return self._presence[self._device(device_id), access_point_id].get(person_id, Presence())

    def inside(self, device_id: str, access_point_id: str, since: datetime) -> int:
        """How many came in since the instant and have not left. Later questions must not ask for earlier instants."""
        people = self._inside[self._device(device_id), access_point_id]
        for person_id in [each for each, entered_at in people.items() if entered_at < since]:
            del people[person_id]
        return len(people)

    def uses(self, device_id: str, account_id: str) -> tuple[PassUse, ...]:
        """The uses of an account's passes that the door itself recorded."""
        return tuple(self._uses[self._device(device_id), account_id].values())

    def _device(self, device_id: str) -> str:
        return "" if self._is_shared else device_id

    def _move(self, move: Move, device: str) -> None:
        assert move.person_id is not None
        place, inside = self._presence[device, move.access_point_id], self._inside[device, move.access_point_id]
        before = place.get(move.person_id, Presence())
        if move.kind in ENTRIES:
            place[move.person_id] = Presence(last_in_at=move.occurred_at, last_out_at=before.last_out_at)
            inside[move.person_id] = move.occurred_at
        else:
            place[move.person_id] = Presence(last_in_at=before.last_in_at, last_out_at=move.occurred_at)
            inside.pop(move.person_id, None)

    def _undo(self, move: Move, device: str) -> None:
        uses = self._uses[device, move.account_id or ""]
        if (undone := uses.get(move.refers_to or "")) is not None:
            uses[undone.id] = replace(undone, is_undone=True)
