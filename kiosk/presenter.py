"""From a decision to what the visitor sees: pure, total, discreet. It decides nothing and knows no browser.

One reason is shown, the strictest that may be. Money, memos and what else a decision knows never get here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo

from access.domain.facts import Decision, Entitlement
from access.domain.people import Language, Participant
from access.domain.policy import Direction, KioskView
from access.domain.reasons import Notice, Outcome, Reason
from kiosk.names import clean, in_sentence, initials, shown_name
from kiosk.screen import HOLD_MS, Line, LineRole, Picture, Screen, Sound
from kiosk.texts import screen_texts
from kiosk.voice import Voice, spoken_language

__all__ = ["present"]


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
    language = spoken_language((participant and participant.language) or language_default)
    voice = Voice.of(language, zone, occurred_at)
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
    return Picture.of(participant.picture if view.has_picture else None, initials(participant, view.name))


def _lines(decision: Decision, voice: Voice) -> Iterator[Line]:
    if decision.outcome is not Outcome.GRANTED:
        yield from _refusal(decision, voice)
    elif decision.direction is not Direction.OUT:
        yield from _welcome(decision, voice)


def _refusal(decision: Decision, voice: Voice) -> Iterator[Line]:
    finding = next((each for each in decision.findings if each.outcome is decision.outcome), None)
    reason = voice.words.reason(finding.reason if finding else "unknown")
    details = voice.details(finding) if finding else {}
    yield Line(LineRole.REASON, reason.visitor(**details))
    yield Line(LineRole.NEXT_STEP, reason.next_step(**details))


def _welcome(decision: Decision, voice: Voice) -> Iterator[Line]:
    if Reason.ALREADY_CHECKED_IN in decision.reasons:
        yield Line(LineRole.NOTICE, voice.words.reason(Reason.ALREADY_CHECKED_IN).visitor())
    elif decision.entitlement:
        yield from _used(decision.entitlement, voice)
        yield from _about_use(decision, decision.entitlement, voice)
    if Notice.BIRTHDAY in decision.notices:
        yield Line(LineRole.BIRTHDAY, voice.words.label("notice", Notice.BIRTHDAY))


def _used(entitlement: Entitlement, voice: Voice) -> Iterator[Line]:
    yield Line(LineRole.USED, voice.used(entitlement, remaining=entitlement.remaining_after))
    if entitlement.remaining_after != 0 and not entitlement.activates:
        yield Line(LineRole.LEFT, voice.expiry(entitlement))


def _about_use(decision: Decision, entitlement: Entitlement, voice: Voice) -> Iterator[Line]:
    notice = next((each for each in _SAID_ABOUT_USE if each in decision.notices), None)
    if notice:
        ends = voice.day(entitlement.ends_on) if entitlement.ends_on else ""
        yield Line(LineRole.NOTICE, voice.words.label("notice", notice, date=ends))


_SAID_ABOUT_USE = (Notice.LAST_USE, Notice.PASS_ACTIVATED, Notice.USE_ALREADY_TAKEN_TODAY)
"""At most one of these is said; how full the place is concerns staff only."""
