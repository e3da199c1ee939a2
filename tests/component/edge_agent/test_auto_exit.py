"""Automatic exits: only who is overdue at this door, once, as an event that says so."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

from edge_agent.auto_exit import AutoExit
from edge_agent.clock import DoorClock
from edge_agent.desk import Desk
from edge_agent.door import Door, Place
from edge_agent.gather import FactsReader
from edge_agent.ledger import SqliteLedger
from tests.component.edge_agent.desk_sample import desk_sample
from tests.component.edge_agent.fake_centre import FakeCentre
from tests.component.edge_agent.making import FakeTime, install_cache, read
from tests.component.edge_agent.sample import MEMBER_CARD

KEY = hashlib.sha256(b"fingerprints").digest()


def test_who_has_not_left_is_checked_out_after_the_set_hours(tmp_path: Path) -> None:
    """Not a minute before; once; the ledger's presence agrees."""
    time, ledger = FakeTime(), SqliteLedger(tmp_path / "ledger.db")
    cache = install_cache(tmp_path, desk_sample(KEY, auto_exit_after_h=3))
    clock, facts = DoorClock(time), FactsReader(cache, ledger)
    identity = FakeCentre(tmp_path, []).enrolment()
    door = Door(
        identity, ledger=ledger, facts=facts, clock=clock, places={"front": Place("pool")}, is_connected=lambda: True
    )
    desk = Desk(
        identity, ledger=ledger, facts=facts, clock=clock, is_connected=lambda: True, release=lambda point, s: None
    )
    exits = AutoExit(desk, facts, ledger, clock, frozenset({"pool"}))
    scan = door.handle(read(MEMBER_CARD.encode()))
    assert scan is not None
    assert scan.event.kind == "checked_in"
    time.pass_(3 * 3600 - 60)
    assert exits.run() == 0
    time.pass_(120)
    assert (exits.run(), exits.run()) == (1, 0)
    presence = ledger.presence("pool", "p1")
    assert presence.last_in_at is not None
    assert presence.last_out_at == presence.last_in_at + timedelta(hours=3, minutes=1)
    (body,) = ledger.rows("SELECT body FROM events ORDER BY seq DESC LIMIT 1")[0]
    assert '"kind":"checked_out"' in body
    assert '"note":"automatic exit after 3 h"' in body
    cache.close()
    ledger.close()
    facts.close()
