"""Putting a record in, changing one and ending one: read strictly, matched as a row of a file is, in one transaction.

What `If-Match` names is compared in that transaction, with the row held, so that no update is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server.api import repository
from server.api.auth import actor_of, caller_of
from server.api.errors import Conflict, RecordRefused
from server.api.etags import check_match, shown
from server.api.kinds import SHOWN, Shown, view_of, views_of
from server.api.schemas import read_body
from server.api.views import View
from server.audit.actor import acting
from server.db import Database
from server.errors import NotFound
from server.imports.problems import Problem, RowRefused
from server.imports.records import KINDS
from server.imports.records.base import Batch, Change, Outcome, Record
from server.imports.records.lookup import Accounts, People
from server.models import Organization, utc_now

__all__ = ["Aim", "end", "parsed", "upsert"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What a request is about: a row by its id or by its key, or none of them; and what the asker saw of it."""

    id: str | None = None
    external_id: str | None = None
    if_match: str | None = None


def parsed(name: str, raw: bytes, **given: str) -> Record:
    """The record that a body holds, with what its address says. Raises RecordRefused."""
    schema = KINDS[name].record
    record = read_body(schema, raw)
    for field_name, value in given.items():
        if record.has(field_name) and getattr(record, field_name) != value:
            raise RecordRefused([Problem("references_disagree", field_name, str(getattr(record, field_name)))])
        # Put back through the schema, so that what was given counts as given.
        record = schema.model_validate({**record.model_dump(exclude_unset=True), field_name: value})
    return record


def upsert(request: Request, database: Database, response: Response, name: str, record: Record, aim: Aim) -> View:
    """Adds or changes; what is shown of it then. Raises RecordRefused, NotFound, Conflict, PreconditionFailed."""
    kind, caller = SHOWN[name], caller_of(request)
    try:
        with acting(actor_of(request)), database.write() as session:
            organization = session.get_one(Organization, caller.organization_id)
            batch = Batch(session, organization, utc_now(), actor_id=caller.token_id)
            _check(session, name, kind, batch, aim)
            putter = KINDS[name].upsert(batch)
            with session.no_autoflush:
                putter.gather([record])
                change: Change = putter.put(record, id=aim.id)
            session.flush()
            view = view_of(session, kind, caller.organization_id, change.id)
    except RowRefused as refused:
        raise RecordRefused(refused.problems) from refused
    except IntegrityError as error:
        raise Conflict("somebody was faster") from error
    if change.outcome is Outcome.ADDED:
        response.status_code = 201
    shown(response, view)
    return view


def end(request: Request, database: Database, response: Response, kind: Shown, aim: Aim) -> View:
    """Revokes or cancels; what is shown of it then. Raises NotFound, PreconditionFailed."""
    caller = caller_of(request)
    with acting(actor_of(request)), database.write() as session:
        row = repository.held(session, kind.model, caller.organization_id, aim.id or "")
        if row is None or kind.end is None:
            raise NotFound("no such record")
        check_match(aim.if_match, views_of(session, kind, [row])[0])
        kind.end(row, utc_now(), caller.token_id)
        session.flush()
        view = views_of(session, kind, [row])[0]
    shown(response, view)
    return view


def _check(session: Session, name: str, kind: Shown, batch: Batch, aim: Aim) -> None:
    """Raises NotFound for a row that is not there (any more), PreconditionFailed for one that changed."""
    organization_id = batch.organization_id
    if aim.id is not None:
        held = repository.held(session, kind.model, organization_id, aim.id)
        if held is None or getattr(held, "erased_at", None) or getattr(held, "merged_into", None):
            raise NotFound("no such record")
    if aim.if_match is None:
        return
    id_ = aim.id or _by_key(session, name, kind, batch, aim.external_id)
    is_there = id_ is not None and repository.held(session, kind.model, organization_id, id_) is not None
    check_match(aim.if_match, view_of(session, kind, organization_id, id_) if id_ and is_there else None)


def _by_key(session: Session, name: str, kind: Shown, batch: Batch, key: str | None) -> str | None:
    """The id of the row that a key means; people and accounts as a file finds them."""
    finder = {"people": People, "accounts": Accounts}.get(name)
    if finder is not None:
        found: Any = finder(batch)
        found.gather(keys=[key])
        row = found.by_key(key)
    else:
        rows = repository.page(
            session, kind.model, batch.organization_id, equal={"external_id": key}, after=None, limit=1
        )
        row = next(iter(rows), None)
    return row.id if row is not None else None
