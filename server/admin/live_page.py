"""A page of which one part is sent anew, as finished HTML, whenever it has changed."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from server.admin.frame import OfficePage
from server.admin.live import server_sent_events
from server.admin.office import in_thread, signed_in_staff

__all__ = ["LivePage"]

_LOOK_S = 1.0


class LivePage(OfficePage):
    """The base of such pages."""

    def live_part(self, request: Request, template: str, read: Callable[[], dict[str, object]]) -> Response:
        """The stream of `template`, rendered with what `read` finds (called in a thread), at each change."""
        sent: list[str] = []

        async def update() -> dict[str, str] | None:
            found = await in_thread(read)
            assert self.templates is not None
            say = self.office.say(signed_in_staff(request))
            html = self.templates.get_template(template).render(request=request, say=say, **found)
            if sent == [html]:
                return None
            sent[:] = [html]
            return {"html": html}

        organization_id = signed_in_staff(request).organization_id
        stream = server_sent_events(self.office.database, organization_id, update, look_s=_LOOK_S)
        return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
