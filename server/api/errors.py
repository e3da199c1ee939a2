"""What the API answers when it does not do what was asked; each is a problem document (RFC 9457).

ServerError
├── ScopeMissing        403   the token is good, but not for this
├── Conflict            409   somebody else changed the same thing at the same moment: try again
│   └── StandsInTheWay  409   `errors` say what has to happen, or to be decided, first
├── PreconditionFailed  412   it is not (any more) what `If-Match` names
└── RecordRefused       422   `errors` say which fields and why, with the same codes as an import's problems
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from server.errors import ServerError
from server.imports.problems import Problem

__all__ = ["Conflict", "PreconditionFailed", "RecordRefused", "ScopeMissing", "StandsInTheWay"]


class ScopeMissing(ServerError):
    """The token lacks the scope."""

    status = 403
    code = "scope_missing"


class Conflict(ServerError):
    """The database already has such a thing: somebody was faster."""

    status = 409
    code = "conflict"


class StandsInTheWay(Conflict):
    """It could be done, but not as things are."""

    code = "stands_in_the_way"

    def __init__(self, problems: Iterable[Problem]) -> None:
        found = list(problems)
        super().__init__(", ".join(each.code for each in found))
        self.extensions = {"errors": _listed(found)}


class PreconditionFailed(ServerError):
    """Somebody changed it after the asker saw it."""

    status = 412
    code = "precondition_failed"


class RecordRefused(ServerError):
    """The body is JSON, but no record that can go in."""

    status = 422
    code = "record_refused"

    def __init__(self, problems: Iterable[Problem]) -> None:
        found = list(problems)
        super().__init__(", ".join(each.code for each in found))
        self.extensions = {"errors": _listed(found)}


def _listed(found: Iterable[Problem]) -> list[dict[str, Any]]:
    return [{"field": each.field, "code": each.code, "details": each.details} for each in found]
