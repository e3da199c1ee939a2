"""From what lets somebody in to how an event names it."""

from __future__ import annotations

import pytest

from access.domain.facts import Entitlement
from access.domain.people import Language, Text
from access.domain.policy import AccessType, EntitlementClass
from edge_agent.desk_recording import unused
from edge_agent.recording import used


@pytest.mark.parametrize(
    ("name", "language", "said"),
    [
        (Text("Pool", "Piscine"), Language.FR, ("Piscine", "Pool", "Piscine")),
        (Text("Pool", "Piscine"), Language.EN, ("Pool", "Pool", "Piscine")),
        (Text("Pool"), Language.FR, ("Pool", "Pool", None)),
        (Text("P" * 300, "é" * 300), Language.EN, ("P" * 200, "P" * 200, "é" * 200)),
    ],
)
def test_a_pass_is_named_in_both_languages(name: Text, language: Language, said: tuple[str, str, str | None]) -> None:
    """Whoever reads it later has a language of their own; also of what is undone."""
    held = Entitlement(
        type=AccessType.MULTIPASS, class_=EntitlementClass.COUNTED_MULTIPASS, id="x", name=name, type_id="pool"
    )
    named = used(held, is_taken=True, language=language)
    assert named is not None
    for each in (named, unused(named)):
        assert (each.name, each.name_en, each.name_fr) == said
