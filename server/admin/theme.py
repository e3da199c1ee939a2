"""Tabler's look, undisturbed, with our own layout on top and no font from elsewhere; light, dark, or as the device."""

from __future__ import annotations

from typing import ClassVar, Final

from starlette.requests import Request
from starlette_admin.theme import ClassMap, DefaultTheme, TablerSettings

__all__ = ["THEMES", "THEME_COOKIE", "OfficeTheme", "chosen_theme"]

THEME_COOKIE: Final = "gatehouse_theme"
THEMES: Final = ("auto", "light", "dark")


def chosen_theme(request: Request) -> str:
    """What this browser chose: "auto", "light" or "dark"."""
    wanted = request.cookies.get(THEME_COOKIE, "auto")
    return wanted if wanted in THEMES else "auto"


class _Classes(ClassMap):
    """Leaving a form is nothing dangerous, and a list is readable on a telephone."""

    classes: ClassVar[dict[str, str]] = {
        "form.cancel_button": "btn",
        "form.save_button": "btn btn-primary",
        "list.table": "table table-vcenter card-table stack",
    }


class OfficeTheme(DefaultTheme):
    """Templates and static files of this package win over those of starlette-admin."""

    name = "gatehouse"
    package = "server.admin"

    def __init__(self) -> None:
        super().__init__(TablerSettings(base="slate", primary="blue", radius=1))

    def get_class_map(self) -> ClassMap:
        """Quieter buttons."""
        return _Classes()

    def html_attrs(self, request: Request) -> dict[str, str]:
        """The palette, and the chosen theme for `office/theme.js`, which turns "auto" into the device's."""
        wanted = chosen_theme(request)
        mode = "dark" if wanted == "dark" else "light"
        return {**self.settings.html_attrs(), "data-bs-theme": mode, "data-theme-choice": wanted}
