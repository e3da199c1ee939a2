"""Who came and went and which uses were taken: as one door recorded it, and as all doors of the site together did.

Fed with events in the order in which they happened; a question about a scan is asked before the scan is noted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from access.domain.facts import Presence
from access.domain.multipasses import PassUse
from access.wire.events import EventKind
from access.wire.movements import ENTRIES, EXITS
from server.explain.repository import Move

__all__ = ["Around", "Movements"]

_ALL = ""


@dataclass(frozen=True, slots=True)
class Around:
    """Where a scan is asked about: its door, its access point, and all those that lead to the same facility.

    `is_shared`: the door had heard of what its neighbours recorded.
    """

    device_id: str
    access_point_id: str
    facility: tuple[str, ...]
    is_shared: bool = False


class Movements:
    """Presence at access points, and uses of passes."""

    def __init__(self) -> None:
        self._presence: dict[tuple[str, str], dict[str, Presence]] = defaultdict(dict)
        self._inside: dict[tuple[str, str], dict[str, datetime]] = defaultdict(dict)
        self._uses: dict[tuple[str, str], dict[str, PassUse]] = defaultdict(dict)

    def note_all(self, moves: Iterable[Move]) -> None:
        """Notes several, oldest first."""
        for each in moves:
            self.note(each)

    def note(self, move: Move) -> None:
        """Takes one event in."""
        for device in (move.device_id, _ALL):
            if move.kind == EventKind.UNDONE and move.refers_to is not None:
                self._undo(move, device)
            elif move.person_id is not None and move.kind in (ENTRIES | EXITS):
                self._move(move, move.person_id, device)
            if move.has_use and move.account_id and move.person_id and move.pass_id:
                self._uses[device, move.account_id][move.id] = PassUse(
                    id=move.id, multipass_id=move.pass_id, person_id=move.person_id, used_at=move.occurred_at
                )

    def presence(self, around: Around, person_id: str) -> Presence:
        """The person's last movements at the access point itself."""
        return self._presence[_heard(around), around.access_point_id].get(person_id, Presence())

    def facility_presence(self, around: Around, person_id: str) -> Presence:
        """The person's last movements at any access point of the facility."""
        found = [self._presence[_heard(around), each].get(person_id, Presence()) for each in around.facility]
        ins = [each.last_in_at for each in found if each.last_in_at is not None]
        outs = [each.last_out_at for each in found if each.last_out_at is not None]
        return Presence(last_in_at=max(ins, default=None), last_out_at=max(outs, default=None))

    def inside(self, around: Around, since: datetime) -> int:
        """How many came into the facility since the instant and have not left. Later questions ask for no earlier
        instants."""
        people: dict[str, datetime] = {}
        for point_id in around.facility:
            here = self._inside[_heard(around), point_id]
            for person_id in [each for each, entered_at in here.items() if entered_at < since]:
                del here[person_id]
            people |= {each: max(at, people.get(each, at)) for each, at in here.items()}
        if len(around.facility) == 1:
            return len(people)
        return sum(self._is_in(around, person_id) for person_id in people)

    def uses(self, around: Around, account_id: str) -> tuple[PassUse, ...]:
        """The uses of an account's passes that were recorded."""
        return tuple(self._uses[_heard(around), account_id].values())

    def _is_in(self, around: Around, person_id: str) -> bool:
        moved = self.facility_presence(around, person_id)
        return moved.last_in_at is not None and (moved.last_out_at is None or moved.last_out_at < moved.last_in_at)

    def _move(self, move: Move, person_id: str, device: str) -> None:
        place, inside = self._presence[device, move.access_point_id], self._inside[device, move.access_point_id]
        before = place.get(person_id, Presence())
        if move.kind in ENTRIES:
            place[person_id] = Presence(last_in_at=move.occurred_at, last_out_at=before.last_out_at)
            inside[person_id] = move.occurred_at
        else:
            place[person_id] = Presence(last_in_at=before.last_in_at, last_out_at=move.occurred_at)
            inside.pop(person_id, None)

    def _undo(self, move: Move, device: str) -> None:
        uses = self._uses[device, move.account_id or ""]
        if (undone := uses.get(move.refers_to or "")) is not None:
            uses[undone.id] = replace(undone, is_undone=True)


def _heard(around: Around) -> str:
    return _ALL if around.is_shared else around.device_id
