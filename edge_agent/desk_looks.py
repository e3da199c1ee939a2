"""Looking without checking in: people by name or number, what they hold here, and who may pick up a child."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any

from access.domain.decision import decide
from access.domain.entitlements import gather
from access.domain.facts import AccessRequest, Decision, Finding, Presence
from access.domain.people import AgeGroup, AllowedAdult, Language
from access.domain.policy import AccessPoint
from access.words import words
from edge_agent.clock import DoorClock, Moment
from edge_agent.desk_directory import DeskDirectory
from edge_agent.desk_staff import DeskStaff
from edge_agent.errors import DeskProblem
from edge_agent.gather import Known, Rules
from kiosk.desk import ScanState
from kiosk.desk_lists import Adult
from kiosk.desk_presenter import LOOKED_UP, present_person, present_scan
from kiosk.names import clean
from kiosk.plain import plain
from kiosk.screen import Picture
from kiosk.voice import Voice

__all__ = ["DeskLooks", "is_inside"]

_MAX_HOLDINGS = 12


class DeskLooks:
    """Thread-safe. Methods raise `DeskProblem`, `CacheFault` and `LedgerFault`."""

    def __init__(self, directory: DeskDirectory, clock: DoorClock, *, is_connected: Callable[[], bool]) -> None:
        self._directory = directory
        self._clock = clock
        self._is_connected = is_connected

    def search(self, staff: DeskStaff, text: str) -> dict[str, Any]:
        """The contract's answer to `search`."""
        rules = self._directory.rules()
        point, moment = _point(rules, staff), self._clock.read()
        found = []
        for person in self._directory.search(text):
            known = self._directory.known(person.id, point, now=moment.now, clock=moment.trust)
            summary = _summary(known, point, rules, moment, staff.language) if known else ""
            found.append({"person": plain(present_person(person, language=staff.language)), "summary": summary})
        return {"people": found}

    def person(self, staff: DeskStaff, person_id: str) -> dict[str, Any]:
        """The contract's answer to `people/{id}`."""
        rules = self._directory.rules()
        point, moment = _point(rules, staff), self._clock.read()
        known = self._directory.known(person_id, point, now=moment.now, clock=moment.trust)
        if known is None or known.facts.participant is None:
            raise DeskProblem("unknown_person")
        person, presence = known.facts.participant, known.facts.movements
        decision = _decision(known, point, rules, moment)
        scan = present_scan(
            decision,
            event_id=None,
            kind=LOOKED_UP,
            occurred_at=moment.now,
            access_point=point.name,
            participant=person,
            credential=None,
            zone=rules.zone,
            language=staff.language,
            state=ScanState.NONE,
            may=staff.may,
            is_offline=not self._is_connected(),
            is_inside=is_inside(presence),
        )
        is_fetched = person.age_group is not AgeGroup.ADULT
        adults = self._directory.adults(person) if is_fetched else []
        return {
            "scan": scan.to_json(),
            "holdings": _holdings(known, point, rules, moment, staff.language),
            "pick_up": [self.adult(each, staff.language).to_json() for each in adults],
            "last_seen": _last_seen(presence, rules.zone, staff.language),
        }

    def adult(self, adult: AllowedAdult, language: Language) -> Adult:
        """Someone who may pick up a child; one of the centre's people shows their own access picture."""
        picture = adult.picture
        if picture is None and adult.person_id and (person := self._directory.person(adult.person_id)):
            picture = person.picture
        name = clean(adult.name)
        initials = "".join(part[0] for part in name.split()[:2] if part)
        relation = clean(adult.relation.in_language(language))
        return Adult(id=adult.id, name=name, relation=relation, picture=Picture.of(picture, initials.upper()))


def is_inside(presence: Presence) -> bool:
    """Whether the person came in and has not left."""
    entered_at, left_at = presence.last_in_at, presence.last_out_at
    return entered_at is not None and (left_at is None or left_at < entered_at)


def _point(rules: Rules, staff: DeskStaff) -> AccessPoint:
    point = rules.points.get(staff.access_point)
    if point is None:
        raise DeskProblem("not_recorded")
    return point


def _decision(known: Known, point: AccessPoint, rules: Rules, moment: Moment) -> Decision:
    return decide(AccessRequest(), known.facts, point, now=moment.now, zone=rules.zone)


def _summary(known: Known, point: AccessPoint, rules: Rules, moment: Moment, language: Language) -> str:
    """One line: what would let them in, or the first reason why nothing does."""
    decision, voice = _decision(known, point, rules, moment), Voice.of(language, rules.zone, moment.now)
    if decision.findings and decision.entitlement is None:
        return _said(decision.findings[0], voice)
    held = decision.entitlement
    return voice.used(held, remaining=held.remaining) if held else ""


def _holdings(known: Known, point: AccessPoint, rules: Rules, moment: Moment, language: Language) -> list[str]:
    """What opens this access point, then why other things held do not."""
    person = known.facts.participant
    if person is None:
        return []
    voice = Voice.of(language, rules.zone, moment.now)
    held = gather(point, known.facts, person, now=moment.now, zone=rules.zone)
    lines = [voice.used(each, remaining=each.remaining) for each in held.eligible]
    answers = (each.answer for each in held.judged if each.thing is not None)
    lines += [_said(each, voice) for each in answers if isinstance(each, Finding)]
    return list(dict.fromkeys(lines))[:_MAX_HOLDINGS]


def _said(finding: Finding, voice: Voice) -> str:
    return voice.words.reason(finding.reason).staff(**voice.details(finding))


def _last_seen(presence: Presence, zone: tzinfo, language: Language) -> str | None:
    moved: list[datetime] = [at for at in (presence.last_in_at, presence.last_out_at) if at is not None]
    if not moved:
        return None
    at = max(moved).astimezone(zone)
    spoken = words(language)
    return f"{spoken.date(at.date())}, {spoken.time(at)}"
