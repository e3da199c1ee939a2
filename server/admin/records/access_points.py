"""Access points, sites and facilities as lists. An access point's own page, with every setting, is
`pages.access_point`; where sites stand together with what is in them is `pages.sites`."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette_admin.actions import row_action
from starlette_admin.fields import EnumField, HasOne, StringField
from starlette_admin.flash import flash

from access.domain.policy import Direction
from server.admin.records.base import OrganizationView, id_field, label, name_fields, said
from server.admin.texts import lazy_text
from server.models import AccessPoint, Facility, Site, utc_now
from server.staff.permissions import Permission

__all__ = ["AccessPointView", "FacilityView", "SiteView"]


class SiteView(OrganizationView):
    """Places with doors that hear each other."""

    fields = (id_field(), *name_fields())
    search_columns = (Site.name_en, Site.name_fr)
    fields_default_sort = ("name_en",)
    view_permission = edit_permission = Permission.ACCESS_POINTS
    add_to_menu = False

    def __init__(self) -> None:
        super().__init__(Site, key="site", menu="nav.sites", one="one.site", icon="fa-solid fa-location-dot")


class FacilityView(OrganizationView):
    """Rooms, pools and rinks that activities and access points belong to."""

    fields = (id_field(), *name_fields(), HasOne("site", key="site", label=label("site")))
    search_columns = (Facility.name_en, Facility.name_fr)
    fields_default_sort = ("name_en",)
    view_permission = edit_permission = Permission.ACCESS_POINTS
    add_to_menu = False

    def __init__(self) -> None:
        super().__init__(
            Facility, key="facility", menu="sites.facilities", one="one.facility", icon="fa-solid fa-person-swimming"
        )


class AccessPointView(OrganizationView):
    """The list; archiving instead of deleting. Making and changing one is `pages.access_point`."""

    fields = (
        id_field(),
        *name_fields(),
        HasOne("site", key="site", label=label("site"), required=True),
        EnumField(
            "direction",
            label=label("direction"),
            choices=[(each.value, lazy_text(f"direction.{each.value}")) for each in Direction],
            getter=lambda _request, point: point.policy().direction.value,
            searchable=False,
            orderable=False,
            filters=[],
        ),
        StringField(
            "state",
            label=label("rules_state"),
            getter=lambda request, point: said(request, "history.draft" if point.draft else "history.in_force"),
            read_only=True,
            searchable=False,
            orderable=False,
            filters=[],
        ),
    )
    search_columns = (AccessPoint.name_en, AccessPoint.name_fr)
    sortable_fields = ("name_en", "name_fr")
    fields_default_sort = ("name_en",)
    view_permission = edit_permission = Permission.ACCESS_POINTS
    rank = 10

    def __init__(self) -> None:
        super().__init__(
            AccessPoint,
            key="access-point",
            menu="nav.access_points",
            one="one.access_point",
            icon="fa-solid fa-torii-gate",
        )

    def is_active(self, request: Request) -> bool:
        """Whether the menu marks it: for the list, and for the page of each."""
        path = request.scope["path"].removeprefix(request.scope["root_path"])
        return bool(super().is_active(request) or path.startswith(("/access-point/", "/access-point-", "/what-if")))

    def get_list_query(self, request: Request) -> Any:
        """Those in use."""
        return super().get_list_query(request).where(AccessPoint.archived_at.is_(None))

    def get_count_query(self, request: Request) -> Any:
        """How many are in use."""
        return super().get_count_query(request).where(AccessPoint.archived_at.is_(None))

    async def is_row_action_allowed(self, request: Request, name: str) -> bool:
        """Archiving is editing; an access point is looked at where it is edited, so there is one way there."""
        if name == "archive":
            return self.can_edit(request)
        return name != "view" and await super().is_row_action_allowed(request, name)

    @row_action(
        name="archive",
        text=lazy_text("records.archive"),
        confirmation=lazy_text("records.archive_confirm"),
        icon_class="fa-solid fa-box-archive",
        submit_btn_text=lazy_text("records.archive"),
        submit_btn_class="action.modal_confirm_button_delete",
        action_btn_class="action.row_item_delete",
    )
    async def archive(self, request: Request, pk: Any) -> None:
        """Ends an access point; its history stays."""
        point = await self.find_by_pk(request, pk)
        if point is not None:
            point.archived_at = utc_now()
            flash(request, said(request, "records.archived"), "success")
