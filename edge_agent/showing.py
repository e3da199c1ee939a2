"""From a recorded scan to the kiosk: presents the decision, and knows what a page is told when it opens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from access.domain.facts import Decision
from access.domain.people import Language, Participant, Text
from access.domain.policy import AccessPoint
from edge_agent.choosing import CHOICE_S, MAX_CHOICES, Offer
from edge_agent.door import DECISION_JSON, Scan
from edge_agent.gather import Rules
from edge_agent.kiosk_hub import KioskHub, ScanTiming
from edge_agent.ledger import LastDecision
from kiosk.presenter import present
from kiosk.screen import Screen
from kiosk.texts import page_texts
from kiosk.voice import Voice, spoken_language

__all__ = ["Showing"]


class Showing:
    """`rules` is set by the door's thread; the web's thread only reads it."""

    def __init__(self, hub: KioskHub, *, technologies: Mapping[str, list[str]], now: Callable[[], datetime]) -> None:
        """`technologies` lists the kinds of readers of each access point."""
        self._hub = hub
        self._technologies = technologies
        self._now = now
        self._texts = page_texts()
        self.rules: Rules | None = None
        """The organization and its access points; None while there is no cache."""

    def knows(self, access_point: str) -> bool:
        """Whether the centre has told this door the access point's rules."""
        return self.rules is not None and access_point in self.rules.points

    def answer(self, scan: Scan) -> None:
        """Shows a recorded scan."""
        screen = _screen(
            scan.decision,
            event_id=scan.event.id,
            occurred_at=scan.event.occurred_at,
            participant=scan.participant,
            point=scan.point,
            rules=scan.rules,
            is_offline=scan.event.is_offline,
        )
        timing = ScanTiming(
            id=scan.event.id, read_at=scan.read_at, record_ms=round((scan.recorded_at - scan.read_at) * 1000, 3)
        )
        self._hub.show(scan.event.access_point, screen, timing)

    def offer(self, offer: Offer) -> bool:
        """Asks the visitor what is used; False when no page is open to ask on."""
        language = spoken_language(offer.participant.language or offer.rules.organization.language)
        voice = Voice.of(language, offer.rules.zone, self._now())
        options = [
            {"id": each.id, "text": voice.used(each, remaining=each.remaining), "until": voice.expiry(each)}
            for each in offer.decision.choices[:MAX_CHOICES]
        ]
        message = {"type": "choice", "id": offer.id, "language": language.value, "options": options}
        return self._hub.push(offer.access_point, {**message, "seconds": int(CHOICE_S)})

    def withdraw(self, offer: Offer) -> None:
        """Takes the question away."""
        self._hub.push(offer.access_point, {"type": "choice_over", "id": offer.id})

    def restore(self, access_point: str, last: LastDecision, participant: Participant | None) -> None:
        """Keeps the answer of before a restart for the pages that come; it releases nothing."""
        screen = _screen(
            DECISION_JSON.validate_json(last.decision),
            event_id=last.event_id,
            occurred_at=last.occurred_at,
            participant=participant,
            point=self.rules.points.get(access_point) if self.rules else None,
            rules=self.rules,
            is_offline=last.is_offline,
        )
        self._hub.remember(access_point, screen)

    def hello(self, access_point: str) -> dict[str, Any]:
        """What a page is told first. Before the first cache the names are empty."""
        rules = self.rules
        point = rules.points.get(access_point) if rules else None
        language = rules.organization.language if rules else Language.EN
        return {
            "type": "hello",
            "v": 1,
            "organization": _names(rules.organization.name if rules else Text("")),
            "access_point": {"id": access_point, **_names(point.name if point else Text(""))},
            "language": language.value,
            "languages": [each.value for each in Language],
            "time_zone": rules.organization.time_zone if rules else "UTC",
            "sound": {"is_enabled": point.kiosk.has_sound if point else False, "volume": 0.6},
            "readers": self._technologies.get(access_point, []),
            "texts": self._texts,
        }


def _names(text: Text) -> dict[str, str]:
    return {language.value: text.in_language(language) for language in Language}


def _screen(
    decision: Decision,
    *,
    event_id: str,
    occurred_at: datetime,
    participant: Participant | None,
    point: AccessPoint | None,
    rules: Rules | None,
    is_offline: bool,
) -> Screen:
    return present(
        decision,
        event_id=event_id,
        occurred_at=occurred_at,
        participant=participant,
        view=point.kiosk if point else _NOTHING_KNOWN.kiosk,
        language_default=rules.organization.language if rules else Language.EN,
        zone=rules.zone if rules else UTC,
        is_offline=is_offline,
    )


_NOTHING_KNOWN = AccessPoint(id="", name=Text(""))
