"""What the API answers when it does not do what was asked; each is a problem document (RFC 9457).

ServerError
├── ScopeMissing   403   the token is good, but not for this
├── Conflict       409   somebody else changed the same thing at the same moment: try again
└── RecordRefused  422   `errors` say which fields and why, with the same codes as an import's problems
"""

from __future__ import annotations

from collections.abc import Iterable

from server.errors import ServerError
from server.imports.problems import Problem

__all__ = ["Conflict", "RecordRefused", "ScopeMissing"]


class ScopeMissing(ServerError):
    """The token lacks the scope."""

    status = 403
    code = "scope_missing"


class Conflict(ServerError):
    """The database already has such a thing: somebody was faster."""

    status = 409
    code = "conflict"


class RecordRefused(ServerError):
    """The body is JSON, but no record that can go in."""

    status = 422
    code = "record_refused"

    def __init__(self, problems: Iterable[Problem]) -> None:
        found = list(problems)
        super().__init__(", ".join(each.code for each in found))
        self.extensions = {
            "errors": [{"field": each.field, "code": each.code, "details": each.details} for each in found]
        }
