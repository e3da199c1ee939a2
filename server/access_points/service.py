"""Opening an access point's page and saving it: one transaction, and never over what somebody else saved meanwhile."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.domain.people import Text
from server.access_points.choices import Choices, choices_of
from server.access_points.form import Document
from server.access_points.values import Problem, Problems, Values, text
from server.db import Database
from server.errors import NotFound
from server.models import AccessPoint, new_id

__all__ = ["Opened", "Place", "SavedMeanwhile", "create", "opened", "place_values", "read_place", "save", "start"]

_NAME_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Place:
    """What an access point has beside its settings."""

    name: Text
    site_id: str


@dataclass(frozen=True, slots=True)
class Opened:
    """An access point as it is saved now. `version` changes with everything that its page can change."""

    place: Place
    document: Document
    version: str
    choices: Choices
    id: str = ""


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
        choices = choices_of(session, organization_id, now=now).for_point(point.policy())
        return Opened(Place(point.name, point.site_id), point.settings or {}, _version(point), choices, point.id)


def save(
    database: Database, organization_id: str, point_id: str, *, place: Place, document: Document, seen: str
) -> None:
    """Writes it in one transaction, of which the feed hears. `seen` is the version that the page was opened with.

    Raises NotFound, and SavedMeanwhile when that is not the saved one any more.
    """
    with database.write() as session:
        point = _find(session, organization_id, point_id, is_locked=True)
        if _version(point) != seen:
            raise SavedMeanwhile
        _write(point, place, document)


def create(database: Database, organization_id: str, *, place: Place, document: Document) -> str:
    """Adds an access point; its id."""
    point_id = new_id()
    with database.write() as session:
        point = AccessPoint(id=point_id, organization_id=organization_id)
        _write(point, place, document)
        session.add(point)
    return point_id


def _write(point: AccessPoint, place: Place, document: Document) -> None:
    point.name_en, point.name_fr, point.site_id = place.name.en, place.name.fr, place.site_id
    if point.settings != document:
        point.settings = document


def _find(session: Session, organization_id: str, point_id: str, *, is_locked: bool = False) -> AccessPoint:
    wanted = select(AccessPoint).where(AccessPoint.organization_id == organization_id, AccessPoint.id == point_id)
    wanted = wanted.where(AccessPoint.archived_at.is_(None))
    point = session.scalars(wanted.with_for_update() if is_locked else wanted).one_or_none()
    if point is None:
        raise NotFound("there is no such access point here")
    return point


def _version(point: AccessPoint) -> str:
    parts: list[Any] = [point.name_en, point.name_fr, point.site_id, point.settings or {}]
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
