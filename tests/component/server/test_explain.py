"""Why and what if, on real databases: the facts of a scan as its door knew them, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from access.domain.changes import ChangeKind
from access.domain.checks import Rule, Standing
from access.domain.credentials import Code, CredentialKind
from access.domain.policy import AccessRule, AccessType, AntiPassback, AntiPassbackMode, Capacity, Direction
from access.domain.reasons import Outcome, Reason
from server.db import Database
from server.errors import NotFound
from server.explain import replay, repository
from server.explain.errors import NothingDecided
from server.explain.facts import Doubt
from server.explain.replay import WhatIf, what_if
from server.explain.service import Difference, Explained, why
from server.feed import repository as feed
from server.ingest.service import record_batch
from server.models import (
    AccessPoint,
    Credential,
    Device,
    Event,
    Facility,
    Multipass,
    Organization,
    PassLease,
    Person,
    utc_now,
)

Make = Callable[..., Any]
CARD = Code(CredentialKind.BARCODE, "0001")


class Log:
    """Writes events of doors into a database, each decided by the feed as it stands when it is written."""

    def __init__(self, database: Database, pen: Make, now: datetime) -> None:
        self.database, self.now, self._make = database, now, pen
        self._pens: dict[str, Any] = {}
        with database.write() as session:
            organization, ann = session.get_one(Organization, "club"), session.get_one(Person, "ann")
            card = Credential.of(organization, ann, CARD)
            session.add(card)
            session.add(Device(id="side", organization_id="club", site_id="main", name="Side", secret_hash="x"))
            self.fingerprint = card.fingerprint

    def mark(self) -> dict[str, Any]:
        """Where the feed stands."""
        with self.database.read() as session:
            head = feed.head_of(session, "club")
        assert head is not None
        return {"epoch": head.epoch, "seq": head.seq}

    def scan(self, after_s: int = 0, device: str = "door", uses: str | None = None, **said: Any) -> str:
        """Records a scan of Ann's card so many seconds after now; answers its id."""
        pen = self._pens.setdefault(device, self._make(device))
        at = (self.now + timedelta(seconds=after_s)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        said = {
            "occurred_at": at,
            "cache": self.mark(),
            "credential": {"kind": "barcode", "fingerprint": self.fingerprint},
            **({"entitlement": {"type": "multipass", "id": uses, "name": "Pool", "takes_use": True}} if uses else {}),
            **said,
        }
        document = pen.event(**said)
        with self.database.write() as session:
            assert record_batch(session, pen.topic, pen.batch(document), now=self.now + timedelta(seconds=after_s))
        return str(document["id"])

    def denied(self, *reasons: Reason, after_s: int = 0, **said: Any) -> str:
        """Records a refusal."""
        told = {"kind": "denied", "outcome": "denied", "reasons": [str(each) for each in reasons]}
        return self.scan(after_s, **{**told, **said})

    def why(self, event_id: str) -> Explained:
        """Explains an event."""
        with self.database.read() as session:
            return why(session, "club", event_id)

    def what_if(self, **changed: Any) -> WhatIf:
        """Replays the entrance of the last week through a draft."""
        with self.database.read() as session:
            draft = replace(session.get_one(AccessPoint, "entrance").policy(), **changed)
            since, until = self.now - timedelta(days=7), self.now + timedelta(days=1)
            return what_if(session, "club", "entrance", draft, since, until)

    def change(self, model: type[Any], id_: str, **values: Any) -> None:
        """Changes a row, so that the feed hears of it."""
        with self.database.write() as session:
            row = session.get_one(model, id_)
            for name, value in values.items():
                setattr(row, name, value)


@pytest.fixture
def log(club: Database, pen: Make, now: datetime) -> Log:
    """The sample organization and the pens of its doors."""
    return Log(club, pen, now)


def kinds(explained: Explained) -> list[ChangeKind]:
    return [change.kind for change in explained.explanation.nearest[0].changes] if explained.explanation.nearest else []


def test_it_knows_what_the_door_knew_then(log: Log) -> None:
    """A pass that was used up then is used up in the explanation, whatever was sold since."""
    for second in range(3):
        log.scan(second * 60, uses="pass")
    refused = log.denied(Reason.MULTIPASS_DEPLETED, after_s=300)
    log.change(Multipass, "pass", total=10)
    explained = log.why(refused)
    assert explained.explanation.decision.reasons == (Reason.MULTIPASS_DEPLETED,)
    assert (explained.differences, explained.doubts) == ((), ())
    assert kinds(explained) == [ChangeKind.ADD_USES]


def test_a_granted_scan_is_decided_without_its_own_use(log: Log) -> None:
    """The last use is a use that was left before it."""
    log.scan(uses="pass")
    log.scan(60, uses="pass")
    last = log.scan(120, uses="pass")
    explained = log.why(last)
    assert explained.explanation.decision.outcome is Outcome.GRANTED
    assert explained.explanation.decision.entitlement is not None
    assert explained.explanation.decision.entitlement.remaining == 1
    assert (explained.differences, explained.doubts) == ((), ())


def test_a_doors_own_uses_count_before_the_feed_carries_them(log: Log) -> None:
    """An offline door knew of its own uses although its mark is older."""
    mark = log.mark()
    for second in range(3):
        log.scan(second * 60, uses="pass", cache=mark, is_offline=True)
    refused = log.denied(Reason.MULTIPASS_DEPLETED, after_s=300, cache=mark, is_offline=True)
    assert log.why(refused).differences == ()


def test_the_rules_are_those_in_force_then(log: Log) -> None:
    """A point that took memberships only then, and everything now."""
    log.change(AccessPoint, "entrance", settings={"access_rules": [{"type": "membership"}]})
    refused = log.denied(Reason.NO_ELIGIBLE_ACCESS)
    log.change(AccessPoint, "entrance", settings={})
    explained = log.why(refused)
    assert explained.policy.access_rules == (AccessRule(type=AccessType.MEMBERSHIP),)
    assert (explained.differences, explained.doubts) == ((), ())


def test_a_trimmed_log_matters_only_for_what_changed_since(log: Log) -> None:
    """Unchanged facts are still as they were; of changed ones it is said that nobody can know."""
    refused = log.denied(Reason.MEMBERSHIP_EXPIRED)
    trim(log, keep=0)
    assert log.why(refused).doubts == ()
    log.change(Multipass, "pass", total=0)
    assert Doubt.STATE_GONE in log.why(refused).doubts
    trim(log, keep=0)
    assert {Doubt.STATE_GONE, Doubt.RULES_NOW} <= set(log.why(refused).doubts)


def trim(log: Log, keep: int) -> None:
    with log.database.write() as session:
        feed.trim(session, "club", keep=keep)


def test_another_epoch_and_no_mark_are_said(log: Log) -> None:
    """Their numbers mean nothing here; later uses are not counted against the scan all the same."""
    first = log.scan(uses="pass")
    unmarked = log.scan(60, uses="pass", cache=None)
    for second in (120, 180):
        log.scan(second, uses="pass")
    with log.database.write() as session:
        feed.renew_epoch(session, "club")
    explained = log.why(first)
    assert Doubt.OTHER_EPOCH in explained.doubts
    assert explained.differences == ()
    assert Doubt.NO_MARK in log.why(unmarked).doubts


def test_what_a_neighbour_told_is_found_out(log: Log) -> None:
    """Ann came in by the side door a moment ago: only with that does the answer come out as recorded."""
    log.scan(0, device="side", uses="pass")
    again = log.scan(5, kind="repeated", reasons=["already_checked_in"])
    explained = log.why(again)
    assert Doubt.NEIGHBOURS in explained.doubts
    assert explained.differences == ()


def test_a_difference_is_said_and_not_hidden(log: Log) -> None:
    """The door refused what these facts would have granted."""
    refused = log.denied(Reason.MULTIPASS_EXPIRED)
    explained = log.why(refused)
    assert explained.explanation.decision.outcome is Outcome.GRANTED
    assert set(explained.differences) == {Difference.OUTCOME, Difference.REASONS, Difference.ENTITLEMENT}


def test_an_unknown_card_and_a_revoked_one(log: Log) -> None:
    """Nobody's card has one rule to explain it; a cancelled one needs a new card."""
    unknown = log.denied(Reason.UNKNOWN_CARD, person=None, account=None)
    explained = log.why(unknown)
    assert (explained.explanation.decision.reasons, explained.differences) == ((Reason.UNKNOWN_CARD,), ())
    assert {line.check.standing for line in explained.explanation.checks[1:]} == {Standing.NOT_ASKED}
    with log.database.write() as session:
        session.query(Credential).one().revoked_at = log.now
    revoked = log.why(log.denied(Reason.CARD_REVOKED, after_s=60))
    assert revoked.differences == ()
    assert kinds(revoked) == [ChangeKind.NEW_CARD]


def test_an_exit_is_explained_too(log: Log) -> None:
    """Going out, also a second time."""
    out = log.scan(kind="checked_out")
    again = log.scan(5, kind="repeated")
    assert log.why(out).differences == ()
    repeated = log.why(again)
    assert repeated.explanation.decision.is_new_movement is False
    duplicate = next(line.check for line in repeated.explanation.checks if line.check.rule is Rule.DUPLICATE)
    assert not duplicate.is_passed


def test_what_the_door_said_it_knew_is_used_and_what_it_did_not_say_is_inferred(log: Log) -> None:
    """An offline door's age of data and a repeated scan's way: from the event, or with a doubt."""
    week_ago = (log.now - timedelta(days=8)).isoformat().replace("+00:00", "Z")
    stale = {"kind": "review_requested", "outcome": "review", "reasons": ["cache_stale"], "is_offline": True}
    said = log.why(log.scan(data_as_of=week_ago, **stale))
    assert (said.explanation.decision.reasons, said.doubts) == ((Reason.CACHE_STALE,), ())
    fresh = {**stale, "kind": "checked_in", "outcome": "granted", "reasons": []}
    later = utc_now() + timedelta(days=10)  # the feed keeps real time
    later_s = int((later - log.now).total_seconds())
    unsaid = log.why(log.scan(later_s, uses="pass", **fresh))
    assert Doubt.DATA_AGE in unsaid.doubts
    told = later.isoformat().replace("+00:00", "Z")
    assert log.why(log.scan(later_s + 60, uses="pass", data_as_of=told, **fresh)).doubts == ()
    log.scan(later_s + 600, kind="checked_out")
    for doubts, more in (((), {"direction": "out"}), ((Doubt.DIRECTION,), {})):
        again = log.why(log.scan(later_s + 605, kind="repeated", **more))
        assert (again.explanation.decision.direction, again.doubts) == (Direction.OUT, doubts)


def test_a_strict_grant_is_explained_by_its_lease(log: Log) -> None:
    """Without the lease the door could not have granted; a lease that was never made to it is said."""
    log.change(Multipass, "pass", is_strict=True)
    with log.database.write() as session:
        lease = PassLease(
            id="lease-1", organization_id="club", multipass_id="pass", device_id="door", ledger="l1", count=1,
            lent_at=log.now, expires_at=log.now + timedelta(days=1), after_seq=0,
        )  # fmt: skip
        session.add(lease)
    used = {"type": "multipass", "id": "pass", "name": "Pool", "takes_use": True}
    spent = log.why(log.scan(entitlement={**used, "lease": "lease-1"}))
    assert (spent.differences, spent.doubts, spent.lease, spent.is_lease_known) == ((), (), "lease-1", True)
    stolen = log.why(log.scan(3600, device="side", entitlement={**used, "lease": "lease-1"}))
    assert (stolen.differences, stolen.is_lease_known) == ((), False)
    unlent = log.why(log.scan(7200, entitlement=used))
    assert (Difference.OUTCOME in unlent.differences, unlent.lease) == (True, None)


def test_an_act_of_staff_explains_what_it_acted_on(log: Log) -> None:
    """An override leads to the refusal; a look without a scan is not explained; others' events are not there."""
    refused = log.denied(Reason.ENTRY_BLOCKED)
    overridden = log.scan(30, kind="overridden", refers_to=refused, staff="sam", credential=None)
    assert log.why(overridden).scan.id == refused
    looked = log.scan(60, kind="looked_up", staff="sam", credential=None)
    with pytest.raises(NothingDecided):
        log.why(looked)
    with log.database.read() as session:
        for organization, event_id in (("elsewhere", refused), ("club", "nothing")):
            with pytest.raises(NotFound):
                why(session, organization, event_id)


def test_an_unreadable_body_stops_nothing(log: Log) -> None:
    """What cannot be read counts as not said."""
    event_id = log.scan(uses="pass")
    log.change(Event, event_id, body="[]")
    assert Doubt.NO_MARK in log.why(event_id).doubts


def test_a_draft_is_replayed_beside_the_rules_in_force(log: Log) -> None:
    """Who would change, from what to what, and why; nothing is written."""
    first = log.scan(uses="pass")
    second = log.scan(3600, uses="pass")
    log.denied(Reason.UNKNOWN_CARD, after_s=7200, person=None, account=None)
    log.scan(7300, kind="checked_out")
    result = log.what_if(access_rules=(AccessRule(type=AccessType.MEMBERSHIP),))
    assert result.counts == {(Outcome.GRANTED, Outcome.DENIED): 2, (Outcome.DENIED, Outcome.DENIED): 1}
    assert [each.event_id for each in result.turned] == [second, first]
    assert result.turned[0].after.reasons == (Reason.NO_ELIGIBLE_ACCESS,)
    assert (result.scans, result.replayed, result.people_lost, result.people_won) == (3, 3, 1, 0)
    assert (result.turned_count, result.unlike_recorded, result.doubts) == (2, 0, {})
    with log.database.read() as session:
        assert session.get_one(AccessPoint, "entrance").settings == {}


def test_a_draft_that_says_yes_more_often(log: Log) -> None:
    """From no to yes, and the same rules change nothing."""
    log.change(AccessPoint, "entrance", settings={"access_rules": [{"type": "membership"}]})
    log.denied(Reason.NO_ELIGIBLE_ACCESS)
    assert log.what_if().turned_count == 0
    result = log.what_if(access_rules=(AccessRule(type=AccessType.MULTIPASS),))
    assert result.counts == {(Outcome.DENIED, Outcome.GRANTED): 1}
    assert result.people_won == 1


def test_anti_passback_looks_back_before_the_first_day(log: Log) -> None:
    """Whoever came in before the span is inside all the same."""
    log.scan(-20 * 86_400, uses="pass")
    log.scan(0, uses="pass")
    hard = AntiPassback(mode=AntiPassbackMode.HARD)
    result = log.what_if(anti_passback=hard)
    assert result.scans == 1
    assert result.turned[0].after.reasons == (Reason.ANTI_PASSBACK,)


def test_doors_of_one_facility_agree(log: Log) -> None:
    """Who came in by the other access point of the facility is inside; a full facility is full at both."""
    with log.database.write() as session:
        session.add(Facility(id="pool", organization_id="club", site_id="main", name_en="Pool"))
    for point in ("entrance", "exit"):
        log.change(AccessPoint, point, settings={"facility_id": "pool"})
    log.scan(0, device="side", access_point="exit", uses="pass")
    log.scan(600, uses="pass")
    hard = log.what_if(anti_passback=AntiPassback(mode=AntiPassbackMode.HARD))
    assert hard.turned[0].after.reasons == (Reason.ANTI_PASSBACK,)
    full = log.what_if(capacity=Capacity(limit=1))
    assert full.turned[0].after.reasons == (Reason.CAPACITY_FULL,)


def test_only_the_newest_scans_are_replayed_and_it_says_so(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bounded replay, honestly."""
    monkeypatch.setattr(replay, "MAX_SCANS", 1)
    log.scan(uses="pass")
    last = log.scan(60, uses="pass")
    result = log.what_if(access_rules=())
    assert (result.is_cut, result.replayed, result.turned[0].event_id) == (True, 1, last)


def test_what_if_is_for_ones_own_access_points(log: Log) -> None:
    """Another organization's is not there."""
    with log.database.read() as session:
        draft = session.get_one(AccessPoint, "entrance").policy()
        with pytest.raises(NotFound):
            what_if(session, "elsewhere", "entrance", draft, log.now, log.now)
        assert repository.access_point(session, "club", "entrance") is not None
