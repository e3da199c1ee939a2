"""Every page about clients, walked in Chromium as an admin, as somebody who may only look, and as nobody.

Each has names for all that one can use, one heading of the first rank, its landmark, its language, and texts that are
seen; what somebody may not do is not offered and not reached; nobody is sent to the login.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page

from server.models import utc_now
from tests.chromium import set_scheme
from tests.component.server_web.sample import event
from tests.e2e.back_office.conftest import Office
from tests.e2e.back_office.walking import enter, flaws

pytestmark = pytest.mark.browser
HOME = "/admin/accounts/home-account"
SEEN = (
    "/admin/accounts?q=tremblay",
    HOME,
    f"{HOME}/members/home-zoe",
    f"{HOME}/pictures/home-zoe",
    f"{HOME}/balance",
    f"{HOME}/cards",
    f"{HOME}/activity",
)
DONE = (
    "/admin/new-account",
    "/admin/duplicates",
    "/admin/tags",
    "/admin/card-templates",
    "/admin/card-templates/new",
    "/admin/print-cards",
    f"{HOME}/person/home-zoe/section/personal",
    f"{HOME}/person/home-zoe/memo",
    f"{HOME}/contact/new?of=home-zoe",
    f"{HOME}/people/add",
    f"{HOME}/login/home-zoe",
    f"{HOME}/balance/enter",
    f"{HOME}/sell/membership/home-membership",
    f"{HOME}/card/new",
    f"{HOME}/card/scan?person=home-zoe&point=home-pool",
    f"{HOME}/settings",
    f"{HOME}/end/merge?q=tremblay",
)
_OFFERS = """() => [...document.querySelectorAll('.page-wrapper form[method="post"], .page-wrapper a')]
  .map((each) => each.getAttribute("action") ?? each.getAttribute("href") ?? "")
  .filter((to) => /\\/(new|add|edit|enter|sell|section|memo|end|settings|undo|settle|remove|tagged)\\b/.test(to))"""


def test_every_page_about_clients_as_each_reader(page: Page, context: BrowserContext, office: Office) -> None:
    """One browser, three readers; dark for the admin, light for who may only look."""
    with office.database.write() as session:
        event(session, occurred_at=utc_now(), flags=["clone"])
    for path in (*SEEN, *DONE):
        answer = context.request.get(f"{office.url}{path}", max_redirects=0)
        assert (answer.status, "/admin/login" in answer.headers["location"]) == (303, True), path
    enter(context, office, "admin")
    set_scheme(page, "dark")
    for path in (*SEEN, *DONE):
        answered = page.goto(f"{office.url}{path}")
        assert answered is not None
        assert (path, answered.status, flaws(page)) == (path, 200, [])
        assert path not in SEEN or page.evaluate(_OFFERS) != []
    context.clear_cookies()
    enter(context, office, "viewer")
    set_scheme(page, "light")
    for path in SEEN:
        answered = page.goto(f"{office.url}{path}")
        assert answered is not None
        assert (path, answered.status, flaws(page), page.evaluate(_OFFERS)) == (path, 200, [], [])
    for path in DONE:
        answer = context.request.get(f"{office.url}{path}", max_redirects=0)
        assert (path, answer.status) == (path, 403)
