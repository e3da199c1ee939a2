"""What answers in the centre's place may say anything: the door's threads meet it as a centre that is not there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from edge_agent.centre import CentreClient
from edge_agent.errors import CentreRefused


@contextmanager
def _answering(status: int, body: bytes) -> Iterator[CentreClient]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield CentreClient(f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    "body",
    [b"[" * 4096, b'{"proof":' * 400, b"[1]", b"null", b"\xff\x00", b"", b'{"reason": ' + b"9" * 4000],
)
def test_a_refusal_of_any_bytes_is_a_refusal(body: bytes) -> None:
    """Anything else would end the thread that asked, and with it the feed for good."""
    with _answering(503, body) as client, pytest.raises(CentreRefused) as refused:
        client.get("/edge/v1/feed", limit=1000)
    assert (refused.value.status, refused.value.reason, refused.value.proof) == (503, "", "")
