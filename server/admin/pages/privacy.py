"""A person leaves: archived and brought back, deleted by the retention settings; or asks for their data, or for none.

Archiving and deleting need one permission, export and erasure another. Whoever deletes or erases writes the name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.flash import flash
from starlette_admin.routing import route

from server.admin.frame import OfficePage
from server.admin.office import in_thread, may, signed_in_staff, whose
from server.admin.texts import lazy_text, texts
from server.checkins.csv_export import file_name
from server.errors import NotFound
from server.models import Person
from server.privacy import repository
from server.privacy.archiving import archive_person, unarchive_person
from server.privacy.erasure import Erased, delete_person, erase_person
from server.privacy.errors import PrivacyError
from server.privacy.export import export_person
from server.privacy.files import PersonalFiles
from server.privacy.obstacles import WARNINGS, Obstacle, of_archiving, of_deleting, of_erasing
from server.retention.service import keeping_of
from server.staff.permissions import Permission

__all__ = ["LeavingPage", "PrivacyPage"]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the pages show of a person: who, and what stands in the way of each step."""

    person: Person
    archiving: tuple[Obstacle, ...]
    deleting: tuple[Obstacle, ...]
    erasing: tuple[Obstacle, ...]
    days: int | None

    @property
    def warnings(self) -> tuple[Obstacle, ...]:
        """What has to be confirmed."""
        return tuple(each for each in self.archiving if each in WARNINGS)

    @property
    def refusals(self) -> tuple[Obstacle, ...]:
        """What has to happen before anything else."""
        return tuple(each for each in self.archiving if each not in WARNINGS)


class _PersonPage(OfficePage):
    """What both pages do alike."""

    add_to_menu = False

    def _read(self, request: Request) -> _Seen:
        organization_id, person_id = whose(request, "person_id")
        now = self.office.now()
        with self.office.database.read() as session:
            try:
                person = repository.person_of(session, organization_id, person_id)
            except NotFound as error:
                raise HTTPException(404) from error
            return _Seen(
                person,
                tuple(of_archiving(session, person, now=now)),
                tuple(of_deleting(session, person, now=now)),
                tuple(of_erasing(session, person, now=now)),
                keeping_of(session, organization_id).days["archived"],
            )

    async def _show(self, request: Request, template: str) -> Response:
        seen = await in_thread(lambda: self._read(request))
        others = {
            "may_manage": may(request, Permission.MANAGE_ACCOUNTS),
            "may_privacy": may(request, Permission.PRIVACY),
        }
        return self.page(request, template, title=self.title(request), seen=seen, person=seen.person, **others)

    async def _act(
        self, request: Request, work: Callable[[Session], Erased | None], done: str, *, is_named: bool = False
    ) -> Response:
        """Does it in one transaction; what refuses, or another name than the person's, is said on the page."""
        staff = signed_in_staff(request)
        t, here = texts(staff.language), RedirectResponse(request.url.path.rpartition("/")[0], status_code=303)
        if is_named:
            seen = await in_thread(lambda: self._read(request))
            if str((await request.form()).get("name", "")).split() != seen.person.full_name.split():
                flash(request, t("leaving.wrong_name"), "error")
                return here
        try:
            await in_thread(lambda: self._write(work))
        except NotFound as error:
            raise HTTPException(404) from error
        except PrivacyError as refused:
            said = " ".join(t(f"privacy_obstacle.{code}") for code in refused.codes)
            flash(request, said, "error")
            return here
        flash(request, t(done), "success")
        return here

    def _write(self, work: Callable[[Session], Erased | None]) -> None:
        with self.office.database.write() as session:
            erased = work(session)
        if erased is not None:
            PersonalFiles(self.office.database, self.office.settings.data_dir).clean(erased)


class LeavingPage(_PersonPage):
    """`/admin/people/{person_id}/leaving`."""

    menu_label = lazy_text("leaving.title")
    path = "/people/{person_id}/leaving"
    route_name = "leaving"
    permission = Permission.MANAGE_ACCOUNTS

    @route("")
    async def index(self, request: Request) -> Response:
        """What can be done, and what must happen first."""
        return await self._show(request, "office/leaving.html")

    @route("/archive", methods=["POST"], name="leaving_archive")
    async def archive(self, request: Request) -> Response:
        """Off the lists and the doors."""
        organization_id, person_id = whose(request, "person_id")
        is_confirmed = (await request.form()).get("confirmed") == "yes"
        now = self.office.now()
        return await self._act(
            request,
            lambda session: archive_person(session, organization_id, person_id, now=now, is_confirmed=is_confirmed),
            "leaving.archived",
        )

    @route("/unarchive", methods=["POST"], name="leaving_unarchive")
    async def unarchive(self, request: Request) -> Response:
        """Back again."""
        organization_id, person_id = whose(request, "person_id")
        return await self._act(
            request, lambda session: unarchive_person(session, organization_id, person_id), "leaving.unarchived"
        )

    @route("/delete", methods=["POST"], name="leaving_delete")
    async def delete(self, request: Request) -> Response:
        """For good, once the retention settings let the person go."""
        organization_id, person_id = whose(request, "person_id")
        now = self.office.now()
        return await self._act(
            request,
            lambda session: delete_person(session, organization_id, person_id, now=now),
            "leaving.deleted",
            is_named=True,
        )


class PrivacyPage(_PersonPage):
    """`/admin/people/{person_id}/privacy`."""

    menu_label = lazy_text("privacy.title")
    path = "/people/{person_id}/privacy"
    route_name = "privacy"
    permission = Permission.PRIVACY

    @route("")
    async def index(self, request: Request) -> Response:
        """What a person may ask for."""
        return await self._show(request, "office/privacy.html")

    @route("/export", methods=["POST"], name="privacy_export")
    async def export(self, request: Request) -> Response:
        """Everything about the person, as a ZIP."""
        staff, person_id = signed_in_staff(request), request.path_params["person_id"]
        wanted = str((await request.form()).get("language", staff.language))
        language = "fr" if wanted == "fr" else "en"
        office = self.office
        try:
            made = await in_thread(
                lambda: export_person(
                    office.database,
                    office.pictures,
                    staff.organization_id,
                    person_id,
                    language=language,
                    now=office.now(),
                )
            )
        except NotFound as error:
            raise HTTPException(404) from error
        name = file_name("person", person_id, extension="zip")
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return Response(made, media_type="application/zip", headers=headers)

    @route("/erase", methods=["POST"], name="privacy_erase")
    async def erase(self, request: Request) -> Response:
        """Nothing of the person stays."""
        organization_id, person_id = whose(request, "person_id")
        is_confirmed = (await request.form()).get("confirmed") == "yes"
        now = self.office.now()
        return await self._act(
            request,
            lambda session: erase_person(session, organization_id, person_id, now=now, is_confirmed=is_confirmed),
            "privacy.erased",
            is_named=True,
        )
