"""What OpenAPI says is what the server does: no 5xx, nothing undeclared, with every role of token and with none.

Examples are the same at every run; how many there are is bounded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from server.api.scopes import Scope
from tests.component.server.api.conftest import Program

_CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
_ROLES: dict[str, tuple[Scope, ...] | None] = {
    "everything": tuple(Scope),
    "reading": tuple(each for each in Scope if each.value.endswith(":read")),
    "nothing": (),
    "nobody": None,
}
_EXAMPLES = {"everything": 8, "reading": 2, "nothing": 2, "nobody": 2}
_IDS = ("home-zoe", "home-account", "home-membership", "home-pass", "home-pool", "home-door", "LANE", "P-1")


@pytest.mark.parametrize("role", _ROLES)
def test_the_server_does_what_it_says(app: FastAPI, program: Callable[..., Program], role: str) -> None:
    """Every operation under /api/v1 and /edge/v1."""
    scopes = _ROLES[role]
    token = "" if scopes is None else _token(program, scopes)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    operations = [each.ok() for each in schema.get_all_operations()]
    asked = [each for each in operations if each.path.startswith(("/api/v1", "/edge/v1"))]
    assert len(asked) > 40
    met: set[int] = set()
    for operation in asked:
        _ask(operation, headers, met, _EXAMPLES[role])
    expected = {"everything": {200, 201, 404, 422}, "reading": {200, 403}, "nothing": {403}, "nobody": {401}}
    assert expected[role] <= met


def _token(program: Callable[..., Program], scopes: tuple[Scope, ...]) -> str:
    return program(*scopes, is_bare=not scopes).token


def _ask(operation: Any, headers: dict[str, str], met: set[int], examples: int) -> None:
    @given(case=operation.as_strategy(), known=st.none() | st.sampled_from(_IDS))
    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any, known: str | None) -> None:
        if known is not None and "id" in (case.path_parameters or {}):
            case.path_parameters["id"] = known
        answer = case.call(headers=headers)
        met.add(answer.status_code)
        case.validate_response(answer, checks=_CHECKS)

    ask()
