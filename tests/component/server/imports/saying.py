"""What another system says, one record at a time: as a row of a file or by the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.db import Database
from server.imports.problems import RowRefused
from server.imports.records import KINDS
from server.imports.records.base import Batch, Change
from server.models import Account, Activity, MembershipType, Organization, Person


class Speaker:
    """Another system of the organization `club`; `claims` are what the rows of its file have named.

    It knows Ann as `P-1` of the family `F-1`, a membership `GYM` and an activity `SWIM`.
    """

    def __init__(self, database: Database, now: datetime) -> None:
        self.database, self.now = database, now
        self.claims: dict[tuple[str, str], int] = {}
        with database.write() as session:
            session.get_one(Account, "family").external_id = "F-1"
            session.get_one(Person, "ann").external_id = "P-1"
            session.add(MembershipType(id="gym", organization_id="club", name_en="Gym", code="GYM"))
            session.add(Activity(id="swim", organization_id="club", kind="session", name_en="Swim", code="SWIM"))

    def says(self, kind: str, *, row: int = 0, id: str | None = None, **fields: Any) -> Change:
        """One record; `row` is its number in a file, `id` that of the row here which it changes."""
        with self.database.write() as session:
            return self.puts(session, kind, row=row, id=id, **fields)

    def puts(self, session: Session, kind: str, *, row: int = 0, id: str | None = None, **fields: Any) -> Change:
        """The same as part of a transaction."""
        batch = Batch(session, session.get_one(Organization, "club"), self.now, row=row, claims=self.claims)
        upsert = KINDS[kind].upsert(batch)
        record = KINDS[kind].record(**fields)
        with session.no_autoflush:
            upsert.gather([record])
            return upsert.put(record, id=id)

    def refused(self, kind: str, **given: Any) -> list[str]:
        """The codes of the problems of one."""
        with pytest.raises(RowRefused) as refused:
            self.says(kind, **given)
        return [each.code for each in refused.value.problems]
