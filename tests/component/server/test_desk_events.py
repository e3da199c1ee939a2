"""What a desk does, at the centre: uses taken and given back once in any order, cards assigned to whom they may be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select

from server.db import Database
from server.ingest.service import record_batch
from server.models import Alarm, Credential, Event, PassUse, Person, Staff, StaffRole

_CARD = {"kind": "nfc", "fingerprint": "0f" * 16}


@pytest.fixture
def staffed(club: Database) -> Database:
    """The sample club with somebody at its desk."""
    with club.write() as session:
        own = {"organization_id": "club", "password_hash": "x"}
        session.add(Staff(id="dana", email="dana@club.example", name="Dana", role=StaffRole.DESK, **own))
        session.add(Staff(id="vic", email="vic@club.example", name="Vic", role=StaffRole.VIEWER, **own))
    return club


def _record(database: Database, pen: Any, *events: dict[str, Any]) -> None:
    with database.write() as session:
        assert record_batch(session, pen.topic, pen.batch(*events)) is not None


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_an_approval_takes_its_use_once_and_an_undo_gives_it_back(
    staffed: Database, pen: Callable[..., Any], order: tuple[int, ...]
) -> None:
    """Review, approval, undo: the same in every order, and said twice."""
    door = pen("door")
    review = door.event(kind="review_requested", outcome="review", reasons=["notify_staff"])
    approved = door.use(kind="review_approved", refers_to=review["id"], staff="dana")
    undone = door.event(kind="undone", refers_to=approved["id"], staff="dana", note="Wrong person")
    for place in (*order, *order):
        _record(staffed, door, (review, approved, undone)[place])
    with staffed.read() as session:
        (use,) = session.scalars(select(PassUse)).all()
        assert (use.id, use.is_undone) == (approved["id"], True)
        rows = {each.kind: each for each in session.scalars(select(Event))}
        assert rows["review_approved"].refers_to == review["id"]
        assert {each.staff_id for each in rows.values()} == {None, "dana"}


def test_a_card_is_assigned_when_a_member_of_staff_asked_who_may(staffed: Database, pen: Callable[..., Any]) -> None:
    """The desk may, a viewer or a stranger may not; a card that somebody holds stays theirs."""
    door = pen("door")

    def ask(staff: str, person: str = "ann", **card: str) -> str:
        event = door.event(
            kind="card_requested", outcome="denied", staff=staff, person=person, credential={**_CARD, **card}
        )
        _record(staffed, door, event)
        return str(event["id"])

    refused = [ask("vic"), ask("nobody"), ask("dana", person="stranger")]
    with staffed.read() as session:
        assert session.scalars(select(Credential)).all() == []
        flagged = {each.id: each.flags for each in session.scalars(select(Event))}
        assert all("card_not_assigned" in flagged[each] for each in refused)
        assert len(session.scalars(select(Alarm).where(Alarm.kind == "card_not_assigned")).all()) == 3
    assigned = [ask("dana"), ask("dana")]
    with staffed.write() as session:
        (card,) = session.scalars(select(Credential)).all()
        assert (card.person_id, card.fingerprint, card.value) == ("ann", "0f" * 16, "")
        assert all("card_not_assigned" not in session.get_one(Event, each).flags for each in assigned)
        card.revoked_at = datetime.now(UTC)
    again = ask("dana")
    with staffed.read() as session:
        assert "card_not_assigned" in session.get_one(Event, again).flags


def test_a_card_goes_to_whom_the_person_was_merged_into_and_to_nobody_who_was_erased(
    staffed: Database, pen: Callable[..., Any]
) -> None:
    """The door may say it under the name it knows."""
    door, now = pen("door"), datetime.now(UTC)
    with staffed.write() as session:
        for id_ in ("old", "gone"):
            session.add(Person(id=id_, organization_id="club", account_id="family", first_name=id_, archived_at=now))
        session.flush()
        session.get_one(Person, "old").merged_into = "ann"
        session.get_one(Person, "gone").erased_at = now
    asked = {"kind": "card_requested", "outcome": "denied", "staff": "dana"}
    refused = door.event(person="gone", credential=_CARD, **asked)
    _record(staffed, door, refused)
    with staffed.read() as session:
        assert session.scalars(select(Credential)).all() == []
        assert "card_not_assigned" in session.get_one(Event, refused["id"]).flags
    _record(staffed, door, door.event(person="old", credential=_CARD, **asked))
    with staffed.read() as session:
        assert session.scalars(select(Credential.person_id)).all() == ["ann"]
