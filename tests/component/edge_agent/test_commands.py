"""Commands at the door: each id once, also across a crash; nothing forged, foreign or expired; nothing that opens."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from access.wire.commands import MAX_COMMAND_ANSWERS, Command, CommandKind, CommandOutcome
from access.wire.sealing import CentreKey
from edge_agent.clock import DoorClock
from edge_agent.commands import CommandDesk, CommandLog
from edge_agent.errors import LedgerFault
from edge_agent.ledger import SqliteLedger
from tests.component.edge_agent.fake_centre import FakeCentre
from tests.component.edge_agent.making import NOW, FakeTime

CENTRE = CentreKey(hashlib.sha256(b"centre").digest())
STRANGER = CentreKey(hashlib.sha256(b"somebody").digest())


class Asked:
    """A door's desk for commands, worked by hand; what it was made to do is in `done`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.time = FakeTime()
        self.done: list[CommandKind] = []
        self.centre_at: datetime | None = None
        self.told = 0
        self.dies = False
        self.start()

    def start(self) -> None:
        """As after a start of the agent."""
        self.ledger = SqliteLedger(self.folder / "ledger.db")
        self.clock = DoorClock(self.time)
        self.log = CommandLog(self.ledger)
        identity = FakeCentre(self.folder, []).enrolment()
        self.desk = CommandDesk(
            identity,
            self.log,
            self.clock,
            acts={
                CommandKind.REFRESH: self._act(CommandKind.REFRESH, None),
                CommandKind.RESTART: self._act(CommandKind.RESTART, None),
                CommandKind.WIPE: self._act(CommandKind.WIPE, CommandOutcome.DONE),
            },
            centre_at=lambda: self.centre_at,
            on_change=self._tell,
        )

    def restart(self) -> None:
        """The agent dies and starts again."""
        self.ledger.close()
        self.dies = False
        self.start()
        self.desk.resume()

    def _act(self, kind: CommandKind, outcome: CommandOutcome | None) -> Callable[[], CommandOutcome | None]:
        def act() -> CommandOutcome | None:
            if self.dies:
                raise KeyboardInterrupt
            self.done.append(kind)
            return outcome

        return act

    def _tell(self) -> None:
        self.told += 1

    def said(self) -> dict[str, str]:
        """What the state says of the commands."""
        return {each.id: each.outcome.value for each in self.log.answers()}


def command(id_: str = "c1", kind: str = "wipe", key: CentreKey = CENTRE, **changes: Any) -> bytes:
    """What the centre says."""
    given = {
        "organization": "maple",
        "device": "door-1",
        "id": id_,
        "kind": kind,
        "issued_at": NOW,
        "expires_at": NOW + timedelta(minutes=10),
    }
    return key.seal(Command.model_validate(given | changes))


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Asked]:
    asked = Asked(tmp_path)
    yield asked
    asked.ledger.close()


def test_a_command_is_done_once_and_answered_as_often_as_it_is_said(asked: Asked) -> None:
    """Also after a restart."""
    for _ in range(3):
        asked.desk.handle(command())
    asked.restart()
    asked.desk.handle(command())
    assert asked.done == [CommandKind.WIPE]
    assert asked.said() == {"c1": "done"}
    assert asked.told == 4


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"\x00" * 100,
        command(key=STRANGER),
        command(device="door-2"),
        command(organization="rival"),
        command(expires_at=NOW),
        command().replace(b"wipe", b"xxxx"),
        CENTRE.seal(FakeCentre(Path(), []).receipt()),
    ],
)
def test_what_is_not_the_centres_word_to_this_door_now_does_nothing(asked: Asked, raw: bytes) -> None:
    """Unsigned, another's key, another door's, expired, changed, another kind of message: nothing is written down."""
    asked.desk.handle(raw)
    assert asked.done == []
    assert asked.said() == {}


def test_it_expires_by_the_centres_time_while_that_is_heard_else_by_the_doors(asked: Asked) -> None:
    """A door whose clock runs ahead can still be told; turning its clock back brings nothing to life again."""
    asked.time.pass_(3600)
    asked.centre_at = NOW + timedelta(minutes=1)
    asked.desk.handle(command("in-time"))
    asked.centre_at = NOW + timedelta(minutes=10)
    asked.desk.handle(command("too-late"))
    asked.centre_at = None
    asked.clock.read()
    asked.time.jump(NOW)
    asked.desk.handle(command("clock-turned-back"))
    assert asked.said() == {"in-time": "done"}


def test_what_was_begun_when_the_door_died_is_ended_when_it_starts(asked: Asked) -> None:
    """A restart is done by having started; a wipe is done again; a refresh when the snapshot is there."""
    for id_, kind in (("a", "wipe"), ("b", "refresh")):
        asked.dies = True
        with pytest.raises(KeyboardInterrupt):
            asked.desk.handle(command(id_, kind))
        assert asked.said()[id_] == "begun"
        asked.restart()
    asked.desk.handle(command("c", "restart"))
    assert asked.said() == {"a": "done", "b": "begun", "c": "begun"}
    asked.restart()
    assert asked.said() == {"a": "done", "b": "begun", "c": "done"}
    assert asked.done.count(CommandKind.WIPE) == 1
    assert asked.done.count(CommandKind.RESTART) == 1
    asked.desk._end_all(CommandKind.REFRESH, CommandOutcome.DONE)
    assert asked.said() == {"a": "done", "b": "done", "c": "done"}


def test_nothing_is_done_that_cannot_be_written_down(asked: Asked) -> None:
    """The centre says it again, and then it is."""
    asked.ledger.close()
    with pytest.raises(LedgerFault):
        asked.desk.handle(command())
    assert asked.done == []
    asked.ledger.reopen()
    asked.desk.handle(command())
    assert asked.done == [CommandKind.WIPE]


def test_a_newer_centres_command_is_answered_as_not_known(asked: Asked) -> None:
    """Whatever its name: there is none that opens a door."""
    for kind in ("open", "release", "grant"):
        asked.desk.handle(command(kind, kind))
    assert set(asked.said().values()) == {"not_known"}
    assert asked.done == []
    assert {str(kind) for kind in CommandKind} == {"refresh", "restart", "wipe", "revoke"}


def test_an_id_is_remembered_until_it_can_no_longer_be_used(asked: Asked) -> None:
    """However many come after it; what has expired by the centre's own time makes room."""
    asked.desk.handle(command("first"))
    for number in range(MAX_COMMAND_ANSWERS + 5):
        asked.desk.handle(command(f"n{number}", "open"))
    asked.desk.handle(command("first"))
    assert asked.done == [CommandKind.WIPE]
    asked.time.pass_(1200)
    asked.clock.hear(asked.time.at)
    later = {"issued_at": asked.time.at, "expires_at": asked.time.at + timedelta(minutes=10)}
    asked.desk.handle(command("last", **later))
    kept = asked.ledger.marks()["commands"]
    assert kept.count('"id"') <= MAX_COMMAND_ANSWERS
    asked.desk.handle(command("first"))
    assert asked.done == [CommandKind.WIPE] * 2


def test_any_bytes_are_only_ignored(asked: Asked) -> None:
    """Random ones, and a good message with any one byte changed."""
    good = bytearray(command())
    for place in range(0, len(good), 7):
        spoilt = bytearray(good)
        spoilt[place] ^= 1
        asked.desk.handle(bytes(spoilt))
    for size in (1, 100, 70_000):
        asked.desk.handle(os.urandom(size))
    assert asked.done == []
