"""Choosing an account after a search: where somebody moves to, what an account becomes part of, who registers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request

from server.admin.account.form import Field, Kind
from server.admin.office import Office, signed_in_staff
from server.clients.filters import ClientFilter
from server.clients.service import ClientRow, find_clients
from server.clients.terms import MAX_TERM

__all__ = ["AccountSearch"]

_MOST: Final = 20


@dataclass(frozen=True, slots=True)
class AccountSearch:
    """What was asked for as `q`, and the accounts that it means, best first; none for nothing."""

    term: str
    rows: tuple[ClientRow, ...]

    @classmethod
    def of(cls, office: Office, request: Request, *, most: int = _MOST) -> AccountSearch:
        """Reads the database: for a worker thread."""
        term = request.query_params.get("q", "")[:MAX_TERM].strip()
        if not term:
            return cls("", ())
        scope = office.scope(signed_in_staff(request))
        return cls(term, find_clients(office.database, scope, ClientFilter.of({"q": term}), limit=most).rows)

    @property
    def ids(self) -> set[str]:
        """Of the accounts that were found."""
        return {row.account.id for row in self.rows}

    def target(self, *, besides: str) -> Field:
        """The choice of one of them, for `office/account_move.html`; not of the account that is chosen for."""
        found = [row for row in self.rows if row.account.id != besides and row.account.merged_into is None]
        return Field(
            name="target",
            label="people.target",
            kind=Kind.CHOICE,
            is_required=True,
            choices=[(row.account.id, _called(row)) for row in found],
        )

    @property
    def context(self) -> dict[str, Any]:
        """What that template says of the search itself."""
        return {"term": self.term, "is_searched": bool(self.term)}


def _called(row: ClientRow) -> str:
    """Its name, and who is on it: names alone are often the same."""
    name = row.account.name or row.name
    others = [each.person.full_name for each in row.members if each.person.full_name != name]
    return f"{name} ({', '.join(others)})" if others else name
