"""How these pages answer: strict headers, nothing kept, no address told to anybody; and how they read forms."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlencode

from babel import negotiate_locale
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from access.words import LANGUAGES, words
from server.creating.texts import said
from server.errors import TooLarge

__all__ = ["HEADERS", "language_of", "page", "sent"]

_HOME: Final = Path(__file__).parent
_MOST_BYTES: Final = 16 * 1024
_MOST_FIELDS: Final = 20
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(_HOME / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


def language_of(request: Request, known: str | None = None) -> str:
    """The language of a page: chosen on it, else the client's, else the browser's."""
    chosen = request.query_params.get("lang")
    if chosen in LANGUAGES:
        return str(chosen)
    if known in LANGUAGES:
        return str(known)
    wanted = [
        part.split(";")[0].strip().split("-")[0] for part in request.headers.get("accept-language", "").split(",")
    ]
    return negotiate_locale(wanted[:10], LANGUAGES) or "en"


def page(request: Request, template: str, language: str, *, status: int = 200, **context: Any) -> Response:
    """One of the pages. `switch` are the queries of the same page in each language; what a form led to has none."""
    query = {name: value for name, value in request.query_params.items() if name == "t"}
    languages = LANGUAGES if request.method == "GET" else ()
    switch = {code: urlencode({**query, "lang": code}) for code in languages}
    html = _TEMPLATES.get_template(f"{template}.html").render(
        t=said(language),
        language=language,
        names={code: words(code).name for code in LANGUAGES},
        switch=switch,
        root=request.scope.get("root_path", ""),
        **context,
    )
    return HTMLResponse(html, status, dict(HEADERS))


async def sent(request: Request) -> dict[str, str]:
    """The fields of a form. Raises TooLarge for more bytes than any of ours has."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise TooLarge("more than a form of ours holds")
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}
    return {name: values[0].replace("\x00", "") for name, values in fields.items()}
