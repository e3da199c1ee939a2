"""The centre's commands at the door: each id applied once, written down before anything is done, answered in the state.

What was begun when the door died is ended when it starts again: every command may be done twice without harm. Only what
is sealed by this door's centre, names this door and has not expired is looked at; none of it can open a door.
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime

import structlog

from access.wire.commands import (
    MAX_COMMAND_ANSWERS,
    Command,
    CommandAnswer,
    CommandKind,
    CommandOutcome,
)
from access.wire.enrolment import Enrolment
from access.wire.errors import WireError
from access.wire.sealing import CentrePublicKey
from edge_agent.clock import DoorClock
from edge_agent.errors import LedgerFault
from edge_agent.ledger import SqliteLedger

__all__ = ["RESTART_STATUS", "CommandDesk", "CommandLog"]

_log = structlog.get_logger(__name__)

RESTART_STATUS = 75
"""The exit status of an agent that is to be started again (EX_TEMPFAIL of sysexits.h)."""

_MARK = "commands"
_KEPT = 100


@dataclass(frozen=True, slots=True)
class _Entry:
    id: str
    kind: str
    outcome: str
    at: str
    expires_at: str


class CommandLog:
    """Which commands came and what became of them, in the ledger; an id is remembered at least until it expires.

    Every method but `answers` raises `LedgerFault`. Thread-safe.
    """

    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._entries = [_Entry(**each) for each in json.loads(ledger.marks().get(_MARK, "[]"))]

    def outcome_of(self, id_: str) -> CommandOutcome | None:
        """What became of a command; None for one that never came."""
        return next((CommandOutcome(each.outcome) for each in self._entries if each.id == id_), None)

    def begun(self) -> list[tuple[str, str]]:
        """Id and kind of what has no end yet, oldest first."""
        return [(each.id, each.kind) for each in self._entries if each.outcome == CommandOutcome.BEGUN]

    def begin(self, command: Command, *, at: datetime, centre_mark: datetime) -> None:
        """Writes down that a command came. What has expired by the centre's own time can never come again and makes
        room."""
        entry = _Entry(
            command.id, command.kind, CommandOutcome.BEGUN.value, at.isoformat(), command.expires_at.isoformat()
        )
        with self._lock:
            surplus = len(self._entries) + 1 - MAX_COMMAND_ANSWERS
            kept = [
                each
                for place, each in enumerate(self._entries)
                if place >= surplus or datetime.fromisoformat(each.expires_at) > centre_mark
            ]
            self._keep([*kept, entry])

    def end(self, id_: str, outcome: CommandOutcome, *, at: datetime) -> None:
        """Writes down what became of it."""
        with self._lock:
            ended = [
                replace(each, outcome=outcome.value, at=at.isoformat()) if each.id == id_ else each
                for each in self._entries
            ]
            self._keep(ended)

    def answers(self) -> tuple[CommandAnswer, ...]:
        """The latest, for the state."""
        return tuple(
            CommandAnswer(id=each.id, outcome=CommandOutcome(each.outcome), at=datetime.fromisoformat(each.at))
            for each in self._entries[-MAX_COMMAND_ANSWERS:]
        )

    def _keep(self, entries: list[_Entry]) -> None:
        self._ledger.set_marks({_MARK: json.dumps([asdict(each) for each in entries])})
        self._entries = entries

    @property
    def is_full(self) -> bool:
        """Whether nothing more can be remembered: then nothing more is taken."""
        return len(self._entries) >= _KEPT


class CommandDesk:
    """Takes sealed commands and does what they say, in a thread of its own.

    `acts` does a kind and says how it went; None means that it will be told later, with `ended`. `centre_at` is the
    centre's signed time while it is heard: by that, or else by the door's clock, a command has expired. `on_change`
    is told whenever there is something new to say.
    """

    def __init__(
        self,
        identity: Enrolment,
        log: CommandLog,
        clock: DoorClock,
        *,
        acts: Mapping[CommandKind, Callable[[], CommandOutcome | None]],
        centre_at: Callable[[], datetime | None],
        on_change: Callable[[], None],
    ) -> None:
        self._identity = identity
        self._key = CentrePublicKey(bytes.fromhex(identity.centre_public_key))
        self._log = log
        self._clock = clock
        self._acts = dict(acts)
        self._centre_at = centre_at
        self._on_change = on_change
        self._inbox: queue.SimpleQueue[bytes | Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="commands", daemon=True)

    def start(self) -> None:
        """First ends what was begun before this start."""
        self._thread.start()

    def stop(self, timeout_s: float = 3.0) -> None:
        """Ends."""
        self._inbox.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def take(self, raw: bytes) -> None:
        """A message on this device's commands topic. From any thread; returns at once."""
        self._inbox.put(raw)

    def ended(self, kind: CommandKind, outcome: CommandOutcome) -> None:
        """What had to be waited for has ended. From any thread; returns at once."""
        self._inbox.put(lambda: self._end_all(kind, outcome))

    def _run(self) -> None:
        work: list[Callable[[], None]] = [self.resume]
        while True:
            for each in work:
                with suppress(LedgerFault):  # nothing is done that cannot be written down; the centre sends it again
                    each()
            taken = self._inbox.get()
            if taken is None:
                return
            work = [lambda raw=taken: self.handle(raw)] if isinstance(taken, bytes) else [taken]  # type: ignore[misc]

    def resume(self) -> None:
        """Ends what was begun when the door died; a door that runs again has restarted."""
        for id_, kind in self._log.begun():
            if kind == CommandKind.RESTART:
                self._end(id_, CommandOutcome.DONE)
            else:
                self._act(id_, kind)

    def handle(self, raw: bytes) -> None:
        """One message, whoever sent it. Raises `LedgerFault`, before anything was done."""
        command = self._unsealed(raw)
        if command is None:
            return
        if self._log.outcome_of(command.id) is not None:
            self._on_change()  # the centre has not heard the answer yet
            return
        now = self._clock.read().now
        if command.expires_at <= (self._centre_at() or now):
            _log.warning("command_ignored", error="expired", id=command.id, kind=command.kind)
            return
        if self._log.is_full:
            _log.error("command_ignored", alarm=True, error="too many commands", id=command.id, kind=command.kind)
            return
        self._log.begin(command, at=now, centre_mark=self._clock.marks()[1])
        _log.warning("command_begun", id=command.id, kind=command.kind)
        self._act(command.id, command.kind)

    def _unsealed(self, raw: bytes) -> Command | None:
        try:
            command = self._key.unseal(raw, Command)
        except WireError as error:
            _log.error("command_ignored", alarm=True, error=type(error).__name__, size=len(raw))
            return None
        if (command.organization, command.device) != (self._identity.organization, self._identity.device):
            _log.error("command_ignored", alarm=True, error="another device's")
            return None
        return command

    def _act(self, id_: str, kind: str) -> None:
        act = self._acts.get(CommandKind(kind)) if kind in set(CommandKind) else None
        if act is None:
            self._end(id_, CommandOutcome.NOT_KNOWN)
            return
        try:
            outcome = act()
        except OSError as error:
            _log.error("command_failed", alarm=True, id=id_, kind=kind, error=type(error).__name__)
            outcome = CommandOutcome.FAILED
        if outcome is None:
            self._on_change()
        else:
            self._end(id_, outcome)

    def _end_all(self, kind: CommandKind, outcome: CommandOutcome) -> None:
        for id_, begun in self._log.begun():
            if begun == kind:
                self._end(id_, outcome)

    def _end(self, id_: str, outcome: CommandOutcome) -> None:
        self._log.end(id_, outcome, at=self._clock.read().now)
        _log.warning("command_ended", id=id_, outcome=outcome.value)
        self._on_change()
