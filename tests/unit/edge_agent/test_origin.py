"""Which names the door's own web server answers to."""

from __future__ import annotations

import socket

import pytest

from edge_agent.origin import is_own_host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8700", "localhost:8700", "[::1]:8700", "192.168.1.20:8700"])
def test_addresses_and_localhost_are_this_door(host: str) -> None:
    """With or without a port."""
    assert is_own_host(host)


def test_the_machines_own_name_is_this_door() -> None:
    """As it is called on the venue's network."""
    assert is_own_host(f"{socket.gethostname()}:8700")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8700", "localhost.evil.example", "127.0.0.1.nip.example", ""]
)
def test_a_name_that_somebody_else_may_point_here_is_not(host: str) -> None:
    """DNS rebinding ends here."""
    assert not is_own_host(host)
