"""A person's two pictures: read, brought and taken away, by the same intake and rules as in the back office.

The access picture is verified by staff only, who compared it with the person; a new one is verified by nobody.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from server.api import repository
from server.api.auth import actor_of, caller_of, needs, problems
from server.api.etags import KNOWN, TAGGED, check_match, is_known, shown
from server.api.params import Id, IfMatch, IfNoneMatch
from server.api.scopes import Scope
from server.audit.actor import acting
from server.db import Database
from server.devices.auth import Store
from server.errors import NotFound
from server.models import Person, utc_now
from server.pictures.intake import MAX_PICTURE_BYTES, PictureTooLarge
from server.pictures.service import PictureRole, PictureSource, change
from server.pictures.store import PictureStore

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/people/{id}/pictures", tags=["pictures"])
_READING, _WRITING = [needs(Scope.PICTURES_READ)], [needs(Scope.PICTURES_WRITE)]
_JPEG: Final = {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}
_SENT: Final = {
    each: {"schema": {"type": "string", "format": "binary"}} for each in ("image/jpeg", "image/png", "image/webp")
}


class PictureView(BaseModel):
    """A picture. `verified_on` is when staff compared it with the person; only access pictures are."""

    sha256: str
    verified_on: date | None = None
    verified_by: str | None = None


class PicturesView(BaseModel):
    """Both pictures of a person. The profile picture is shared with every organization that knows them."""

    profile: PictureView | None
    access: PictureView | None

    @classmethod
    def of(cls, person: Person) -> PicturesView:
        """Those that the person has."""
        access = None
        if person.access_picture is not None:
            access = PictureView(
                sha256=person.access_picture,
                verified_on=person.access_picture_verified_on,
                verified_by=person.access_picture_verified_by,
            )
        profile = PictureView(sha256=person.profile_picture) if person.profile_picture is not None else None
        return cls(profile=profile, access=access)


async def _picture_body(request: Request) -> bytes:
    """The request's body. Raises PictureTooLarge above 5 MB, without reading on."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_PICTURE_BYTES:
            raise PictureTooLarge(f"a picture has at most {MAX_PICTURE_BYTES} bytes")
    return bytes(body)


def _store(request: Request) -> PictureStore:
    store: PictureStore = request.app.state.pictures
    return store


_Role = Annotated[PictureRole, Path(description="Which of their two pictures.")]
_Sent = Annotated[bytes, Depends(_picture_body)]
_Pictures = Annotated[PictureStore, Depends(_store)]


@router.get("", dependencies=_READING, response_model=PicturesView, responses={**problems(404), **KNOWN})
def read_pictures(
    request: Request, database: Store, id: Id, response: Response, if_none_match: IfNoneMatch = None
) -> Any:
    """Read which pictures somebody has, and who verified the access picture."""
    with database.read() as session:
        view = PicturesView.of(_person(session, request, id))
    return shown(response, view, if_none_match)


@router.get(
    "/{role}",
    dependencies=_READING,
    response_class=Response,
    responses={
        **problems(404),
        **KNOWN,
        200: {"description": "The picture", "content": _JPEG, "headers": TAGGED},
    },
)
def read_picture(
    request: Request, database: Store, pictures: _Pictures, id: Id, role: _Role, if_none_match: IfNoneMatch = None
) -> Response:
    """Read a picture; its ETag is its SHA-256."""
    with database.read() as session:
        view = PicturesView.of(_person(session, request, id))
    held = view.profile if role is PictureRole.PROFILE else view.access
    if held is None:
        raise NotFound("no such picture")
    headers = {"ETag": f'"{held.sha256}"', "Cache-Control": "private, no-cache"}
    if is_known(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(pictures.path(held.sha256).read_bytes(), media_type="image/jpeg", headers=headers)


@router.put(
    "/{role}",
    dependencies=_WRITING,
    response_model=PicturesView,
    responses={**problems(404, 412, 413), 200: {"headers": TAGGED}},
    openapi_extra={"requestBody": {"required": True, "content": _SENT}},
)
def put_picture(
    request: Request,
    database: Store,
    pictures: _Pictures,
    id: Id,
    role: _Role,
    raw: _Sent,
    response: Response,
    if_match: IfMatch = None,
) -> Any:
    """Bring a picture: JPEG, PNG or WebP of at most 5 MB and 25 megapixels, which is drawn anew and kept as JPEG.

    A person's first profile picture becomes their access picture, too. The ETag is that of both pictures.
    """
    with database.read() as session:
        _changeable(_person(session, request, id))
    return _give(request, database, response, id, role, pictures.put(raw), if_match)


@router.delete(
    "/{role}",
    dependencies=_WRITING,
    response_model=PicturesView,
    responses={**problems(404, 412), 200: {"headers": TAGGED}},
)
def remove_picture(
    request: Request, database: Store, id: Id, role: _Role, response: Response, if_match: IfMatch = None
) -> Any:
    """Take a picture away; the history keeps it."""
    return _give(request, database, response, id, role, None, if_match)


def _give(
    request: Request,
    database: Database,
    response: Response,
    person_id: str,
    role: PictureRole,
    picture: str | None,
    if_match: str | None,
) -> PicturesView:
    source = PictureSource.UPLOAD if picture is not None else PictureSource.REMOVED
    with acting(actor_of(request)), database.write() as session:
        person = _changeable(_person(session, request, person_id, is_held=True))
        check_match(if_match, PicturesView.of(person))
        change(session, person, role, picture, source=source, by=caller_of(request).token_id, now=utc_now())
        view = PicturesView.of(person)
    shown(response, view)
    return view


def _person(session: Session, request: Request, person_id: str, *, is_held: bool = False) -> Person:
    find = repository.held if is_held else repository.one
    found: Person | None = find(session, Person, caller_of(request).organization_id, person_id)
    if found is None:
        raise NotFound("no such person")
    return found


def _changeable(person: Person) -> Person:
    if person.erased_at is not None or person.merged_into is not None:
        raise NotFound("nobody is here any more")
    return person
