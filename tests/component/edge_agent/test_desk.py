"""The desk of a real agent: PINs and delays, every act one event, two desks at once, lists, and an absent centre."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from access.domain.multipasses import Multipass
from access.wire.events import Event
from access.wire.feed import EntityKind
from edge_agent.ledger import SqliteLedger
from hardware.simulated import SimulatedRelayBoard, SimulatedScanner
from tests.component.edge_agent.desk_sample import CHILD_CARD, LEA_PIN, NOBODY, PIN, VIEWER_PIN, desk_sample
from tests.component.edge_agent.fake_centre import FakeCentre
from tests.component.edge_agent.running import AgentProcess, wait_until
from tests.component.edge_agent.sample import PASS_CARD, REVOKED_CARD
from tests.patience import PATIENCE_S

KEY = hashlib.sha256(b"fingerprints").digest()


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[FakeCentre]:
    with FakeCentre(tmp_path, desk_sample(KEY)) as centre:
        yield centre


@pytest.fixture
def agent(
    centre: FakeCentre, scanner: SimulatedScanner, board: SimulatedRelayBoard, tmp_path: Path
) -> Iterator[AgentProcess]:
    with AgentProcess(tmp_path, centre_url=centre.url, port=scanner.port, uplink="http") as agent:
        agent.add_strike(board.port)
        agent.enroll()
        agent.start()
        agent.wait_ready()
        yield agent


class Desk:
    """A desk page without a browser."""

    def __init__(self, agent: AgentProcess, pin: str = "") -> None:
        self.url = f"http://127.0.0.1:{agent.http_port}"
        self.client = httpx.Client(base_url=self.url, headers={"origin": self.url}, timeout=PATIENCE_S)
        if pin:
            assert self.tell("sign-in", pin=pin)[0] == 200

    def tell(self, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
        """A POST; the status and the JSON."""
        answer = self.client.post(f"/desk/api/{path}", json={"access_point": "pool", **body})
        return answer.status_code, answer.json()

    def ask(self, path: str, **query: str) -> dict[str, Any]:
        """A GET; the JSON."""
        return dict(self.client.get(f"/desk/api/{path}", params={"access_point": "pool", **query}).json())

    def act(self, act: str, scan: str, **more: str) -> tuple[int, dict[str, Any]]:
        """Something done about a scan."""
        return self.tell("acts", act=act, scan=scan, **more)


@pytest.fixture
def open_desk(agent: AgentProcess) -> Iterator[Callable[..., Desk]]:
    opened: list[Desk] = []

    def open_it(pin: str = PIN) -> Desk:
        opened.append(Desk(agent, pin))
        return opened[-1]

    yield open_it
    for each in opened:
        each.client.close()


def scanned(agent: AgentProcess, scanner: SimulatedScanner, card: str) -> Event:
    """Presents a card; the event that it made."""
    before = len(agent.events())
    scanner.present(card.encode())
    wait_until(lambda: len(agent.events()) > before, what="the scan's event")
    return agent.events()[-1]


def pulses(board: SimulatedRelayBoard) -> int:
    """How often the door was opened."""
    return len([each for each in board.events if each.is_on])


def uses_left(desk: Desk) -> str:
    """What the desk says is left of the pass."""
    return str(desk.ask("people/p2")["holdings"][0])


def had_ten_wrong(agent: AgentProcess) -> None:
    """As if ten wrong PINs had been typed a while ago: the next wait outlasts the slowest restart."""
    ledger = SqliteLedger(agent.ledger_path)
    ledger.set_marks({"desk_failures": json.dumps({"count": 10, "until": None})})
    ledger.close()


def test_a_wrong_pin_waits_longer_each_time_also_after_a_restart(agent: AgentProcess) -> None:
    """Three are free; then the delay doubles, is kept in the ledger, and a right PIN waits too."""
    desk = Desk(agent)
    with desk.client:
        waits = [desk.tell("sign-in", pin="000000")[1]["retry_in_s"] for _ in range(4)]
        assert waits == [0, 0, 0, 1]
        time.sleep(1.1)
        assert desk.tell("sign-in", pin="12")[1] == {"problem": "wrong_pin", "retry_in_s": 2}
        time.sleep(2.1)
        status, answer = desk.tell("sign-in", pin=PIN)
        assert (status, answer) == (200, {"staff": {"id": "s1", "name": "Dana", "language": "en"}})
        agent.kill()
        had_ten_wrong(agent)
        agent.start()
        agent.wait_ready()
        assert desk.tell("sign-in", pin="184624")[1] == {"problem": "wrong_pin", "retry_in_s": 128}
        assert desk.tell("sign-in", pin=PIN)[1]["problem"] == "locked"
        agent.kill()
        agent.start()
        agent.wait_ready()
        assert desk.tell("sign-in", pin=PIN)[1]["problem"] == "locked"


def test_who_is_not_signed_in_or_comes_from_elsewhere_does_nothing(
    agent: AgentProcess, open_desk: Callable[..., Desk]
) -> None:
    """401 without a session, 403 for another site's page and for a client that is no browser; the cookie is shut in."""
    stranger, dana = open_desk(""), open_desk()
    assert stranger.tell("acts", act="undo", scan="x") == (401, {"problem": "signed_out"})
    assert stranger.ask("inside") == {"problem": "signed_out"}
    answer = stranger.client.post("/desk/api/sign-in", json={"pin": PIN, "access_point": "pool"})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    for headers in ({"origin": "http://evil.example"}, {"origin": ""}):
        dana.client.headers.update(headers)
        assert dana.tell("check-in", person="p1") == (403, {"problem": "not_allowed"})
    assert agent.events() == []
    for body in (b"[" * 8000, b"\xff\x00", b"[1]"):
        answer = stranger.client.post("/desk/api/sign-in", content=body)
        assert (answer.status_code, answer.json()["problem"]) == (401, "wrong_pin")
    page = stranger.client.get("/desk/pool")
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert stranger.client.get("/desk/elsewhere").status_code == 404


def test_a_review_is_approved_once_and_undone_and_the_use_comes_back(
    agent: AgentProcess, scanner: SimulatedScanner, board: SimulatedRelayBoard, open_desk: Callable[..., Desk]
) -> None:
    """Approve takes the use and pulses the door; the second desk is too late; undo gives the use back."""
    dana, lea = open_desk(), open_desk(LEA_PIN)
    review = scanned(agent, scanner, PASS_CARD)
    assert (review.kind, review.outcome) == ("review_requested", "review")
    assert pulses(board) == 0
    with ThreadPoolExecutor(2) as both:
        answers = [each.result() for each in [both.submit(desk.act, "approve", review.id) for desk in (dana, lea)]]
    assert sorted(status for status, _ in answers) == [200, 409]
    assert next(body for status, body in answers if status == 409) == {"problem": "already_decided"}
    approved = agent.events()[-1]
    assert (approved.kind, approved.refers_to, approved.staff in ("s1", "s2")) == ("review_approved", review.id, True)
    assert approved.entitlement is not None
    assert approved.entitlement.takes_use
    assert approved.direction == "in"
    assert approved.data_as_of is not None
    assert review.data_as_of is not None
    assert review.data_as_of <= approved.data_as_of <= approved.occurred_at
    wait_until(lambda: pulses(board) == 1, what="the pulse")
    assert "4 of 5 left" in uses_left(dana)
    status, body = dana.act("undo", review.id)
    assert (status, body["scan"]["state"], body["scan"]["by"]) == (200, "undone", "Dana")
    undone = next(each for each in agent.events() if each.kind == "undone")
    assert (undone.refers_to, undone.person, undone.direction) == (approved.id, "p2", "in")
    assert "5 of 5 left" in uses_left(dana)
    assert dana.ask("inside")["count"] == 0
    assert dana.act("undo", review.id) == (409, {"problem": "already_decided"})


def test_two_reviews_of_one_person_cost_one_use(
    agent: AgentProcess, scanner: SimulatedScanner, open_desk: Callable[..., Desk]
) -> None:
    """An impatient visitor scans twice; staff approve both."""
    desk = open_desk()
    first, second = scanned(agent, scanner, PASS_CARD), scanned(agent, scanner, PASS_CARD)
    assert [desk.act("approve", each.id)[0] for each in (first, second)] == [200, 200]
    assert "4 of 5 left" in uses_left(desk)


def test_a_denial_is_overridden_with_a_reason_only(
    agent: AgentProcess, scanner: SimulatedScanner, board: SimulatedRelayBoard, open_desk: Callable[..., Desk]
) -> None:
    """Without a note nothing happens; a viewer may not; an unknown card is asked for the centre to assign."""
    desk, viewer = open_desk(), open_desk(VIEWER_PIN)
    child = scanned(agent, scanner, REVOKED_CARD)
    assert child.outcome == "denied"
    assert viewer.act("override", child.id, note="because") == (403, {"problem": "not_allowed"})
    assert desk.act("override", child.id) == (422, {"problem": "reason_required"})
    status, body = desk.act("override", child.id, note="Lost card, known\x00 face")
    assert (status, body["scan"]["state"], body["scan"]["note"]) == (200, "overridden", "Lost card, known face")
    wait_until(lambda: pulses(board) == 1, what="the pulse")
    unknown = scanned(agent, scanner, NOBODY)
    assert desk.act("assign", unknown.id) == (422, {"problem": "unknown_person"})
    status, body = desk.act("assign", unknown.id, person="p1")
    assert (status, body["scan"]["state"]) == (200, "requested")
    asked = agent.events()[-1]
    assert (asked.kind, asked.person, asked.credential) == ("card_requested", "p1", unknown.credential)
    assert desk.act("approve", "0195808c-3a80-7000-8000-000000000009") == (422, {"problem": "unknown_scan"})
    half_a_character = json.dumps({"access_point": "pool", "act": "approve", "scan": "\ud800"})
    assert desk.client.post("/desk/api/acts", content=half_a_character).status_code == 422


@pytest.fixture
def strict_passes(centre: FakeCentre) -> None:
    """The centre sold every pass as strict, and lends nothing."""
    for key, body in centre.bodies.items():
        if isinstance(body, Multipass):
            centre.bodies[key] = replace(body, is_strict=True)


def test_a_strict_pass_that_was_not_lent_is_said_so_and_overridden(
    strict_passes: None, agent: AgentProcess, scanner: SimulatedScanner, open_desk: Callable[..., Desk]
) -> None:
    """It does not say that it cannot write; refused and overridden, the person enters without a use."""
    desk, review = open_desk(), scanned(agent, scanner, PASS_CARD)
    assert desk.act("approve", review.id) == (409, {"problem": "use_not_lent"})
    assert desk.act("refuse", review.id)[0] == 200
    assert desk.act("override", review.id, note="Known face")[1]["scan"]["state"] == "overridden"
    used = agent.events()[-1].entitlement
    assert used is not None
    assert not used.takes_use


def test_looking_somebody_up_checks_nobody_in(agent: AgentProcess, open_desk: Callable[..., Desk]) -> None:
    """By name without accents, by number; only the look itself is in the history; check-in and out by hand."""
    desk = open_desk()
    found = desk.ask("search", q="zoe2 trem")["people"]
    assert [each["person"]["id"] for each in found] == ["p2"]
    assert desk.ask("search", q="0042")["people"][0]["summary"] == "Pool multipass: 5 of 5 left"
    looked = desk.ask("people/p1")
    assert (looked["scan"]["id"], looked["scan"]["kind"]) == (None, "looked_up")
    wait_until(lambda: [each.kind for each in agent.events()] == ["looked_up"], what="the look in the history")
    assert desk.ask("people/nobody") == {"problem": "unknown_person"}
    status, body = desk.tell("check-in", person="p1")
    assert (status, body["scan"]["kind"], body["scan"]["by"]) == (200, "checked_in", "Dana")
    assert desk.ask("inside")["count"] == 1
    assert desk.tell("check-out", person="p1")[1]["scan"]["direction"] == "out"
    assert desk.ask("inside")["count"] == 0


def test_a_list_is_the_check_ins(
    agent: AgentProcess, scanner: SimulatedScanner, open_desk: Callable[..., Desk]
) -> None:
    """A scan marks the child in, a pick-up out; marks and notes are events; an undone scan is expected again."""
    desk = open_desk()

    def leo() -> tuple[str, str | None]:
        (each,) = desk.ask("attendance")["occurrences"]
        return each["people"][0]["state"], each["people"][0]["note"]

    assert leo() == ("expected", None)
    entered = scanned(agent, scanner, CHILD_CARD)
    assert entered.entitlement is not None
    assert entered.entitlement.occurrence_id == "monday"
    assert leo() == ("in", None)
    assert desk.act("undo", entered.id)[0] == 200
    assert leo() == ("expected", None)
    own = {"occurrence": "monday", "person": "p9"}
    assert desk.tell("attendance", **own, mark="absent")[1]["occurrence"]["people"][0]["state"] == "absent"
    assert desk.tell("attendance", **own, mark="in")[0] == 200
    assert desk.tell("attendance", **own, mark="in") == (409, {"problem": "already_decided"})
    assert desk.tell("attendance", **own, note="Goggles lost")[0] == 200
    assert leo() == ("in", "Goggles lost")
    (adult,) = desk.ask("people/p9")["pick_up"]
    assert (adult["name"], adult["relation"]) == ("Marta Roy", "mother")
    assert desk.tell("pick-up", person="p9", adult="nobody") == (422, {"problem": "unknown_person"})
    assert desk.tell("pick-up", person="p9", adult="c9", occurrence="monday") == (200, {})
    assert leo() == ("out", "Goggles lost")
    picked = agent.events()[-1]
    assert (picked.kind, picked.adult, picked.note) == ("picked_up", "c9", "Marta Roy (mother)")
    assert desk.ask("inside")["count"] == 0


def test_a_disabled_member_of_staff_is_out_at_once(
    agent: AgentProcess, centre: FakeCentre, open_desk: Callable[..., Desk]
) -> None:
    """They leave the feed, and the session ends with the door's next word from the centre."""
    desk = open_desk()
    assert "count" in desk.ask("inside")
    centre.delete(EntityKind.STAFF, "s1")
    wait_until(lambda: desk.ask("inside") == {"problem": "signed_out"}, what="the end of the session")
    assert desk.tell("sign-in", pin=PIN)[1]["problem"] == "wrong_pin"


def test_everything_works_with_the_centre_away(
    agent: AgentProcess, centre: FakeCentre, scanner: SimulatedScanner, open_desk: Callable[..., Desk]
) -> None:
    """Sign-in, look-up, review, approval, undo; later the centre hears all of it."""
    centre.stop_http()
    desk = open_desk()
    review = scanned(agent, scanner, PASS_CARD)
    assert desk.act("approve", review.id)[0] == 200
    assert desk.act("undo", review.id)[0] == 200
    assert desk.ask("inside")["count"] == 0
    assert desk.tell("check-in", person="p1")[0] == 200
    recorded = agent.events()
    centre.start_http()
    wait_until(lambda: len(centre.events) == len(recorded), what="the centre's copy")
    kinds = [centre.events[seq]["kind"] for seq in sorted(centre.events)]
    assert kinds == ["review_requested", "review_approved", "undone", "checked_in"]


def test_every_permission_of_the_desk_is_checked_by_the_door(
    agent: AgentProcess, scanner: SimulatedScanner, open_desk: Callable[..., Desk]
) -> None:
    """A viewer may look, and nothing else, whatever a page offers."""
    viewer = open_desk(VIEWER_PIN)
    review = scanned(agent, scanner, PASS_CARD)
    before = len(agent.events())
    assert [viewer.act(act, review.id, note="x")[0] for act in ("approve", "refuse", "override")] == [403, 403, 409]
    assert viewer.tell("check-in", person="p1")[0] == 403
    assert viewer.tell("check-out", person="p1")[0] == 403
    assert viewer.tell("attendance", occurrence="monday", person="p9", mark="in")[0] == 403
    assert viewer.tell("pick-up", person="p9", adult="c9")[0] == 403
    assert viewer.ask("inside") == viewer.ask("attendance") == {"problem": "not_allowed"}
    assert viewer.ask("search", q="zoe")["people"]
    assert len(agent.events()) == before
