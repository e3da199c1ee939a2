"""Integrations: API tokens with their scopes, webhooks with what they were told. Secrets are shown once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.flash import flash
from starlette_admin.routing import route

from access.wire.events import EventKind
from server.admin.frame import OfficePage
from server.admin.office import Office, in_thread, signed_in_staff, whose
from server.admin.texts import lazy_text, texts
from server.api.scopes import Scope
from server.api.tokens import create_token, revoke_token, tokens_of
from server.db import Commit
from server.errors import NotFound
from server.models import ApiToken, Webhook
from server.staff.permissions import Permission
from server.webhooks import repository, service
from server.webhooks.addresses import AddressRefused
from server.webhooks.secrets import webhook_box

__all__ = ["IntegrationsPage", "needed_for"]

_DAYS: Final = (30, 90, 365)
_SHOWN: Final = 50

_NEEDED: Final = {
    "cards": Permission.CARDS,
    "balances": Permission.BILLING,
    "access_points": Permission.ACCESS_POINTS,
    "devices": Permission.DEVICES,
    "imports": Permission.IMPORT,
    "attendance": Permission.ATTENDANCE,
}


class IntegrationsPage(OfficePage):
    """`/admin/integrations` and what can be done there."""

    menu_label = lazy_text("integrations.menu")
    icon = "fa-solid fa-plug"
    path = "/integrations"
    route_name = "integrations"
    rank = 60
    permission = Permission.INTEGRATIONS

    def __init__(self, office: Office) -> None:
        super().__init__(office)
        self._box = webhook_box(office.settings.secret_key)

    @route("")
    async def index(self, request: Request) -> Response:
        """Everything."""
        tokens, webhooks, waiting = await in_thread(lambda: self._read(request))
        return self.page(
            request,
            "office/integrations.html",
            title=self.title(request),
            tokens=tokens,
            webhooks=webhooks,
            waiting=waiting,
            now=self.office.now(),
            scopes=_scopes_by_area(),
            days=_DAYS,
            kinds=list(EventKind),
        )

    @route("/tokens", methods=["POST"], name="integrations_token")
    async def make_token(self, request: Request) -> Response:
        """Makes a token and shows it, this once."""
        form, staff = await request.form(), signed_in_staff(request)
        name = str(form.get("name", "")).strip()[:100]
        chosen = _chosen(form, "scope")
        scopes = [each for each in Scope if each.value in chosen and all(map(staff.may, needed_for(each)))]
        if not name or not scopes:
            problem = "integrations.name_missing" if not name else "integrations.scopes_missing"
            return self._back(request, texts(staff.language)(problem), "error")
        days = str(form.get("days", ""))
        now = self.office.now()
        expires_at = now + timedelta(days=int(days)) if days in map(str, _DAYS) else None

        def make() -> str:
            with self.office.database.write() as session:
                return create_token(
                    session,
                    staff.organization_id,
                    name=name,
                    scopes=scopes,
                    expires_at=expires_at,
                    created_by=staff.staff_id,
                    now=now,
                )

        token = await in_thread(make)
        return self._secret(request, "integrations.token_made", "integrations.token_shown_once", token, name)

    @route("/tokens/{token_id}/revoke", methods=["POST"], name="integrations_revoke")
    async def revoke(self, request: Request) -> Response:
        """Ends a token."""
        token_id, now = request.path_params["token_id"], self.office.now()
        await self._write(request, lambda s, o: revoke_token(s, o, token_id, now=now))
        return self._back(request, texts(signed_in_staff(request).language)("integrations.revoked_done"), "success")

    @route("/webhooks", methods=["POST"], name="integrations_webhook")
    async def make_webhook(self, request: Request) -> Response:
        """Adds a webhook and shows its secret, this once."""
        form, staff = await request.form(), signed_in_staff(request)
        url = str(form.get("url", "")).strip()[:500]
        kinds = [each for each in EventKind if each.value in _chosen(form, "kind")]

        def make() -> str:
            with self.office.database.write() as session:
                return service.create_webhook(
                    session,
                    staff.organization_id,
                    url=url,
                    kinds=kinds,
                    box=self._box,
                    may_be_private=self.office.settings.webhooks_may_reach_private,
                    created_by=staff.staff_id,
                    now=self.office.now(),
                )

        try:
            secret = await in_thread(make)
        except AddressRefused as refused:
            return self._back(request, texts(staff.language)(f"webhook_error.{refused.code}"), "error")
        return self._secret(request, "integrations.secret_made", "integrations.secret_shown_once", secret, url)

    @route("/webhooks/{webhook_id}", name="integrations_deliveries")
    async def deliveries(self, request: Request) -> Response:
        """What a webhook was told lately."""
        webhook, rows = await in_thread(lambda: self._deliveries(request))
        if webhook is None:
            raise HTTPException(404)
        title = self.title(request)
        return self.page(request, "office/deliveries.html", title=title, webhook=webhook, rows=rows)

    @route("/webhooks/{webhook_id}/active", methods=["POST"], name="integrations_active")
    async def set_active(self, request: Request) -> Response:
        """Pauses a webhook, or goes on."""
        form, webhook_id = await request.form(), request.path_params["webhook_id"]
        is_active = form.get("active") == "1"
        await self._write(request, lambda s, o: service.set_active(s, o, webhook_id, is_active=is_active))
        return self._back(request)

    @route("/webhooks/{webhook_id}/delete", methods=["POST"], name="integrations_delete")
    async def delete(self, request: Request) -> Response:
        """Ends a webhook."""
        webhook_id = request.path_params["webhook_id"]
        await self._write(request, lambda s, o: service.delete_webhook(s, o, webhook_id))
        return self._back(request, texts(signed_in_staff(request).language)("integrations.deleted_done"), "success")

    @route("/deliveries/{delivery_id}/again", methods=["POST"], name="integrations_again")
    async def again(self, request: Request) -> Response:
        """Has an event told again."""
        delivery_id, now = request.path_params["delivery_id"], self.office.now()
        delivery = await self._write(request, lambda s, o: service.redeliver(s, o, delivery_id, now=now))
        flash(request, texts(signed_in_staff(request).language)("integrations.again_done"), "success")
        location = request.url_for("admin:integrations_deliveries", webhook_id=delivery.webhook_id)
        return RedirectResponse(location, status_code=303)

    async def _write(self, request: Request, work: Any) -> Any:
        organization_id = signed_in_staff(request).organization_id

        def write() -> Any:
            with self.office.database.write() as session:
                return work(session, organization_id)

        try:
            done = await in_thread(write)
        except NotFound as error:
            raise HTTPException(404) from error
        self.office.database.commits.send(Commit())
        return done

    def _back(self, request: Request, said: str = "", level: str = "success") -> Response:
        if said:
            flash(request, said, level)
        return RedirectResponse(request.url_for("admin:integrations"), status_code=303)

    def _secret(self, request: Request, made: str, why: str, secret: str, name: str) -> Response:
        said = texts(signed_in_staff(request).language)
        return self.page(
            request, "office/integration_secret.html", title=said(made), why=said(why), secret=secret, name=name
        )

    def _read(self, request: Request) -> tuple[Sequence[ApiToken], Sequence[Webhook], dict[str, int]]:
        organization_id = signed_in_staff(request).organization_id
        with self.office.database.read() as session:
            return (
                tokens_of(session, organization_id),
                repository.webhooks(session, organization_id),
                repository.waiting_counts(session, organization_id),
            )

    def _deliveries(self, request: Request) -> tuple[Webhook | None, list[Any]]:
        organization_id, webhook_id = whose(request, "webhook_id")
        with self.office.database.read() as session:
            webhook = repository.webhook_of(session, organization_id, webhook_id)
            return webhook, repository.recent(session, organization_id, webhook_id, limit=_SHOWN)


def _chosen(form: FormData, name: str) -> set[str]:
    return {str(each) for each in form.getlist(name)}


def _scopes_by_area() -> dict[str, list[Scope]]:
    """The scopes in their order, by what they are about."""
    areas: dict[str, list[Scope]] = {}
    for each in Scope:
        areas.setdefault(each.value.split(":")[0], []).append(each)
    return areas


def needed_for(scope: Scope) -> tuple[Permission, ...]:
    """The permissions of staff that a scope amounts to: nobody gives a program what they do not have."""
    area, _, what = scope.value.partition(":")
    if what == "manage":
        return (Permission.MANAGE_ACCOUNTS,)
    plain = Permission.VIEW_ACCOUNTS if what == "read" else Permission.EDIT_ACCOUNTS
    if area == "pictures":
        return (plain, Permission.ACCESS_PICTURES) if what == "write" else (plain,)
    return (plain if what == "read" and area in ("cards", "balances") else _NEEDED.get(area, plain),)
