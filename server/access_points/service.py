"""Opening an access point's page, keeping a draft, publishing: one transaction each, never over somebody's work.

What doors follow is in the access point's own columns; a draft lies beside them and no door hears of it. Publishing
adds a version, and the first one also keeps what was in force before.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from access.domain.people import Text
from server.access_points import repository
from server.access_points.choices import Choices, choices_of
from server.access_points.form import Document, policy_of
from server.access_points.values import Problem, Problems, Values, text
from server.db import Database
from server.errors import NotFound
from server.models import AccessPoint, AccessPointVersion, new_id, utc_now

__all__ = [
    "Draft",
    "Opened",
    "Place",
    "SavedMeanwhile",
    "Settled",
    "create",
    "discard_draft",
    "opened",
    "place_values",
    "put_away",
    "put_back",
    "read_place",
    "restore",
    "save",
    "save_draft",
    "start",
]

_NAME_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Place:
    """What an access point has beside its settings."""

    name: Text
    site_id: str


@dataclass(frozen=True, slots=True)
class Settled:
    """Names, site and settings together: what one version says."""

    place: Place
    document: Document


@dataclass(frozen=True, slots=True)
class Draft:
    """That there is a draft, and whose: the staff member's id."""

    by: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Opened:
    """An access point as its page shows it: the draft where there is one, else what is in force.

    `version` changes with everything that its page can change. `number` is that of the version in force; 0 for one
    that was never published since versions are kept.
    """

    place: Place
    document: Document
    version: str
    choices: Choices
    id: str = ""
    in_force: Settled | None = None
    draft: Draft | None = None
    number: int = 0


class SavedMeanwhile(Exception):
    """Somebody else saved the access point after the page was opened; nothing was written."""


def start(database: Database, organization_id: str, *, now: datetime) -> Opened:
    """An access point that is not there yet: the defaults, at the first site."""
    with database.read() as session:
        choices = choices_of(session, organization_id, now=now)
    site_id = choices.sites[0].id if choices.sites else ""
    return Opened(Place(Text(""), site_id), {}, "", choices)


def opened(database: Database, organization_id: str, point_id: str, *, now: datetime) -> Opened:
    """The access point with everything its settings may name. Raises NotFound."""
    with database.read() as session:
        point = _find(session, organization_id, point_id)
        shown = _drafted(point) or _in_force(point)
        choices = choices_of(session, organization_id, now=now).for_point(policy_of(shown.document))
        newest = repository.newest_version(session, organization_id, point_id)
        return Opened(
            shown.place,
            shown.document,
            _version(point),
            choices,
            point.id,
            in_force=_in_force(point),
            draft=Draft(point.draft_by, point.draft_at) if point.draft is not None else None,
            number=newest.number if newest else 0,
        )


def save(
    database: Database,
    organization_id: str,
    point_id: str,
    *,
    place: Place,
    document: Document,
    seen: str,
    staff_id: str | None = None,
    now: datetime | None = None,
) -> None:
    """Publishes: from the commit on the feed tells the doors, and the draft is gone. `seen` is the version that the
    page was opened with. Raises NotFound, and SavedMeanwhile when that is not the saved one any more."""
    at = now or utc_now()
    with database.write() as session:
        point = _seen(session, organization_id, point_id, seen)
        before, wanted = _in_force(point), Settled(place, document)
        point.draft = point.draft_by = point.draft_at = None
        if wanted == before:
            return
        newest = repository.newest_version(session, organization_id, point_id)
        if newest is None:
            newest = _add_version(session, point, before, number=1, staff_id=None, now=at)
        _write(point, place, document)
        _add_version(session, point, wanted, number=newest.number + 1, staff_id=staff_id, now=at)


def save_draft(
    database: Database,
    organization_id: str,
    point_id: str,
    *,
    place: Place,
    document: Document,
    seen: str,
    staff_id: str,
    now: datetime,
) -> None:
    """Keeps what is not published yet; no door hears of it. Raises as `save` does."""
    with database.write() as session:
        point = _seen(session, organization_id, point_id, seen)
        _keep(point, Settled(place, document), staff_id=staff_id, now=now)


def discard_draft(database: Database, organization_id: str, point_id: str, *, seen: str) -> None:
    """Drops the draft; what is in force stays as it is. Raises as `save` does."""
    with database.write() as session:
        point = _seen(session, organization_id, point_id, seen)
        point.draft = point.draft_by = point.draft_at = None


def restore(
    database: Database, organization_id: str, point_id: str, number: int, *, seen: str, staff_id: str, now: datetime
) -> None:
    """Makes a draft of an older version. Raises NotFound, and SavedMeanwhile as `save` does."""
    with database.write() as session:
        point = _seen(session, organization_id, point_id, seen)
        version = repository.version_of(session, organization_id, point_id, number)
        if version is None:
            raise NotFound("there is no such version")
        place = Place(Text(version.name_en, version.name_fr), point.site_id)
        _keep(point, Settled(place, dict(version.settings)), staff_id=staff_id, now=now)


def create(
    database: Database,
    organization_id: str,
    *,
    place: Place,
    document: Document,
    staff_id: str | None = None,
    now: datetime | None = None,
) -> str:
    """Adds an access point with its first version; its id."""
    point_id = new_id()
    with database.write() as session:
        point = AccessPoint(id=point_id, organization_id=organization_id)
        _write(point, place, document)
        session.add(point)
        session.flush()
        _add_version(session, point, Settled(place, document), number=1, staff_id=staff_id, now=now or utc_now())
    return point_id


def put_away(database: Database, organization_id: str, point_id: str, *, now: datetime) -> None:
    """Archives it: doors that serve it are out of service there from now on, its history stays. Raises NotFound."""
    with database.write() as session:
        _find(session, organization_id, point_id, is_locked=True).archived_at = now


def put_back(database: Database, organization_id: str, point_id: str) -> None:
    """Takes it out of the archive, as it was. Raises NotFound."""
    with database.write() as session:
        _find(session, organization_id, point_id, is_locked=True, is_archived=True).archived_at = None


def _keep(point: AccessPoint, wanted: Settled, *, staff_id: str, now: datetime) -> None:
    """The draft; one that says what is in force anyway is none."""
    is_draft = wanted != _in_force(point)
    names = {"name_en": wanted.place.name.en, "name_fr": wanted.place.name.fr, "site_id": wanted.place.site_id}
    point.draft = {**names, "settings": wanted.document} if is_draft else None
    point.draft_by, point.draft_at = (staff_id, now) if is_draft else (None, None)


def _write(point: AccessPoint, place: Place, document: Document) -> None:
    point.name_en, point.name_fr, point.site_id = place.name.en, place.name.fr, place.site_id
    if point.settings != document:
        point.settings = document


def _add_version(
    session: Session, point: AccessPoint, said: Settled, *, number: int, staff_id: str | None, now: datetime
) -> AccessPointVersion:
    version = AccessPointVersion(
        organization_id=point.organization_id,
        access_point_id=point.id,
        number=number,
        name_en=said.place.name.en,
        name_fr=said.place.name.fr,
        settings=said.document,
        published_by=staff_id,
        published_at=now,
    )
    session.add(version)
    return version


def _in_force(point: AccessPoint) -> Settled:
    return Settled(Place(point.name, point.site_id), point.settings or {})


def _drafted(point: AccessPoint) -> Settled | None:
    draft = point.draft
    if draft is None:
        return None
    name = Text(str(draft.get("name_en", point.name_en)), str(draft.get("name_fr", point.name_fr)))
    return Settled(Place(name, str(draft.get("site_id", point.site_id))), draft.get("settings") or {})


def _seen(session: Session, organization_id: str, point_id: str, seen: str) -> AccessPoint:
    point = _find(session, organization_id, point_id, is_locked=True)
    if _version(point) != seen:
        raise SavedMeanwhile
    return point


def _find(
    session: Session, organization_id: str, point_id: str, *, is_locked: bool = False, is_archived: bool = False
) -> AccessPoint:
    point = repository.point(session, organization_id, point_id, is_locked=is_locked, is_archived=is_archived)
    if point is None:
        raise NotFound("there is no such access point here")
    return point


def _version(point: AccessPoint) -> str:
    parts: list[Any] = [point.name_en, point.name_fr, point.site_id, point.settings or {}]
    if point.draft is not None:
        parts += [point.draft, point.draft_by]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def place_values(place: Place) -> Values:
    """The form's fields of names and site."""
    return {"name_en": [place.name.en], "name_fr": [place.name.fr], "site": [place.site_id]}


def read_place(values: Values, choices: Choices) -> tuple[Place, Problems]:
    """Names and site as the form says them, and what is wrong with them."""
    place = Place(Text(text(values, "name_en"), text(values, "name_fr")), text(values, "site"))
    problems: Problems = {}
    for name, said in (("name_en", place.name.en), ("name_fr", place.name.fr)):
        if len(said) > _NAME_LENGTH:
            problems[name] = Problem("too_long", {"most": _NAME_LENGTH})
    if not place.name.en:
        problems["name_en"] = Problem("required")
    if place.site_id not in {each.id for each in choices.sites}:
        problems["site"] = Problem("choose")
    return place, problems
