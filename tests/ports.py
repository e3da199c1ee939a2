"""Free TCP ports that stay free until they are used."""

from __future__ import annotations

import random
import socket
from itertools import count

__all__ = ["free_port"]

_FIRST, _LAST = 11_000, 31_000
"""Below those that Linux gives to outgoing connections (ip_local_port_range), which could take one at any moment."""
_given: set[int] = set()
_choice = random.SystemRandom()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, and never the same one twice in a run."""
    for _ in count():
        port = _choice.randrange(_FIRST, _LAST)
        if port not in _given and _is_free(port):
            break
    _given.add(port)
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
