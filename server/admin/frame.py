"""starlette-admin as the frame: its layout, lists and forms, under our gate, theme, texts and content policy."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.support import Translations
from jinja2 import BaseLoader
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.base import BaseAdmin
from starlette_admin.i18n import I18nConfig, TimezoneConfig, get_locale, translations
from starlette_admin.views import CustomView

from access.words import LANGUAGES, words
from server.admin.forms import BoundedForms
from server.admin.gate import StaffGate
from server.admin.menu import RANK, Group, menu
from server.admin.office import Office, may, signed_in_staff
from server.admin.say import masked
from server.admin.security import NonceLoader, SecurityHeaders, csp_nonce
from server.admin.texts import lazy_text, texts
from server.admin.theme import THEMES, OfficeTheme, chosen_theme
from server.admin.transactions import Transactions
from server.staff.permissions import Permission

__all__ = ["BackOffice", "OfficePage", "initials"]

_TEMPLATES: Final = Path(__file__).parent / "templates"


def initials(name: str) -> str:
    """One or two capital letters that stand in for a face."""
    parts = [part for part in name.split() if part[:1].isalnum()]
    letters = [parts[0][0], *([parts[-1][0]] if len(parts) > 1 else [])] if parts else ["?"]
    return "".join(letters).upper()


_IN_FRENCH: Final = {
    "New %(name)s": "Ajouter : %(name)s",
    "Edit %(name)s": "Modifier : %(name)s",
    "Add %(name)s": "Ajouter : %(name)s",
    "Previous page": "Page précédente",
    "Next page": "Page suivante",
}
"""starlette-admin says "Nouveau" and "le" of everything, our things are of both genders; two words it never says."""


def _reword() -> None:
    catalog = Catalog(locale="fr")
    for message, said in _IN_FRENCH.items():
        catalog.add(message, said, flags=["python-format"] if "%(" in message else [])
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    french = translations["fr"]
    if isinstance(french, Translations):
        french.merge(Translations(fp=compiled, domain="admin"))


class BackOffice(BaseAdmin):
    """The frame. Views are added by `mount_admin`."""

    def __init__(self, office: Office, index_view: CustomView) -> None:
        self.office = office
        super().__init__(
            title=lazy_text("frame.title"),
            base_url="/admin",
            route_name="admin",
            templates_dir=str(_TEMPLATES),
            index_view=index_view,
            theme=OfficeTheme(),
            auth_provider=StaffGate(office),
            secret_key=office.settings.secret_key,
            middlewares=[
                Middleware(SecurityHeaders),
                Middleware(BoundedForms),
                Middleware(Transactions, database=office.database),
            ],
            i18n_config=I18nConfig(language_cookie_name=None, language_header_name=None),
            timezone_config=TimezoneConfig(timezone_cookie_name=None, use_user_locale_timezone=False),
        )
        _reword()

    def _setup_templates(self) -> None:
        super()._setup_templates()
        environment = self.templates.env
        if isinstance(environment.loader, BaseLoader):
            environment.loader = NonceLoader(environment.loader)
        names: dict[str, Any] = environment.globals
        names |= {
            "t": lambda key, **details: texts(get_locale())(key, **details),
            "tn": lambda key, number, **details: texts(get_locale()).count(key, number, **details),
            "csp_nonce": csp_nonce,
            "chosen_theme": chosen_theme,
            "initials": initials,
            "masked": masked,
            "menu": menu,
            "languages": LANGUAGES,
            "language_names": {code: words(code).name for code in LANGUAGES},
            "themes": THEMES,
        }

    def page(self, request: Request, template: str, *, status: int = 200, **context: object) -> Response:
        """One of our own pages inside the layout; `say` and `staff` are always there."""
        staff = signed_in_staff(request)
        return self._template_response(
            request, template, {"staff": staff, "say": self.office.say(staff), **context}, status
        )


class OfficePage(CustomView):
    """A page of ours. Shown in the menu, and reachable, with its permission only."""

    permission: Permission | None = None
    group: Group | None = None
    rank: int = RANK

    def __init__(self, office: Office) -> None:
        super().__init__()
        self.office = office

    def is_accessible(self, request: Request) -> bool:
        """Whether the role grants the page's permission."""
        return may(request, self.permission)

    def is_active(self, request: Request) -> bool:
        """Whether the menu marks this page: for itself and everything below it."""
        path = request.scope["path"].removeprefix(request.scope["root_path"])
        return bool(path == self.path or (self.path != "/" and path.startswith(f"{self.path}/")))

    def page(self, request: Request, template: str, *, status: int = 200, **context: object) -> Response:
        """Renders a template of ours."""
        if not isinstance(self._admin, BackOffice):
            raise TypeError("the page was not added to a back office")
        return self._admin.page(request, template, status=status, **context)
