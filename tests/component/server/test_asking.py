"""A door asks the real centre about one person before it refuses, and never about what it knows to be refused."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from access.domain.credentials import Code, CredentialKind, fingerprint
from access.domain.reasons import Outcome, Reason
from access.wire.asking import PEOPLE_PATH, AccountState
from access.wire.errors import BadSignature
from access.wire.events import EventKind
from access.wire.sealing import CentreKey, CentrePublicKey
from edge_agent.asking import Asker, PeopleDesk
from edge_agent.cache import SqliteCache
from edge_agent.centre import CentreClient
from edge_agent.clock import DoorClock, SystemTime
from edge_agent.door import Door, Place, Scan
from edge_agent.feed import FeedFollower
from edge_agent.gather import FactsReader
from edge_agent.known_states import KnownStates
from edge_agent.ledger import SqliteLedger
from hardware.api import Read, Technology
from server.models import Credential, Membership, MembershipPerson, MembershipType, Organization, PassUse, Person
from tests.patience import PATIENCE_S

CARD = "5550001"


def card(key: bytes, number: str) -> Credential:
    """A printed card of Ann's."""
    kind = CredentialKind.BARCODE
    own = {"organization_id": "club", "person_id": "ann", "kind": kind, "value": number}
    return Credential(fingerprint=fingerprint(key, Code(kind, number)), **own)


class AskingDoor:
    """A door with files of its own that fetched its cache once and hears no feed since."""

    def __init__(self, folder: Path, venue: Any) -> None:
        folder.mkdir()
        self.identity = venue.centre.enroll()
        self.ledger = SqliteLedger(folder / "ledger.db")
        self.cache = SqliteCache(folder, organization="club", site="main")
        clock = DoorClock(SystemTime())
        centre = CentreClient.for_device(venue.centre.url, self.identity)
        feed = FeedFollower(
            self.identity, self.cache, KnownStates(self.ledger), clock, centre, is_mqtt_up=lambda: False
        )
        feed._fetch_snapshot()
        self.asker = Asker(budget_s=PATIENCE_S, is_connected=lambda: True)
        self.asker.start()
        self.people = PeopleDesk(self.identity, centre, self.asker)
        self.questions = 0
        self.facts = FactsReader(self.cache, self.ledger)
        self.door = Door(
            self.identity,
            ledger=self.ledger,
            facts=self.facts,
            clock=clock,
            places={"front": Place("entrance")},
            is_connected=lambda: True,
            help=self,
        )

    def deadline(self) -> float:
        """As the agent's."""
        return self.asker.deadline()

    def person(self, code: str, *, until: float) -> AccountState | None:
        """Asks as the agent does."""
        self.questions += 1
        return self.people.ask(code, until=until)

    def lease(self, multipass_id: str, *, until: float) -> bool:
        """Nothing is strict here."""
        raise AssertionError("nothing is strict here")

    def restock(self, multipass_id: str) -> None:
        """Nothing is strict here."""

    def scan(self, card: str = CARD) -> Scan:
        """Presents a card."""
        read = Read(
            reader="front",
            technology=Technology.BARCODE,
            data=card.encode(),
            symbology=None,
            is_oversize=False,
            read_at=time.monotonic(),
        )
        scan = self.door.handle(read)
        assert scan is not None
        return scan

    def close(self) -> None:
        """Gives the files back."""
        self.asker.stop()
        self.facts.close()
        self.cache.close()
        self.ledger.close()


@pytest.fixture
def venue(embedded_venue: Any) -> Any:
    """A centre whose Ann has a card, and no membership yet."""
    with embedded_venue.database.write() as session:
        key = session.get_one(Organization, "club").fingerprint_key
        session.add(card(key, CARD))
        session.add(MembershipType(id="gym", organization_id="club", name_en="Gym"))
        for use in range(3):
            _use(session, use)
    return embedded_venue


def _use(session: Any, number: int) -> None:
    own = {"organization_id": "club", "multipass_id": "pass", "account_id": "family", "person_id": "ann"}
    session.add(PassUse(id=f"use-{number}", used_at=datetime(2026, 3, 1, number, tzinfo=UTC), **own))


@pytest.fixture
def door(venue: Any, tmp_path: Path) -> Iterator[AskingDoor]:
    door = AskingDoor(tmp_path / "door", venue)
    yield door
    door.close()


def renew(venue: Any) -> None:
    """Ann buys a membership; the door has not heard of it."""
    with venue.database.write() as session:
        own = {"organization_id": "club", "account_id": "family", "type_id": "gym"}
        session.add(Membership(id="new", starts_on=date(2020, 1, 1), **own))
        session.flush()
        session.add(MembershipPerson(membership_id="new", person_id="ann"))


def test_a_fresher_fact_turns_a_refusal(venue: Any, door: AskingDoor) -> None:
    """Bought a second ago: granted; the event names the state it was decided by, and the cache stays the feed's."""
    before = door.cache.state
    assert before is not None
    assert door.scan().event.reasons == (Reason.MULTIPASS_DEPLETED,)
    renew(venue)
    event = door.scan().event
    assert (event.outcome, event.kind) == (Outcome.GRANTED, EventKind.CHECKED_IN)
    assert event.cache is not None
    assert event.cache.seq > before.mark.seq
    assert door.cache.state == before


def test_a_new_card_is_known_at_once(venue: Any, door: AskingDoor) -> None:
    """The card was handed over a second ago."""
    assert door.scan("5550002").event.reasons == (Reason.UNKNOWN_CARD,)
    renew(venue)
    with venue.database.write() as session:
        key = session.get_one(Organization, "club").fingerprint_key
        session.add(card(key, "5550002"))
    assert door.scan("5550002").event.outcome is Outcome.GRANTED


def test_a_block_that_the_door_had_not_heard_of_is_heard(venue: Any, door: AskingDoor) -> None:
    """The answer counts as a whole: what is stricter in it too."""
    renew(venue)
    with venue.database.write() as session:
        session.get_one(Person, "ann").is_blocked = True
    assert Reason.ENTRY_BLOCKED in door.scan().event.reasons


def test_what_is_known_to_be_revoked_is_never_asked_about(venue: Any, tmp_path: Path) -> None:
    """A revoked card stays refused, without a question."""
    with venue.database.write() as session:
        for credential in session.query(Credential):
            credential.revoked_at = datetime.now(UTC)
    door = AskingDoor(tmp_path / "later", venue)
    assert door.scan().event.reasons == (Reason.CARD_REVOKED,)
    assert door.questions == 0
    door.close()


def test_who_may_ask(venue: Any, door: AskingDoor) -> None:
    """Nobody without a door's secret; another organization's card is as unknown as no card at all."""
    query = {"credential": "0" * 32, "nonce": "1" * 32}
    assert httpx.get(venue.centre.url + PEOPLE_PATH, params=query).status_code == 401
    headers = {"Authorization": f"Bearer {door.identity.device}:{door.identity.secret}"}
    assert httpx.get(venue.centre.url + PEOPLE_PATH, params=query | {"nonce": "x"}, headers=headers).status_code == 422
    answer = httpx.get(venue.centre.url + PEOPLE_PATH, params=query, headers=headers)
    state = CentrePublicKey(bytes.fromhex(door.identity.centre_public_key)).unseal(answer.content, AccountState)
    assert (state.entities, state.nonce, state.device) == ((), "1" * 32, door.identity.device)


def test_an_old_answer_or_a_forged_one_counts_for_nothing(venue: Any, door: AskingDoor) -> None:
    """Another question's answer is refused, whoever signed it; so is one that the centre did not sign."""
    renew(venue)
    recorded = door.people._request(_code(venue))
    door.people._random = lambda size: bytes(size)
    assert door.people._request(_code(venue)).nonce != recorded.nonce
    forger = CentreKey(hashlib.sha256(b"forger").digest())
    with pytest.raises(BadSignature):
        door.people._key.unseal(forger.seal(recorded), AccountState)
    door.people.ask = lambda fingerprint, *, until: recorded.model_copy(update={"seq": 0})  # type: ignore[method-assign]
    assert door.scan().event.reasons == (Reason.MULTIPASS_DEPLETED,)


def _code(venue: Any) -> str:
    with venue.database.read() as session:
        return str(session.query(Credential.fingerprint).scalar())
