"""What the desk page shows and does: plain values and their JSON, the contract between a door and its staff page.

The door serves `desk.html` at `/desk/{access_point}`, modules under `/static/kiosk/`, pictures at `/pictures/{sha256}`.
Everything below is JSON; instants are ISO 8601 in UTC, days ISO dates; texts come ready in the staff member's language.
Everything works with the centre away. Every answer that refuses has `{problem}`, a code of `PROBLEMS`.

WebSocket `/ws/desk/{access_point}`, door to page:

- without a sign-in: `welcome {organization, access_point, language, languages, time_zone, texts, locked_s}` and then
  only `status` and `beat` as on the visitor page (the pad too says whether the door answers). `texts` is
  `kiosk.texts.desk_texts()`; `locked_s` is how long the pad refuses by now.
- with one: `hello`, which is `welcome` and `{staff, may: [Permission], idle_lock_s, recent: [Scan]}`, newest first
  and every open one among them; again after a change of language. Then `status`, `beat`, `scan {scan}` for a new event
  of this access point, `scan_changed {scan}` for one that somebody decided (the id stays the first event's), and
  `changed {what: "attendance"|"inside"}` when a list is out of date.
- closed with 4401 when the sign-in has ended; the page shows its pad and connects again.

`POST /desk/api/...` (JSON body; a same-origin check and a `SameSite=Strict` HttpOnly cookie guard them; 401
`{problem: "signed_out"}` without a sign-in):

- `sign-in {pin, access_point}` -> `{staff: {id, name, language}}`; 401 `{problem: "wrong_pin"|"locked", retry_in_s}`.
- `sign-out {}` -> `{}`; `language {language}` -> `{staff}`.
- `acts {act, scan, note?, person?}` -> `{scan}`: approve, refuse, override (note required), undo, assign (person
  required); 409, 422 `{problem}`. An approval or override uses what the decision's `entitlement` names, if anything.
- `check-in {access_point, person, note?}`, `check-out {access_point, person}` -> `{scan}`. A check-in of somebody whom
  the door would deny is an override: without a note 422 `{problem: "reason_required"}`.
- `attendance {access_point, occurrence, person, mark?: "in"|"out"|"absent", note?}` -> `{occurrence}`; a note without a
  mark is the daily note. `pick-up {access_point, person, adult, occurrence?}` -> `{}`.

`GET /desk/api/...?access_point=`:

- `search?q=` -> `{people: [{person, summary}]}`, at most 20, nearest first.
- `people/{id}` -> `{scan, holdings: [text], pick_up: [Adult], last_seen: text|null}`; nothing is checked in. Its `scan`
  has id null, kind "looked_up", and acts check_in, check_out or override.
- `attendance?day=` -> `{day, occurrences: [Occurrence]}`; `inside` -> `Inside`. See `kiosk.desk_lists`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from access.domain.credentials import CredentialKind
from access.domain.people import AgeGroup, Language
from access.domain.policy import Direction
from access.domain.reasons import Outcome, Reason
from access.domain.staff import DeskPermission as Permission
from kiosk.plain import plain
from kiosk.screen import Picture

__all__ = [
    "PROBLEMS",
    "Act",
    "ActKind",
    "DeskMemo",
    "DeskPerson",
    "DeskReason",
    "DeskScan",
    "Permission",
    "PresentedBy",
    "ScanState",
    "Standing",
]

PROBLEMS: Final = (
    "signed_out",
    "wrong_pin",
    "locked",
    "not_allowed",
    "already_decided",
    "reason_required",
    "unknown_scan",
    "unknown_person",
    "use_not_lent",
    "not_recorded",
)
"""Why the door refuses what the page asked; the page has words for each (`problem_*`) and for any other."""


class ScanState(StrEnum):
    """What staff did about a scan. `open` waits for them; `requested`: the centre was asked to assign the card."""

    NONE = "none"
    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"
    OVERRIDDEN = "overridden"
    UNDONE = "undone"
    REQUESTED = "requested"


class Standing(StrEnum):
    """How a scan stands now, the door's outcome and staff's act together: the colour and shape on the page."""

    GRANTED = "granted"
    REVIEW = "review"
    DENIED = "denied"
    NEUTRAL = "neutral"


class ActKind(StrEnum):
    """What staff can do about a person or a card."""

    APPROVE = "approve"
    REFUSE = "refuse"
    OVERRIDE = "override"
    UNDO = "undo"
    ASSIGN = "assign"
    CHECK_IN = "check_in"
    CHECK_OUT = "check_out"


@dataclass(frozen=True, slots=True)
class Act:
    """One button: its word, what it will do, and both in one sentence ("Approve: Ewa enters; ...")."""

    act: ActKind
    label: str
    effect: str
    text: str


@dataclass(frozen=True, slots=True)
class PresentedBy:
    """The credential as staff may know it."""

    kind: CredentialKind
    fingerprint: str


@dataclass(frozen=True, slots=True)
class DeskMemo:
    """A starred memo."""

    text: str
    is_allergy: bool


@dataclass(frozen=True, slots=True)
class DeskReason:
    """One reason in plain words, and what staff may do about it."""

    code: Reason
    outcome: Outcome
    text: str
    next_step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPerson:
    """A person as the desk shows them. `picture_text` says how far the picture can be trusted."""

    id: str
    name: str
    first_name: str
    member_id: str
    age_group: AgeGroup
    age_text: str
    language: Language | None
    picture: Picture
    picture_verified_on: date | None
    picture_text: str
    is_birthday: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskScan:
    """One scan, or one person looked up (`id` None). Texts are complete; the page only places them."""

    id: str | None
    at: datetime
    access_point: str
    direction: Direction
    kind: str
    outcome: Outcome
    standing: Standing
    is_offline: bool
    person: DeskPerson | None
    title: str
    reasons: tuple[DeskReason, ...]
    memos: tuple[DeskMemo, ...]
    used_label: str | None
    used: str | None
    left: str | None
    notices: tuple[str, ...]
    credential: PresentedBy | None
    credential_text: str | None
    state: ScanState
    by: str | None
    note: str | None
    acts: tuple[Act, ...]

    def to_json(self) -> dict[str, Any]:
        """The contract's Scan."""
        shown: dict[str, Any] = plain(self)
        return shown
