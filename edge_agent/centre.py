"""Asking the centre over HTTP: short requests with a time limit and a size limit, nothing else."""

from __future__ import annotations

import hashlib
import http.client
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlencode, urlsplit

from access.wire.enrolment import Enrolment
from edge_agent.errors import CentreRefused, CentreUnreachable

__all__ = ["Answer", "CentreClient"]

_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer: its headers (names in lower case) and body; for a download the body is empty."""

    headers: dict[str, str]
    body: bytes = b""
    sha256: str = ""
    size: int = 0


class CentreClient:
    """One centre. Every method raises `CentreUnreachable` or `CentreRefused`. Thread-safe: a connection a request."""

    def __init__(self, url: str, *, token: str | None = None, timeout_s: float = 5.0) -> None:
        parts = urlsplit(url)
        self._is_tls = parts.scheme == "https"
        self._host = parts.hostname or "localhost"
        self._port = parts.port or (443 if self._is_tls else 80)
        self._base = parts.path.rstrip("/")
        self._timeout_s = timeout_s
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    @classmethod
    def for_device(cls, url: str, identity: Enrolment, *, timeout_s: float = 5.0) -> Self:
        """A client that says who it is."""
        return cls(url, token=f"{identity.device}:{identity.secret}", timeout_s=timeout_s)

    def get(
        self, path: str, query: dict[str, str | int] | None = None, *, limit: int, timeout_s: float | None = None
    ) -> Answer:
        """GET; an answer above `limit` bytes counts as unreachable."""
        full = f"{path}?{urlencode(query)}" if query else path
        with self._response("GET", full, timeout_s=timeout_s) as response:
            return Answer(_headers(response), _bounded(response, limit))

    def post(self, path: str, body: bytes, *, limit: int = 1024 * 1024) -> Answer:
        """POST of a JSON document."""
        with self._response("POST", path, body) as response:
            return Answer(_headers(response), _bounded(response, limit))

    def download(self, path: str, target: Path, *, limit: int) -> Answer:
        """GET into a file, hashed on the way."""
        hashed, size = hashlib.sha256(), 0
        with self._response("GET", path) as response, target.open("wb") as file:
            while chunk := response.read(_CHUNK):
                size += len(chunk)
                if size > limit:
                    raise CentreUnreachable(f"more than {limit} bytes came for {path}")
                hashed.update(chunk)
                file.write(chunk)
            return Answer(_headers(response), sha256=hashed.hexdigest(), size=size)

    @contextmanager
    def _response(
        self, method: str, path: str, body: bytes | None = None, *, timeout_s: float | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        connection = self._connection(timeout_s or self._timeout_s)
        try:
            headers = self._headers | ({"Content-Type": "application/json"} if body is not None else {})
            connection.request(method, self._base + path, body=body, headers=headers)
            response = connection.getresponse()
            if response.status >= 300:
                raise _refusal(response, path)
            yield response
        except (http.client.HTTPException, TimeoutError, ConnectionError, ssl.SSLError) as error:
            raise CentreUnreachable(f"no answer from {self._host}:{self._port}: {type(error).__name__}") from error
        except OSError as error:
            if error.filename is not None:
                raise  # our own file, not the network
            raise CentreUnreachable(f"no answer from {self._host}:{self._port}: {type(error).__name__}") from error
        finally:
            connection.close()

    def _connection(self, timeout_s: float) -> http.client.HTTPConnection:
        if self._is_tls:
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(self._host, self._port, timeout=timeout_s, context=context)
        return http.client.HTTPConnection(self._host, self._port, timeout=timeout_s)


def _headers(response: http.client.HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}


def _bounded(response: http.client.HTTPResponse, limit: int) -> bytes:
    body = response.read(limit + 1)
    if len(body) > limit:
        raise CentreUnreachable(f"the answer has more than {limit} bytes")
    return body


def _refusal(response: http.client.HTTPResponse, path: str) -> CentreRefused:
    try:
        said = json.loads(response.read(4096))
        reason = next((str(said[key]) for key in ("reason", "code", "detail", "error") if key in said), "")
        proof = str(said.get("proof", ""))
    except (ValueError, TypeError, AttributeError, RecursionError):
        reason = proof = ""
    text = f"the centre answered {response.status} to {path.partition('?')[0]}"
    return CentreRefused(
        f"{text}: {reason}" if reason else text, status=response.status, reason=reason[:200], proof=proof
    )
