"""Skills: the levels that each member of the account reached. Shown while the organization records skills."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from access.domain.instants import local_day
from server.access_points.values import Problem
from server.accounts import repository
from server.admin.account.editing import AccountSubpage, Edit
from server.admin.account.form import Field, Kind, Refused, typed_day
from server.admin.account.service import AccountHead
from server.admin.office import in_thread, signed_in_staff
from server.admin.texts import texts
from server.models import PersonSkill, new_id
from server.staff.permissions import Permission

__all__ = ["AccountSkillsPage", "SkillEditPage"]

_BETWEEN = "|"
"""Between a skill and its level in one choice; no id has it."""


class AccountSkillsPage(AccountSubpage):
    """`/admin/accounts/{account_id}/skills`."""

    path = "/accounts/{account_id}/skills"
    route_name = "account_skills"
    permission = Permission.VIEW_ACCOUNTS

    @route("")
    async def index(self, request: Request) -> Response:
        """Each member with what they reached."""
        head = await self.head(request)
        if not head.has_skills:
            raise HTTPException(404)
        reached = await in_thread(lambda: self._read(request, head))
        return self.tab(request, head, "skills", reached=reached)

    def _read(self, request: Request, head: AccountHead) -> dict[str, list[Any]]:
        with self.office.database.read() as session:
            found: dict[str, list[Any]] = {}
            rows = repository.reached_skills(
                session, signed_in_staff(request).organization_id, [each.id for each in head.people]
            )
            for reached, skill in rows:
                found.setdefault(reached.person_id, []).append((reached, skill))
            return found


class SkillEditPage(AccountSubpage):
    """`/admin/accounts/{account_id}/skill/{person_id}`: a level is added there, and below it changed or taken away."""

    path = "/accounts/{account_id}/skill/{person_id}"
    route_name = "account_skill_new"
    permission = Permission.EDIT_ACCOUNTS

    @route("", methods=["GET", "POST"])
    async def index(self, request: Request) -> Response:
        """A level that was reached."""
        return await self.account_form(request, "skills", lambda session: self._edit(session, request, ""))

    @route("/{reached_id}", methods=["GET", "POST"], name="account_skill")
    async def change(self, request: Request) -> Response:
        """Another level, day or note."""
        reached_id = request.path_params["reached_id"]
        return await self.account_form(request, "skills", lambda session: self._edit(session, request, reached_id))

    @route("/{reached_id}/delete", methods=["POST"], name="account_skill_delete")
    async def delete(self, request: Request) -> Response:
        """Takes it away."""
        staff, parts = signed_in_staff(request), request.path_params

        def work(session: Session) -> None:
            repository.person_of(session, staff.organization_id, parts["account_id"], parts["person_id"])
            found = repository.reached_skill(session, staff.organization_id, parts["person_id"], parts["reached_id"])
            session.delete(found)

        return await self.act(request, work, done="skills.deleted", back=self.url(request, "account_skills"))

    def _edit(self, session: Session, request: Request, reached_id: str) -> Edit:
        staff, parts = signed_in_staff(request), request.path_params
        person = repository.person_of(session, staff.organization_id, parts["account_id"], parts["person_id"])
        reached = (
            repository.reached_skill(session, staff.organization_id, person.id, reached_id) if reached_id else None
        )
        today = local_day(self.office.now(), staff.zone)
        choices = [
            (f"{skill.id}{_BETWEEN}{level}", " – ".join(filter(None, (skill.name.in_language(staff.language), level))))
            for skill in repository.skills_of(session, staff.organization_id)
            for level in skill.levels or [""]
        ]
        held = f"{reached.skill_id}{_BETWEEN}{reached.level}" if reached else ""
        if reached and held not in dict(choices):
            choices.append((held, reached.level or texts(staff.language)("skills.gone")))
        fields = (
            Field(name="level", label="skills.level", kind=Kind.CHOICE, is_required=True, most=200, choices=choices),
            Field(name="achieved_on", label="skills.achieved_on", kind=Kind.DAY, is_required=True),
            Field(name="note", label="skills.note", most=400),
        )

        def save(session: Session, found: Mapping[str, Any]) -> None:
            if found["achieved_on"] > today:
                raise Refused({"achieved_on": Problem("account_problem.ahead")})
            skill_id, _, level = found["level"].partition(_BETWEEN)
            kept = reached
            if kept is None:
                kept = PersonSkill(
                    id=new_id(),
                    organization_id=staff.organization_id,
                    person_id=person.id,
                    recorded_by=staff.staff_id,
                )
                session.add(kept)
            kept.skill_id, kept.level = skill_id, level
            kept.achieved_on, kept.note = found["achieved_on"], found["note"]

        t = texts(staff.language)
        return Edit(
            title=t(
                "member.section_of", section=t("skills.change" if reached else "skills.add"), name=person.full_name
            ),
            fields=fields,
            values={
                "level": [held],
                "achieved_on": typed_day(reached.achieved_on if reached else today),
                "note": [reached.note if reached else ""],
            },
            save=save,
            back=self.url(request, "account_skills"),
        )
