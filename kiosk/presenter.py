"""From a decision to what the visitor sees: pure, total, discreet. It decides nothing and knows no browser.

One reason is shown, the strictest that may be. Money, memos and what else a decision knows never get here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from access.domain.facts import Decision, Entitlement, Finding
from access.domain.people import Language, Participant
from access.domain.policy import AccessType, Direction, KioskView
from access.domain.reasons import Notice, Outcome, Reason
from access.words import Words, words
from kiosk.names import clean, in_sentence, initials, shown_name
from kiosk.screen import HOLD_MS, Line, LineRole, Picture, Screen, Sound
from kiosk.texts import screen_texts

__all__ = ["present"]

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MAX_TEXT = 120


@dataclass(frozen=True, slots=True)
class _Voice:
    """How this visitor is spoken to: the language, and the wall clock at the door when it happened."""

    language: Language
    words: Words
    zone: tzinfo
    now: datetime

    def local(self, at: datetime) -> datetime:
        """The instant on the wall clock; one at the edge of time stays as it is."""
        try:
            return at.astimezone(self.zone)
        except (OverflowError, ValueError):
            return at

    def day(self, day: date) -> str:
        return self.words.date(day, today=self.now.date())


def present(
    decision: Decision,
    *,
    event_id: str,
    occurred_at: datetime,
    participant: Participant | None,
    view: KioskView,
    language_default: Language | str,
    zone: tzinfo,
    is_offline: bool = False,
) -> Screen:
    """The screen for a decision that is recorded as event `event_id`, never raising for odd data.

    `occurred_at` is an aware instant, `zone` the organization's, `view` what the access point lets a kiosk show.
    The language is the participant's own when known, else `language_default`. `participant` is None for a card
    that nobody holds.
    """
    language = _language(participant, language_default)
    voice = _Voice(language, words(language), zone, occurred_at)
    voice = _Voice(language, words(language), zone, voice.local(occurred_at))
    title = _title(decision, participant, view, language)
    return Screen(
        id=event_id,
        outcome=decision.outcome,
        language=language,
        title=title,
        name=shown_name(participant, view.name) if participant else "",
        picture=_picture(participant, view),
        lines=tuple(line for line in _lines(decision, voice) if line.text and line.text != title),
        sound=Sound(decision.outcome.value) if view.has_sound else Sound.NONE,
        hold_ms=HOLD_MS[decision.outcome],
        occurred_at=occurred_at,
        is_offline=is_offline,
    )


def _language(participant: Participant | None, default: Language | str) -> Language:
    wanted = participant.language if participant and participant.language else default
    return Language.FR if str(wanted).lower().startswith("fr") else Language.EN


def _title(decision: Decision, participant: Participant | None, view: KioskView, language: Language) -> str:
    texts = screen_texts(language)
    if decision.outcome is not Outcome.GRANTED:
        return texts[decision.outcome.value]
    greeting = "goodbye" if decision.direction is Direction.OUT else "welcome"
    has_name = participant is not None and shown_name(participant, view.name)
    first_name = clean(participant.first_name) if participant is not None and has_name else ""
    return texts[f"{greeting}_name"].format(name=in_sentence(first_name)) if first_name else texts[greeting]


def _picture(participant: Participant | None, view: KioskView) -> Picture:
    if participant is None:
        return Picture()
    sha256 = participant.picture if view.has_picture else None
    is_known = sha256 is not None and _SHA256.fullmatch(sha256)
    return Picture(f"/pictures/{sha256}" if is_known else None, initials(participant, view.name))


def _lines(decision: Decision, voice: _Voice) -> Iterator[Line]:
    if decision.outcome is not Outcome.GRANTED:
        yield from _refusal(decision, voice)
    elif decision.direction is not Direction.OUT:
        yield from _welcome(decision, voice)


def _refusal(decision: Decision, voice: _Voice) -> Iterator[Line]:
    finding = next((each for each in decision.findings if each.outcome is decision.outcome), None)
    reason = voice.words.reason(finding.reason if finding else "unknown")
    details = _details(finding, voice) if finding else {}
    yield Line(LineRole.REASON, reason.visitor(**details))
    yield Line(LineRole.NEXT_STEP, reason.next_step(**details))


def _details(finding: Finding, voice: _Voice) -> dict[str, str]:
    """What the reason's texts may name; an instant of today is said by its time alone."""
    details = {"date": voice.day(finding.on)} if finding.on else {}
    if finding.name:
        name = in_sentence(clean(finding.name.in_language(voice.language), _MAX_TEXT))
        details |= {"name": name, "pass_name": name}
    if finding.at:
        at = voice.local(finding.at)
        details["time"] = voice.words.time(at)
        if at.date() != voice.now.date():
            details["date"] = voice.day(at.date())
    return details


def _welcome(decision: Decision, voice: _Voice) -> Iterator[Line]:
    if Reason.ALREADY_CHECKED_IN in decision.reasons:
        yield Line(LineRole.NOTICE, voice.words.reason(Reason.ALREADY_CHECKED_IN).visitor())
    elif decision.entitlement:
        yield from _used(decision.entitlement, voice)
        yield from _about_use(decision, decision.entitlement, voice)
    if Notice.BIRTHDAY in decision.notices:
        yield Line(LineRole.BIRTHDAY, voice.words.label("notice", Notice.BIRTHDAY))


def _used(entitlement: Entitlement, voice: _Voice) -> Iterator[Line]:
    name = in_sentence(clean(entitlement.name.in_language(voice.language), _MAX_TEXT))
    if entitlement.type is AccessType.MULTIPASS:
        left = voice.words.remaining(entitlement.remaining_after, entitlement.total)
        yield Line(LineRole.USED, voice.words.pair(name, left))
        if entitlement.ends_on and entitlement.remaining_after != 0 and not entitlement.activates:
            yield Line(
                LineRole.LEFT, voice.words.label("multipass_status", "expires", date=voice.day(entitlement.ends_on))
            )
    elif entitlement.starts_at:
        yield Line(LineRole.USED, _dated(entitlement, name, voice))
    elif entitlement.ends_on:
        yield Line(
            LineRole.USED, voice.words.label("used", "until", pass_name=name, date=voice.day(entitlement.ends_on))
        )
    else:
        yield Line(LineRole.USED, name)


def _dated(entitlement: Entitlement, name: str, voice: _Voice) -> str:
    starts_at = voice.local(entitlement.starts_at) if entitlement.starts_at else voice.now
    if starts_at >= voice.now:
        return voice.words.label("used", "starts", pass_name=name, time=starts_at.time())
    if entitlement.ends_at:
        return voice.words.label("used", "under_way", pass_name=name, time=voice.local(entitlement.ends_at).time())
    return name


def _about_use(decision: Decision, entitlement: Entitlement, voice: _Voice) -> Iterator[Line]:
    notice = next((each for each in _SAID_ABOUT_USE if each in decision.notices), None)
    if notice:
        ends = voice.day(entitlement.ends_on) if entitlement.ends_on else ""
        yield Line(LineRole.NOTICE, voice.words.label("notice", notice, date=ends))


_SAID_ABOUT_USE = (Notice.LAST_USE, Notice.PASS_ACTIVATED, Notice.USE_ALREADY_TAKEN_TODAY)
"""At most one of these is said; how full the place is concerns staff only."""
