"""`gatehouse enroll`: with a code as typed, or with the text of its QR picture."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from access.wire.enrolment import device_fingerprint, enrolment_text
from edge_agent.enrolment import stored_identity
from edge_agent.settings import AgentSettings
from gatehouse.cli import app
from tests.component.edge_agent.fake_centre import CODE, FakeCentre


@pytest.mark.parametrize("form", ["typed", "qr", "qr of another address"])
def test_a_door_is_enrolled_and_says_its_fingerprint(tmp_path: Path, form: str) -> None:
    """The settings say which centre is asked; where the QR names another address, that is said."""
    with FakeCentre(tmp_path, []) as centre:
        config = tmp_path / "door.toml"
        config.write_text(f"data_dir = {json.dumps(str(tmp_path / 'door'))}\ncentre_url = {json.dumps(centre.url)}\n")
        named = {"qr": f"{centre.url}/", "qr of another address": "https://gate.example.org"}.get(form)
        given = enrolment_text(named, CODE) if named else CODE
        result = CliRunner().invoke(app, ["enroll", given, "--config", str(config)])
        assert result.exit_code == 0, result.output
        identity = stored_identity(AgentSettings.load(config))
        expected = device_fingerprint(hashlib.sha256(identity.secret.encode()).hexdigest())
        assert f"Fingerprint: {expected} " in result.output
        assert identity.secret not in result.output
        assert ("gate.example.org" in result.output) is (form == "qr of another address")
        again = CliRunner().invoke(app, ["enroll", given, "--config", str(config)])
        assert again.exit_code != 0
