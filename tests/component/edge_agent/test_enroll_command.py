"""`gatehouse enroll`: with a code as typed, or with the text of its QR picture."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import segno
from PIL import Image
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


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[FakeCentre]:
    with FakeCentre(tmp_path, []) as centre:
        yield centre


@pytest.fixture
def config(centre: FakeCentre, tmp_path: Path) -> Path:
    path = tmp_path / "door.toml"
    path.write_text(f"data_dir = {json.dumps(str(tmp_path / 'door'))}\ncentre_url = {json.dumps(centre.url)}\n")
    return path


def picture(path: Path, text: str) -> str:
    """A picture of a QR code, as the back office shows it."""
    path.parent.mkdir(exist_ok=True)
    segno.make_qr(text).save(str(path), scale=6)
    return str(path)


def run(config: Path, *given: str) -> tuple[int, str]:
    """The status and what was said, as one line: a narrow terminal breaks it anywhere."""
    result = CliRunner().invoke(app, ["enroll", *given, "--config", str(config)])
    return result.exit_code, " ".join(result.output.split())


@pytest.mark.parametrize("how", ["--image", "--camera"])
def test_a_door_is_enrolled_from_a_picture_or_before_a_camera(
    centre: FakeCentre, config: Path, tmp_path: Path, how: str
) -> None:
    """A card that is in sight, too, is passed over; what it says is printed nowhere."""
    shown = tmp_path / "shown"
    picture(shown / "1.png", "SECRET-CARD")
    found = picture(shown / "2.png", enrolment_text(centre.url, CODE))
    status, said = run(config, how, found if how == "--image" else str(shown))
    assert (status, "Enrolled as door-1" in said) == (0, True), said
    assert "SECRET-CARD" not in said
    assert stored_identity(AgentSettings.load(config)).device == "door-1"


def test_what_shows_no_code_of_a_door_is_said(config: Path, tmp_path: Path) -> None:
    """Another code, two doors' codes, no picture, nothing there; nobody is asked and nothing is used up."""
    other = picture(tmp_path / "other.png", "https://example.org/menu")
    torn = tmp_path / "torn.png"
    torn.write_bytes(b"no picture")
    for path, why in ((other, "does not show the QR code"), (str(torn), "PNG or JPEG"), ("missing.png", "missing.png")):
        status, said = run(config, "--image", path)
        assert (status, why in said, "Traceback" in said) == (2, True, False), said
    one, another = (
        Image.open(picture(tmp_path / f"{n}.png", enrolment_text("http://c", f"K7XM-2P9{n}"))) for n in "AB"
    )
    both = Image.new("L", (one.width + another.width, max(one.height, another.height)), 255)
    both.paste(one, (0, 0))
    both.paste(another, (one.width, 0))
    both.save(tmp_path / "both.png")
    status, said = run(config, "--image", str(tmp_path / "both.png"))
    assert (status, "2 codes of different doors" in said) == (2, True), said
    (tmp_path / "cards").mkdir()
    picture(tmp_path / "cards" / "1.png", "SECRET-CARD")
    status, said = run(config, "--camera", str(tmp_path / "cards"))
    assert (status, "did not see" in said) == (2, True), said
    status, said = run(config, "--camera", str(tmp_path / "nowhere"))
    assert (status, "The camera cannot be opened." in said) == (2, True), said
    assert not (tmp_path / "door" / "ledger.db").exists()


@pytest.mark.parametrize("given", [(), (CODE, "--image", "x.png"), ("--image", "x.png", "--camera", "0")])
def test_one_way_to_say_the_code_is_given(config: Path, given: tuple[str, ...]) -> None:
    """None, or two that may differ, are refused with the choice."""
    status, said = run(config, *given)
    assert (status, "Say which code" in said) == (2, True), said
