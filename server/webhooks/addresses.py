"""Where a webhook may go: public addresses over HTTPS, unless the server's settings say otherwise.

A name is looked up once and the connection is made to the address that was judged, so that it cannot change in between.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

__all__ = ["AddressRefused", "Target", "check_url", "resolve"]


class AddressRefused(ValueError):
    """`code`: not_a_url, not_https, has_credentials, private or unknown_host."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Target:
    """A judged address: the URL with the address in it, and the name that certificate and `Host` are about."""

    url: str
    host: str
    host_header: str


def check_url(url: str, *, may_be_private: bool) -> None:
    """What can be said of a URL without asking anybody. Raises AddressRefused."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressRefused("not_a_url") from error
    if parts.scheme not in ("http", "https") or not host or len(url) > 500 or any(c <= " " or c == "\x7f" for c in url):
        raise AddressRefused("not_a_url")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused("has_credentials")
    if may_be_private:
        return
    if parts.scheme != "https":
        raise AddressRefused("not_https")
    try:
        is_open = ipaddress.ip_address(host).is_global
    except ValueError:
        is_open = "." in host and not host.rstrip(".").endswith((".local", ".localhost", ".internal"))
    if not is_open:
        raise AddressRefused("private")


def resolve(url: str, *, may_be_private: bool) -> Target:
    """Looks the name up and judges every address it has. Blocks. Raises AddressRefused."""
    check_url(url, may_be_private=may_be_private)
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AddressRefused("unknown_host") from error
    addresses = list(dict.fromkeys(str(each[4][0]).partition("%")[0] for each in found))
    if not addresses:
        raise AddressRefused("unknown_host")
    if not may_be_private and not all(_is_public(each) for each in addresses):
        raise AddressRefused("private")
    chosen = addresses[0]
    literal = f"[{chosen}]" if ":" in chosen else chosen
    pinned = parts._replace(netloc=f"{literal}:{port}", fragment="").geturl()
    return Target(pinned, host, parts.netloc)


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address)
    inner = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    if inner is None and isinstance(ip, ipaddress.IPv6Address) and ip in ipaddress.ip_network("64:ff9b::/96"):
        inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    judged = inner or ip
    return judged.is_global and not judged.is_multicast and not judged.is_reserved
