"""What an alarm says and what it is about: in words for the list, and as the place that shows it."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy.orm import Session
from starlette.requests import Request

from server.admin.alarm_subjects import Subjects, subjects
from server.admin.audit_values import named
from server.admin.say import Say
from server.admin.texts import Texts
from server.models import AccessPoint, Alarm, Device, Event, Mail, Multipass, Person, Webhook

__all__ = ["about", "kind_in_words", "place"]

_NO_ROW: Final = ("enrolment_guessing", "backup_restored")
"""About a network address, and about the organization itself."""


def kind_in_words(kind: str, said: Texts) -> str:
    """What happened; a kind that has no words is shown readably."""
    return said.entries.get(f"alarm.{kind}") or kind.replace("_", " ")


def about(alarm: Alarm, found: Subjects, say: Say) -> str:
    """Whom or what it is about, by name."""
    if alarm.kind == "backup_restored":
        return named(found.organization, say)
    if alarm.kind == "enrolment_guessing":
        return alarm.subject
    row = found.rows.get(alarm.subject)
    return _name(row, found, say) if row is not None else say.t("alarms.gone")


def place(session: Session, alarm: Alarm, request: Request) -> str | None:
    """The address of what shows it; None when there is no better place than the list of alarms."""
    if alarm.kind in ("message_quarantined", "quarantine_full", "event_parked", "conflicting_event"):
        return request.url_for("admin:list", key="quarantine").path
    if alarm.kind == "mail_given_up":
        return request.url_for("admin:mail").path
    if alarm.kind in _NO_ROW:
        return request.url_for("admin:devices").path
    row = subjects(session, alarm.organization_id, [alarm]).rows.get(alarm.subject)
    if isinstance(row, Multipass):
        return _activity(request, row.account_id, flag="overdrawn", **{"pass": row.id})
    if isinstance(row, Person):
        return _activity(request, row.account_id, flag="clone", person=row.id)
    if isinstance(row, Event):
        return request.url_for("admin:event", event_id=row.id).path
    if isinstance(row, Device):
        return request.url_for("admin:device", device_id=row.id).path
    if isinstance(row, AccessPoint):
        return f"{request.url_for('admin:detail', key='access-point').path}?{urlencode({'pk': row.id})}"
    if isinstance(row, Webhook):
        return request.url_for("admin:integrations_deliveries", webhook_id=row.id).path
    return None


def _name(row: Any, found: Subjects, say: Say) -> str:
    if isinstance(row, Multipass):
        return " · ".join(filter(None, (named(row.type, say), named(found.people.get(row.person_id or ""), say))))
    if isinstance(row, Event):
        who, where = found.people.get(row.person_id or ""), found.points.get(row.access_point_id)
        return " · ".join(filter(None, (named(who, say), named(where, say), say.when(row.occurred_at))))
    if isinstance(row, Webhook):
        return row.url
    return row.subject if isinstance(row, Mail) else named(row, say)


def _activity(request: Request, account_id: str, **wanted: str) -> str:
    return f"{request.url_for('admin:account_activity', account_id=account_id).path}?{urlencode(wanted)}"
