"""What staff must look at: alarms, and the messages of doors that could not be taken in. Read, and settled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.orm import object_session
from starlette.requests import Request
from starlette_admin.actions import link_row_action, row_action
from starlette_admin.fields import ComputedField, IntegerField, StringField
from starlette_admin.flash import flash

from server.admin.alarm_subjects import door_names, subjects
from server.admin.alarm_words import about, kind_in_words
from server.admin.office import in_thread, signed_in_staff
from server.admin.records.base import Instant, OrganizationView, ReadOnlyView, id_field, label, said, say_to
from server.admin.texts import lazy_text, texts
from server.models import Alarm, QuarantinedMessage, utc_now
from server.staff.permissions import Permission

__all__ = ["AlarmView", "QuarantineView"]

_SUBJECTS: Final = "alarm_subjects"
"""Where a request keeps what the alarms of its list are about."""
_DOORS: Final = "quarantine_doors"


def _kind(request: Request, alarm: Alarm) -> str:
    return kind_in_words(alarm.kind, texts(signed_in_staff(request).language))


def _about(request: Request, alarm: Alarm) -> str:
    session = object_session(alarm)
    found = getattr(request.state, _SUBJECTS, None) or (
        subjects(session, alarm.organization_id, [alarm]) if session else None
    )
    return about(alarm, found, say_to(request)) if found else ""


def _reason(request: Request, message: QuarantinedMessage) -> str:
    return texts(signed_in_staff(request).language).entries.get(f"quarantine.{message.reason}", message.reason)


def _device(request: Request, message: QuarantinedMessage) -> str:
    session = object_session(message)
    names = getattr(request.state, _DOORS, None)
    if names is None and session is not None:
        names = door_names(session, message.organization_id, [message.device_id])
    return (names or {}).get(message.device_id) or said(request, "quarantine.nobody")


class _Gathering(OrganizationView):
    """A view whose rows name others: those of a whole page, or of a file, are looked up together."""

    async def gather(self, request: Request, found: Sequence[Any]) -> None:
        """Keeps with the request what the rows name."""
        raise NotImplementedError

    async def find_all(self, request: Request, *asked: Any, **more: Any) -> Sequence[Any]:
        """Those of a list or a file."""
        found = await super().find_all(request, *asked, **more)
        await self.gather(request, found)
        return found

    async def find_by_pks(self, request: Request, pks: list[Any]) -> Sequence[Any]:
        """Those that were ticked."""
        found = await super().find_by_pks(request, pks)
        await self.gather(request, found)
        return found


class AlarmView(_Gathering):
    """Alarms, the open ones first."""

    fields = (
        id_field(),
        ComputedField("what", label=label("what"), getter=_kind),
        ComputedField("about", label=label("subject"), getter=_about),
        Instant("raised_at", label=label("raised_at")),
        Instant("settled_at", label=label("settled_at")),
    )
    search_columns = (Alarm.kind, Alarm.subject)
    sortable_fields = ("raised_at", "settled_at")
    fields_default_sort = (("raised_at", True),)
    view_permission = edit_permission = Permission.DEVICES
    rank = 70
    is_created_here = False

    def __init__(self) -> None:
        super().__init__(
            Alarm, key="alarm", menu="nav.alarms", one="one.alarm", icon="fa-solid fa-triangle-exclamation"
        )

    async def gather(self, request: Request, found: Sequence[Any]) -> None:
        """What all of them are about."""
        session, organization_id = request.state.session, signed_in_staff(request).organization_id
        setattr(request.state, _SUBJECTS, await in_thread(lambda: subjects(session, organization_id, found)))

    def can_edit(self, request: Request) -> bool:
        """Nobody: an alarm is settled."""
        return False

    async def is_row_action_allowed(self, request: Request, name: str) -> bool:
        """Settling needs the permission."""
        return super().can_edit(request) if name == "settle" else await super().is_row_action_allowed(request, name)

    async def is_row_action_allowed_for_obj(self, request: Request, name: str, obj: Any) -> bool:
        """An alarm is settled once."""
        return await self.is_row_action_allowed(request, name) and (name != "settle" or obj.settled_at is None)

    @link_row_action(name="look", text=lazy_text("alarms.look"), icon_class="fa-solid fa-arrow-right")
    def look(self, request: Request, pk: Any) -> str:
        """Where what it is about is shown."""
        return request.url_for("admin:alarm_subject", alarm_id=pk).path

    @row_action(
        name="settle",
        text=lazy_text("records.settle"),
        confirmation=lazy_text("records.settle_confirm"),
        icon_class="fa-solid fa-check",
        submit_btn_text=lazy_text("records.settle"),
    )
    async def settle(self, request: Request, pk: Any) -> None:
        """Somebody has looked at it."""
        alarm = await self.find_by_pk(request, pk)
        if alarm is not None:
            alarm.settled_at, alarm.settled_by = utc_now(), signed_in_staff(request).staff_id
            flash(request, said(request, "records.settled"), "success")

    def named(self, obj: Any, request: Request) -> str:
        """What it is."""
        return _kind(request, obj)


class QuarantineView(_Gathering, ReadOnlyView):
    """Messages kept because they could not be taken in."""

    fields = (
        id_field(),
        ComputedField("why", label=label("reason"), getter=_reason),
        StringField("detail", label=label("detail")),
        ComputedField("door", label=label("device"), getter=_device),
        IntegerField("payload_size", label=label("payload_size")),
        IntegerField("times", label=label("times")),
        Instant("received_at", label=label("received_at")),
    )
    search_columns = (QuarantinedMessage.reason, QuarantinedMessage.detail, QuarantinedMessage.device_id)
    sortable_fields = ("times", "received_at")
    fields_default_sort = (("received_at", True),)
    view_permission = edit_permission = Permission.DEVICES
    rank = 80

    def __init__(self) -> None:
        super().__init__(
            QuarantinedMessage, key="quarantine", menu="nav.quarantine", one="one.quarantine", icon="fa-solid fa-inbox"
        )

    async def gather(self, request: Request, found: Sequence[Any]) -> None:
        """The names of all their doors."""
        session, organization_id = request.state.session, signed_in_staff(request).organization_id
        ids = {each.device_id for each in found}
        setattr(request.state, _DOORS, await in_thread(lambda: door_names(session, organization_id, ids)))

    def can_edit(self, request: Request) -> bool:
        """Nobody."""
        return False

    def named(self, obj: Any, request: Request) -> str:
        """Why it is here."""
        return _reason(request, obj)
