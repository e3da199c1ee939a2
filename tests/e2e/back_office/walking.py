"""Walking through pages in Chromium: who is signed in, and what a page does wrong to who reads it otherwise."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import BrowserContext, Page
from sqlalchemy import select

from server.admin.gate import SESSION_COOKIE
from server.models import Staff, utc_now
from server.staff.service import start_session
from tests.chromium import faint_texts
from tests.e2e.back_office.conftest import Office

__all__ = ["enter", "flaws"]

_USED = {"textbox", "searchbox", "combobox", "checkbox", "radio", "switch", "button", "link", "slider", "spinbutton"}
_USED |= {"Date", "DisclosureTriangle", "image", "dialog", "region", "navigation"}
_BORDERS = """() => {
  // WCAG 1.4.11: what is typed into or ticked has a boundary of 3:1 against what is around it.
  const light = (colour) => {
    const [red, green, blue] = colour.match(/[\\d.]+/g).map(Number).map((each) => each / 255)
      .map((each) => (each <= .03928 ? each / 12.92 : ((each + .055) / 1.055) ** 2.4));
    return .2126 * red + .7152 * green + .0722 * blue;
  };
  const behind = (each) => {
    for (; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if (!/^rgba.*, 0(\\.\\d+)?\\)$/.test(colour)) return light(colour);
    }
    return 1;
  };
  return [...document.querySelectorAll("input:not([type=file], [type=range], [type=color]), select, textarea")]
    .filter((each) => each.checkVisibility() && each.type !== "hidden" && !each.closest(".visually-hidden, .btn-group"))
    .filter((each) => each !== document.activeElement && !each.checked)
    .filter((each) => {
      const [one, other] = [light(getComputedStyle(each).borderTopColor), behind(each.parentElement)];
      return (Math.max(one, other) + .05) / (Math.min(one, other) + .05) < 3;
    })
    .map((each) => `faint border of ${each.id || each.name}`);
}"""
_FLAWS = """() => {
  const found = [];
  const many = (selector) => document.querySelectorAll(selector).length;
  if (many("h1") !== 1) found.push(`${many("h1")} h1`);
  if (many("main") !== 1) found.push(`${many("main")} main`);
  if (document.documentElement.lang !== "en") found.push(`lang ${document.documentElement.lang}`);
  if (!document.title) found.push("no title");
  const ranks = [...document.querySelectorAll("h1, h2, h3, h4")].map((each) => Number(each.tagName[1]));
  if (ranks.some((rank, i) => i && rank > ranks[i - 1] + 1)) found.push(`headings ${ranks}`);
  const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
  found.push(...ids.filter((id, i) => ids.indexOf(id) !== i).map((id) => `twice ${id}`));
  for (const name of ["aria-describedby", "aria-labelledby", "aria-controls"])
    for (const each of document.querySelectorAll(`[${name}]`))
      for (const id of each.getAttribute(name).split(" ").filter(Boolean))
        if (!ids.includes(id)) found.push(`${name} ${id}`);
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) found.push("too wide");
  return found;
}"""


def flaws(page: Page) -> list[Any]:
    """What a screen reader or somebody who sees little would miss."""
    session = page.context.new_cdp_session(page)
    tree = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    unnamed = [
        f"unnamed {node['role']['value']}"
        for node in tree
        if not node.get("ignored") and node.get("role", {}).get("value") in _USED
        if not str(node.get("name", {}).get("value", "")).strip()
    ]
    texts = faint_texts(page)
    return [*page.evaluate(_FLAWS), *page.evaluate(_BORDERS), *unnamed, *texts]


def enter(context: BrowserContext, office: Office, who: str) -> None:
    """Signs one of the sample's staff in, past the password."""
    with office.database.write() as session:
        staff = session.scalars(select(Staff).where(Staff.email == f"{who}@example.org")).one()
        token = start_session(session, staff.id, now=utc_now())
    context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": f"{office.url}/admin/"}])
