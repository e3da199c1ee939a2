"""What doors do by themselves, taken in by the real centre: nobody went through, and guesses counted."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from access.domain.credentials import Code, CredentialKind
from edge_agent.enrolment import enroll
from edge_agent.ledger import SqliteLedger
from hardware.simulated import SimulatedInputBoard, SimulatedScanner
from server.admin.say import Say
from server.checkins.activity import ActivityRow
from server.db import Database
from server.devices.service import create_enrolment_code, revoke
from server.ingest.service import record_batch
from server.models import Alarm, Credential, Event, Multipass, Organization, PassUse, Person
from tests.component.edge_agent.making import denied
from tests.component.edge_agent.running import AgentProcess

CARD = Code(CredentialKind.BARCODE, "0001")


def test_nobody_went_through_and_the_centre_knows(
    embedded_venue: Any, tmp_path: Path, wait_until: Callable[..., Any]
) -> None:
    """From the card through a real door with a barrier to the pass and to Account activity, which says why."""
    database = embedded_venue.database
    with database.write() as session:
        organization, ann = session.get_one(Organization, "club"), session.get_one(Person, "ann")
        session.add(Credential.of(organization, ann, CARD))
        session.get_one(Multipass, "pass").purchased_on = date(2020, 1, 1)
        code = create_enrolment_code(session, "club", "main", "Turnstile", ["entrance"])
    centre_url = embedded_venue.centre.url
    with (
        SimulatedScanner() as scanner,
        SimulatedInputBoard() as board,
        AgentProcess(tmp_path, centre_url=centre_url, port=scanner.port) as agent,
    ):
        text = agent.config.read_text().replace('"pool"', '"entrance"')
        barrier = f'name = "gate"\ndriver = "modbus"\nport = "{board.port}"\naccess_point = "entrance"\npassage_s = 1\n'
        agent.config.write_text(f"{text}\n[[barriers]]\n{barrier}")
        enroll(agent.settings, code)
        agent.start()
        agent.wait_ready()
        wait_until(lambda: agent.health().get("barriers") == {"gate": "ready"}, what="the barrier")
        scanner.present(b"0001")

        def undone() -> Event | None:
            with database.read() as session:
                found: Event | None = session.scalars(select(Event).where(Event.kind == "undone")).one_or_none()
                return found

        wait_until(undone, timeout_s=20, what="the undoing at the centre")
    with database.read() as session:
        entered = session.scalars(select(Event).where(Event.kind == "checked_in")).one()
        told = undone()
        assert told is not None
        assert (told.refers_to, told.person_id, told.account_id, told.flags) == (entered.id, "ann", "family", [])
        assert session.get_one(PassUse, entered.id).is_undone
        assert not list(session.scalars(select(Alarm)))
        for language, said in (("en", "Nobody went through"), ("fr", "Personne n’est passé")):
            assert Say(language, UTC, told.occurred_at).reasons(ActivityRow(told)) == [said]


def test_a_revoked_door_learns_it_and_wipes_what_it_knows_of_people(
    embedded_venue: Any, tmp_path: Path, wait_until: Callable[..., Any]
) -> None:
    """From the real centre; its unsent events stay, and it says that it is out of service, after a restart too."""
    database = embedded_venue.database
    with database.write() as session:
        organization, ann = session.get_one(Organization, "club"), session.get_one(Person, "ann")
        session.add(Credential.of(organization, ann, CARD))
        code = create_enrolment_code(session, "club", "main", "Side", ["entrance"])
    with (
        SimulatedScanner() as scanner,
        AgentProcess(tmp_path, centre_url=embedded_venue.centre.url, port=scanner.port) as agent,
    ):
        agent.config.write_text(agent.config.read_text().replace('"pool"', '"entrance"'))
        enroll(agent.settings, code)
        agent.start()
        agent.wait_ready()
        scanner.present(b"0001")
        wait_until(lambda: agent.health()["seq"] == 1 and agent.health()["outbox"] == 0, what="a recorded scan")
        agent.kill()
        ledger = SqliteLedger(agent.ledger_path)
        identity = ledger.identity()
        assert identity is not None
        for _ in range(3):
            ledger.record(denied(device=identity.device))
        ledger.close()
        with database.write() as session:
            revoke(session, "club", identity.device)
        for _ in range(2):
            agent.start()

            def cause() -> Any:
                return agent.health().get("access_points", {}).get("entrance", {}).get("cause")

            wait_until(lambda: cause() == "revoked", timeout_s=30, what="the revocation")
            health = agent.health()
            assert (health["ready"], health["cache"], health["outbox"]) == (False, None, 3)
            assert agent.stop() == 0
        assert not list((tmp_path / "door").glob("cache*"))
        ledger = SqliteLedger(agent.ledger_path)
        assert ledger.rows("SELECT count(*) FROM presence")[0][0] == 0
        assert [row[0] for row in ledger.rows("SELECT seq FROM events ORDER BY seq")] == [2, 3, 4]
        ledger.close()


def test_guesses_that_were_only_counted_are_recorded_and_raise_an_alarm(
    club: Database, pen: Callable[..., Any], now: datetime
) -> None:
    """One event stands for many; it is said with its number, and the same alarm is raised once."""
    door = pen("door")
    guesses = {"kind": "denied", "outcome": "denied", "reasons": ["unknown_card"], "person": None, "account": None}
    told = [door.event(**guesses, reader="front", count=count) for count in (497, 12)]
    with club.write() as session:
        assert record_batch(session, door.topic, door.batch(*told), now=now)
    with club.read() as session:
        (alarm,) = session.scalars(select(Alarm))
        assert (alarm.kind, alarm.subject) == ("guessing_at_door", "entrance")
        assert alarm.details == {"device": "door", "reader": "front", "count": 497}
        event = session.get_one(Event, told[0]["id"])
        assert json.loads(event.body)["count"] == 497
        said = Say("en", UTC, now).reasons(ActivityRow(event))
        assert said[-1] == "497 unknown codes in quick succession, not recorded one by one"
