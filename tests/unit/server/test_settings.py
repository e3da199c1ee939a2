"""Settings come from a file, the environment and the caller; secrets from none of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from server.broker.link import BrokerAddress, broker_addresses
from server.settings import ServerSettings, load_settings


def test_the_caller_wins_over_the_environment_and_that_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of three ports comes from its own place."""
    toml = tmp_path / "centre.toml"
    toml.write_text("http_port = 1\nbroker_port = 2\npublic_url = 'https://gate.example/'\n")
    monkeypatch.setenv("GATEHOUSE_SERVER_BROKER_PORT", "3")
    settings = load_settings(toml, http_port=4)
    assert (settings.http_port, settings.broker_port, settings.browser_url) == (4, 3, "https://gate.example")


def test_a_misspelt_setting_is_an_error(tmp_path: Path) -> None:
    """Rather than a default that nobody wanted."""
    toml = tmp_path / "centre.toml"
    toml.write_text("htp_port = 1\n")
    with pytest.raises(ValidationError, match="htp_port"):
        load_settings(toml)
    with pytest.raises(FileNotFoundError):
        load_settings(tmp_path / "nothing.toml")


def test_secrets_are_made_once_and_only_for_their_owner(tmp_path: Path) -> None:
    """Two starts share them, two installations do not, and nobody else may read them."""
    first, again = ServerSettings(data_dir=tmp_path / "a"), ServerSettings(data_dir=tmp_path / "a")
    other = ServerSettings(data_dir=tmp_path / "b")
    assert first.secret_key == again.secret_key != other.secret_key
    assert first.centre_key.public_raw == again.centre_key.public_raw != other.centre_key.public_raw
    assert first.secret_key != first.centre_key.public_raw.hex()
    files = [path for path in (tmp_path / "a").iterdir() if path.is_file()]
    assert {path.name for path in files} == {"secret.key", "centre.key"}
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in files)


def test_a_damaged_key_is_not_replaced_in_silence(tmp_path: Path) -> None:
    """Doors trust the old key: the admin must decide."""
    (tmp_path / "centre.key").write_bytes(b"short")
    with pytest.raises(ValueError, match="backup"):
        _ = ServerSettings(data_dir=tmp_path).centre_key


def test_several_brokers_are_read_from_one_setting() -> None:
    """`mqtts` means TLS and another default port; anything else is refused."""
    assert broker_addresses("mqtt://a, mqtts://b,mqtt://c:1999") == [
        BrokerAddress("a", 1883, False),
        BrokerAddress("b", 8883, True),
        BrokerAddress("c", 1999, False),
    ]
    for wrong in ("http://a", "a:1883", ""):
        with pytest.raises(ValueError, match="mqtt://"):
            broker_addresses(wrong)
