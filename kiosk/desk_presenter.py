"""From a decision to what staff see and may do: all reasons, memos, what was used, and buttons that name their effect.

Pure and total, like the visitor's presenter. It decides nothing: what the staff member may do comes as `may`.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from access.domain.facts import Decision, Entitlement, Finding
from access.domain.people import Language, Memo, Participant, Text
from access.domain.policy import AccessType, Direction, NameShown
from access.domain.reasons import Notice, Outcome, Reason
from access.words import words
from kiosk.desk import (
    Act,
    ActKind,
    DeskMemo,
    DeskPerson,
    DeskReason,
    DeskScan,
    Permission,
    PresentedBy,
    ScanState,
    Standing,
)
from kiosk.names import clean, in_sentence, initials
from kiosk.screen import Picture
from kiosk.texts import act_texts
from kiosk.voice import Voice, spoken_language

__all__ = ["LOOKED_UP", "present_memos", "present_person", "present_scan"]

LOOKED_UP: Final = "looked_up"
_MAX_NOTE = 300
_STANDINGS = {
    ScanState.APPROVED: Standing.GRANTED,
    ScanState.OVERRIDDEN: Standing.GRANTED,
    ScanState.REFUSED: Standing.DENIED,
    ScanState.UNDONE: Standing.NEUTRAL,
    ScanState.REQUESTED: Standing.NEUTRAL,
}
_TITLES = {
    ScanState.APPROVED: "review_approved",
    ScanState.REFUSED: "review_refused",
    ScanState.OVERRIDDEN: "overridden",
    ScanState.UNDONE: "undone",
    ScanState.REQUESTED: "card_requested",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """Everything a button's text and a scan's lines are made from."""

    decision: Decision
    kind: str
    participant: Participant | None
    credential: PresentedBy | None
    state: ScanState
    is_inside: bool
    cause: str | None
    may: Set[Permission]
    voice: Voice
    texts: dict[str, str]

    @property
    def is_look_up(self) -> bool:
        return self.kind == LOOKED_UP

    @property
    def is_let_in(self) -> bool:
        """Whether the person went in by this and still counts as in."""
        is_granted = self.decision.outcome is Outcome.GRANTED and self.state is ScanState.NONE and not self.is_look_up
        return is_granted or self.state in (ScanState.APPROVED, ScanState.OVERRIDDEN)


def present_scan(
    decision: Decision,
    *,
    event_id: str | None,
    kind: str,
    occurred_at: datetime,
    access_point: Text,
    participant: Participant | None,
    credential: PresentedBy | None,
    zone: tzinfo,
    language: Language | str,
    state: ScanState,
    may: Set[Permission],
    by: str | None = None,
    note: str | None = None,
    cause: str | None = None,
    is_offline: bool = False,
    is_inside: bool = False,
) -> DeskScan:
    """A scan for one staff member, never raising for odd data.

    `kind` is the first event's (`EventKind`), or `LOOKED_UP` with `event_id` None for a decision that was made only to
    look; then `is_inside` says whether the person counts as inside. `state`, `by` and `note` are what staff did since:
    a review that nobody decided is `OPEN`; `cause` is why the door undid it by itself. `language`
    and `may` are the staff member's.
    """
    spoken = spoken_language(language)
    case = _Case(
        decision=decision,
        kind=str(kind),
        participant=participant,
        credential=credential,
        state=state,
        is_inside=is_inside,
        cause=cause,
        may=may,
        voice=Voice.of(spoken, zone, occurred_at),
        texts=act_texts(spoken),
    )
    used_label, used, left = _use(case)
    is_birthday = Notice.BIRTHDAY in decision.notices
    return DeskScan(
        id=event_id,
        at=occurred_at,
        access_point=clean(access_point.in_language(spoken)),
        direction=decision.direction,
        kind=case.kind,
        outcome=decision.outcome,
        standing=_STANDINGS.get(state, Standing(decision.outcome.value)),
        is_offline=is_offline,
        person=present_person(participant, language=spoken, is_birthday=is_birthday) if participant else None,
        title=_title(case),
        reasons=tuple(_reason(each, case.voice) for each in decision.findings),
        memos=present_memos(participant.memos if participant else ()),
        used_label=used_label,
        used=used,
        left=left,
        notices=tuple(_notice(each, case) for each in decision.notices if each is not Notice.BIRTHDAY),
        credential=credential,
        credential_text=_credential_text(credential, case.voice),
        state=state,
        by=clean(by) if by else None,
        note=clean(note, _MAX_NOTE) if note else None,
        acts=_acts(case),
    )


def present_person(person: Participant, *, language: Language | str, is_birthday: bool = False) -> DeskPerson:
    """A person for staff: the whole name, whatever a public kiosk may show."""
    spoken = spoken_language(language)
    return DeskPerson(
        id=person.id,
        name=clean(person.full_name),
        first_name=clean(person.first_name),
        member_id=clean(person.member_id),
        age_group=person.age_group,
        age_text=words(spoken).label("age_group", person.age_group),
        language=person.language,
        picture=Picture.of(person.picture, initials(person, NameShown.FULL)),
        picture_verified_on=person.picture_verified_on if person.picture else None,
        picture_text=_picture_text(person, spoken),
        is_birthday=is_birthday,
    )


def present_memos(memos: tuple[Memo, ...]) -> tuple[DeskMemo, ...]:
    """Starred memos, allergies first."""
    ordered = sorted(memos, key=lambda memo: not memo.is_allergy)
    return tuple(DeskMemo(clean(memo.text, _MAX_NOTE), memo.is_allergy) for memo in ordered)


def _picture_text(person: Participant, language: Language) -> str:
    texts = act_texts(language)
    if person.picture is None:
        return texts["picture_missing"]
    if person.picture_verified_on is None:
        return texts["picture_unverified"]
    spoken = words(language).date(person.picture_verified_on)
    day, name = f"{spoken} {person.picture_verified_on.year}", clean(person.picture_verified_by)
    return texts["picture_verified_by" if name else "picture_verified"].format(date=day, name=name)


def _title(case: _Case) -> str:
    spoken, outcome = case.voice.words, case.decision.outcome
    if case.is_look_up:
        return case.texts[f"look_{outcome.value}"]
    if case.state is ScanState.UNDONE and case.cause:
        return spoken.event_cause(case.cause)
    if case.state in _TITLES:
        return spoken.event_kind(_TITLES[case.state])
    return spoken.event_kind(case.kind) if outcome is Outcome.GRANTED else spoken.outcome(outcome)


def _reason(finding: Finding, voice: Voice) -> DeskReason:
    reason, details = voice.words.reason(finding.reason), voice.details(finding)
    return DeskReason(finding.reason, finding.outcome, reason.staff(**details), reason.staff_step(**details))


def _notice(notice: Notice, case: _Case) -> str:
    entitlement = case.decision.entitlement
    ends = case.voice.day(entitlement.ends_on) if entitlement and entitlement.ends_on else ""
    return case.voice.words.label("staff_notice", notice, date=ends)


def _credential_text(credential: PresentedBy | None, voice: Voice) -> str | None:
    """The kind, and enough of the fingerprint to tell two cards apart."""
    return f"{voice.words.credential_kind(credential.kind)} {credential.fingerprint[:6]}" if credential else None


def _use(case: _Case) -> tuple[str | None, str | None, str | None]:
    """What was used, would be, was not, or was given back; and until when the rest can be used."""
    entitlement = case.decision.entitlement
    if entitlement is None or case.decision.direction is Direction.OUT:
        return None, None, None
    remaining = entitlement.remaining_after if case.is_let_in else entitlement.remaining
    has_rest = remaining != 0 and not entitlement.activates
    left = case.voice.expiry(entitlement) if has_rest else ""
    return case.texts[_use_label(case)], case.voice.used(entitlement, remaining=remaining), left or None


def _use_label(case: _Case) -> str:
    if case.is_let_in:
        return "used"
    if case.state is ScanState.UNDONE:
        return "given_back"
    return "would_use" if case.is_look_up or case.state is ScanState.OPEN else "not_used"


def _acts(case: _Case) -> tuple[Act, ...]:
    kinds = _looked_up_acts(case) if case.is_look_up else _scan_acts(case)
    return tuple(_act(kind, case) for kind in kinds if _PERMISSIONS[kind] in case.may)


def _looked_up_acts(case: _Case) -> tuple[ActKind, ...]:
    leave = (ActKind.CHECK_OUT,) if case.is_inside else ()
    if case.participant is None:
        return ()
    if case.decision.outcome is Outcome.DENIED:
        return (*leave, *_override(case))
    needs_eyes = case.decision.outcome is Outcome.REVIEW and Permission.APPROVE not in case.may
    return leave if needs_eyes else (*leave, ActKind.CHECK_IN)


def _scan_acts(case: _Case) -> tuple[ActKind, ...]:
    if case.state is ScanState.OPEN:
        may_approve = Permission.APPROVE in case.may
        return (ActKind.APPROVE, ActKind.REFUSE) if may_approve else _override(case)
    if case.participant is None:
        return _about_card(case)
    if case.state is ScanState.REFUSED:
        return _override(case)
    if case.state is ScanState.NONE and case.decision.outcome is Outcome.DENIED:
        return _override(case)
    is_movement = case.decision.is_new_movement and (case.is_let_in or case.decision.direction is Direction.OUT)
    return (ActKind.UNDO,) if is_movement and case.state is not ScanState.UNDONE else ()


def _override(case: _Case) -> tuple[ActKind, ...]:
    """Nobody whom an admin blocked is let in by a desk that may not."""
    is_blocked = Reason.ENTRY_BLOCKED in case.decision.reasons
    return () if is_blocked and Permission.OVERRIDE_BLOCK not in case.may else (ActKind.OVERRIDE,)


def _about_card(case: _Case) -> tuple[ActKind, ...]:
    is_unknown = Reason.UNKNOWN_CARD in case.decision.reasons and case.credential is not None
    return (ActKind.ASSIGN,) if is_unknown and case.state is ScanState.NONE else ()


def _act(kind: ActKind, case: _Case) -> Act:
    label, effect = case.texts[kind.value], _EFFECTS[kind](case)
    return Act(kind, label, effect, case.voice.words.pair(label, effect))


def _enters(case: _Case) -> str:
    entitlement = case.decision.entitlement
    if entitlement is None:
        return _said(case, "enters_free")
    name = case.voice.name(entitlement.name)
    if not entitlement.takes_use and entitlement.type is AccessType.MULTIPASS:
        return _said(case, "enters_no_use", pass_name=name)
    if not _is_counted(entitlement):
        return _said(case, "enters_with", pass_name=name)
    return _said(case, "enters_use", rest=case.voice.used(entitlement, remaining=entitlement.remaining_after))


def _undoes(case: _Case) -> str:
    entitlement = case.decision.entitlement
    if case.decision.direction is Direction.OUT:
        return _said(case, "undo_out")
    if entitlement is None or not _is_counted(entitlement):
        return _said(case, "undo_in")
    return _said(case, "undo_use", rest=case.voice.used(entitlement, remaining=entitlement.remaining))


def _is_counted(entitlement: Entitlement) -> bool:
    return entitlement.takes_use and entitlement.remaining is not None


def _said(case: _Case, key: str, **details: str) -> str:
    first = clean(case.participant.first_name or case.participant.last_name) if case.participant else ""
    return case.texts[key].format(name=in_sentence(first) or case.texts["this_person"], **details)


_EFFECTS: dict[ActKind, Callable[[_Case], str]] = {
    ActKind.APPROVE: _enters,
    ActKind.REFUSE: lambda case: _said(case, "stays_out"),
    ActKind.OVERRIDE: _enters,
    ActKind.UNDO: _undoes,
    ActKind.ASSIGN: lambda case: _said(case, "assigns"),
    ActKind.CHECK_IN: _enters,
    ActKind.CHECK_OUT: lambda case: _said(case, "leaves"),
}
_PERMISSIONS = {
    ActKind.APPROVE: Permission.APPROVE,
    ActKind.REFUSE: Permission.APPROVE,
    ActKind.OVERRIDE: Permission.OVERRIDE,
    ActKind.UNDO: Permission.UNDO,
    ActKind.ASSIGN: Permission.ASSIGN_CARD,
    ActKind.CHECK_IN: Permission.CHECK_IN,
    ActKind.CHECK_OUT: Permission.CHECK_IN,
}
