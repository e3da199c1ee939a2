"""The card wall: a page with everyone's card; a click presents it at a reader through the simulated far end."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import Annotated, Literal

import uvicorn
from fastapi import FastAPI, HTTPException, Response
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, StringConstraints

from gatehouse.demo.cards import draw_card
from gatehouse.demo.doors import TECHNOLOGIES
from gatehouse.demo.people import SAMPLE, by_key
from gatehouse.demo.sample import RULES
from gatehouse.demo.venue import Venue

__all__ = ["CardWall", "create_wall"]

_STATIC = Path(__file__).parent / "wall"
_HEADERS = {"Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-src http://127.0.0.1:*"}


class _Presentation(BaseModel):
    """A click: whose card (or a stray code), at which door, with which technology."""

    card: str | None = None
    code: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    door: Literal["pool", "gym"]
    technology: Literal["barcode", "camera", "nfc"]


def create_wall(venue: Venue) -> FastAPI:
    """The wall's web application for a running venue."""
    app = FastAPI(title="Gatehouse card wall", docs_url=None, redoc_url=None, openapi_url=None)
    people = by_key()
    pictures = {key: _card_png(key) for key in people}

    @app.get("/")
    def page() -> FileResponse:
        return FileResponse(_STATIC / "wall.html", headers=_HEADERS)

    @app.get("/cards")
    def cards() -> dict[str, object]:
        return {
            "doors": [
                {
                    "id": name,
                    "rules": RULES[name],
                    "kiosk": door.kiosk_url,
                    "desk": door.desk_url,
                    "technologies": TECHNOLOGIES[name],
                }
                for name, door in venue.doors.items()
            ],
            "office": venue.settings.browser_url,
            "families": [
                {
                    "name": account.people[0].last,
                    "cards": [{"key": p.key, "name": p.full_name, "story": p.story} for p in account.people],
                }
                for account in SAMPLE
            ],
        }

    @app.get("/cards/{key}.png")
    def card(key: str) -> Response:
        if key not in pictures:
            raise HTTPException(404, "No such card.")
        return Response(pictures[key], media_type="image/png", headers={"Cache-Control": "max-age=3600"})

    @app.post("/present", status_code=202)
    def present(what: _Presentation) -> dict[str, str]:
        door = venue.doors[what.door]
        if what.technology not in TECHNOLOGIES[what.door]:
            raise HTTPException(422, f"The {what.door} door has no {what.technology} reader.")
        if what.card is not None:
            if what.card not in people:
                raise HTTPException(404, "No such card.")
            _in_background(door.present, people[what.card], what.technology)
        elif what.code is not None and what.technology == "barcode":
            _in_background(door.scan, what.code.encode())
        else:
            raise HTTPException(422, "Present a card, or a code at a barcode reader.")
        return {"presented": what.card or "code"}

    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    return app


def _in_background(act: object, *arguments: object) -> None:
    threading.Thread(target=act, args=arguments, daemon=True).start()  # type: ignore[arg-type]


def _card_png(key: str) -> bytes:
    out = io.BytesIO()
    draw_card(by_key()[key]).resize((506, 319)).save(out, "PNG", optimize=True)
    return out.getvalue()


class CardWall:
    """Serves the wall in a thread until closed."""

    def __init__(self, venue: Venue, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/"
        config = uvicorn.Config(create_wall(venue), host="127.0.0.1", port=port, log_level="error", lifespan="off")
        self._server = uvicorn.Server(config)
        self._server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.run, name="card-wall", daemon=True)

    def start(self) -> None:
        """Begins serving."""
        self._thread.start()

    def close(self) -> None:
        """Stops serving."""
        self._server.should_exit = True
        self._thread.join(3)
