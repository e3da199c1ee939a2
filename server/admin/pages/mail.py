"""E-mails of the organization: what was written to whom, and what became of it. Never a link: it is its receiver's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from server.admin.frame import OfficePage
from server.admin.office import in_thread, signed_in_staff
from server.admin.texts import lazy_text
from server.mail import repository
from server.mail.message import LINK
from server.models import Mail
from server.staff.permissions import Permission

__all__ = ["MailPage", "trouble_key"]

_SHOWN: Final = 100
_TROUBLES: Final = {
    "expired": "mail.trouble_expired",
    "link_unreadable": "mail.trouble_unreadable",
    "unreachable": "mail.trouble_unreachable",
    "certificate": "mail.trouble_certificate",
    "unsupported": "mail.trouble_unsupported",
    "535": "mail.trouble_login",
}


def trouble_key(error: str) -> str:
    """The text for what an SMTP server said, by the code it begins with."""
    code = error.split(" ", 1)[0]
    later = "mail.trouble_later" if code.startswith("4") else "mail.trouble_refused"
    return _TROUBLES.get(code, later)


class MailPage(OfficePage):
    """`/admin/mail`."""

    menu_label = lazy_text("mail.menu")
    icon = "fa-solid fa-envelope"
    path = "/mail"
    route_name = "mail"
    permission = Permission.ORGANIZATION

    @route("")
    async def index(self, request: Request) -> Response:
        """The newest ones."""
        mails, waiting = await in_thread(lambda: self._read(request))
        settings = self.office.settings
        return self.page(
            request,
            "office/mail.html",
            title=self.title(request),
            mails=mails,
            waiting=waiting,
            trouble_key=trouble_key,
            marker=LINK,
            server=settings.smtp_host,
            sender=settings.smtp_from,
            leads_to=settings.browser_url,
        )

    def _read(self, request: Request) -> tuple[Sequence[Mail], int]:
        organization_id = signed_in_staff(request).organization_id
        with self.office.database.read() as session:
            mails = repository.mails_of(session, organization_id, limit=_SHOWN)
            return mails, repository.waiting_of(session, organization_id)
