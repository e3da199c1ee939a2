"""What OpenAPI says is what the server does: no 5xx, nothing undeclared.

Examples are the same at every run; how many there are is bounded. Tokens without a scope, and nobody, are asked about
every route in `test_routes_and_scopes`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
_ROLES = {
    "everything": tuple(Scope),
    "reading": tuple(each for each in Scope if each.value.endswith(":read")),
}
_DRAWN = st.sampled_from(("everything",) * 4 + ("reading",))
_EXAMPLES = 5
_KNOWN = {
    "id": ("home-zoe", "home-account", "home-membership", "home-pass", "home-pool", "home-door", "home-meeting"),
    "person_id": ("home-zoe", "home-emile"),
    "external_id": ("P-1",),
}
"""What is there: else nearly every example would be a 404."""


def test_the_server_does_what_it_says(app: FastAPI, program: Callable[..., Program]) -> None:
    """Every operation under /api/v1 and /edge/v1."""
    tokens = {role: program(*scopes).token for role, scopes in _ROLES.items()}
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    operations = [each.ok() for each in schema.get_all_operations()]
    asked = [each for each in operations if each.path.startswith(("/api/v1", "/edge/v1"))]
    assert len(asked) > 70
    met: set[int] = set()
    for operation in asked:
        _ask(operation, tokens, met)
    assert met >= {200, 201, 401, 403, 404, 412, 422}


def _ask(operation: Any, tokens: dict[str, str], met: set[int]) -> None:
    known_ids = {name: st.none() | st.sampled_from(ids) for name, ids in _KNOWN.items()}

    @given(case=operation.as_strategy(), known=st.fixed_dictionaries(known_ids), role=_DRAWN)
    @settings(
        max_examples=_EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any, known: dict[str, str | None], role: str) -> None:
        for name in case.path_parameters or {}:
            if known.get(name) is not None:
                case.path_parameters[name] = known[name]
        answer = case.call(headers={"Authorization": f"Bearer {tokens[role]}"})
        met.add(answer.status_code)
        case.validate_response(answer, checks=_CHECKS)

    ask()
