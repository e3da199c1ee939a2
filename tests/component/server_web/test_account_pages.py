"""The client account: who may see and change what, what saving does, and what is refused with nothing written."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from access.domain.registrations import ActivityKind, RegistrationStatus
from server.accounts.people import add_person
from server.db import Database
from server.models import (
    Account,
    Activity,
    AllowedAdult,
    BalanceEntry,
    ClientLogin,
    Contact,
    ExtraAnswer,
    ExtraQuestion,
    FeedEntry,
    Membership,
    MembershipPerson,
    Memo,
    Multipass,
    MultipassType,
    Occurrence,
    Organization,
    PassUse,
    Person,
    PersonSkill,
    Registration,
    Skill,
    Tag,
    utc_now,
)
from tests.component.server_web.browser import Browser

HOME = "/admin/accounts/home-account"
ZOE = f"{HOME}/person/home-zoe"
_VIEWED = ("", "/members", "/members/home-zoe", "/balance", "/skills")
_EDITED = (
    "/person/home-zoe/section/personal",
    "/person/home-zoe/section/address",
    "/person/home-zoe/section/communications",
    "/person/home-zoe/section/note",
    "/person/home-zoe/section/questions",
    "/person/home-zoe/section/pick-up",
    "/person/home-zoe/memo",
    "/person/home-zoe/memo/home-memo",
    "/contact/new",
    "/contact/edit/home-contact",
    "/people/add",
    "/people/owner",
    "/people/move/home-zoe",
    "/skill/home-zoe",
    "/skill/home-zoe/home-reached",
    "/sell/membership",
    "/sell/membership/home-membership",
    "/sell/multipass",
    "/balance/enter",
)
_DONE = (
    "/person/home-zoe/memo/home-memo/delete",
    "/person/home-zoe/flag/block",
    "/person/home-zoe/tags",
    "/contact/edit/home-contact/delete",
    "/skill/home-zoe/home-reached/delete",
)
_SETTINGS = ("", "/currency", "/question", "/question/home-question", "/skill", "/skill/home-skill")
_SETTINGS_DONE = ("/question/home-question/archive", "/skill/home-skill/move")


@pytest.fixture(autouse=True)
def _more(database: Database) -> None:
    """What these pages show, in both organizations."""
    with database.write() as session:
        for name in ("home", "elsewhere"):
            own: dict[str, Any] = {"organization_id": name}
            session.add(Tag(id=f"{name}-tag", name="Camp", colour="green", **own))
            session.add(ExtraQuestion(id=f"{name}-question", label_en="School?", is_required=True, **own))
            session.add(ExtraQuestion(id=f"{name}-shirt", label_en="Shirt?", kind="choice", choices=["S", "M"], **own))
            session.add(Skill(id=f"{name}-skill", name_en="Swimming", levels=["Otter", "Seal"], **own))
            session.add(Contact(id=f"{name}-contact", account_id=f"{name}-account", first_name="Nana", **own))
            session.add(Memo(id=f"{name}-memo", person_id=f"{name}-zoe", text="Left her bag"))
            session.flush()
            reached = {"skill_id": f"{name}-skill", "level": "Otter", "achieved_on": date(2026, 1, 2), **own}
            session.add(PersonSkill(id=f"{name}-reached", person_id=f"{name}-zoe", **reached))
            child = Person(
                id=f"{name}-kid", account_id=f"{name}-account", first_name="Kid", last_name="Tremblay", **own
            )
            child.date_of_birth = date(2020, 5, 17)
            session.add(child)


def _seen(browser: Browser, path: str) -> str:
    found = re.search(r'name="seen" value="(\w*)"', browser.get(path).text)
    assert found, path
    return found[1]


def _send(browser: Browser, path: str, **fields: Any) -> httpx.Response:
    """Opens a form and sends it."""
    return browser.post(path, seen=_seen(browser, path), **fields)


def _one(database: Database, model: type[Any], id_: str) -> Any:
    with database.read() as session:
        return session.get_one(model, id_)


def _told(database: Database, kind: str, id_: str) -> dict[str, Any] | None:
    """What doors were last told of a thing; None when it was taken away."""
    with database.read() as session:
        wanted = select(FeedEntry.body).where(FeedEntry.kind == kind, FeedEntry.entity_id == id_)
        body = session.scalars(wanted.order_by(FeedEntry.seq.desc()).limit(1)).one()
    return json.loads(body) if body else None


@pytest.mark.parametrize(("role", "edits"), [("admin", 200), ("desk", 200), ("viewer", 403)])
def test_who_sees_and_who_changes(log_in: Callable[[str], Browser], role: str, edits: int) -> None:
    """Viewers see; the desk and admins change."""
    browser = log_in(role)
    assert {path: browser.get(HOME + path).status_code for path in _VIEWED} == dict.fromkeys(_VIEWED, 200)
    assert {path: browser.get(HOME + path).status_code for path in _EDITED} == dict.fromkeys(_EDITED, edits)
    is_admin = role == "admin"
    for path in _SETTINGS:
        assert browser.get(f"/admin/organization{path}").status_code == (200 if is_admin else 403), path
    for path in _SETTINGS_DONE:
        assert browser.post(f"/admin/organization{path}").status_code == (303 if is_admin else 403), path


def test_a_viewer_changes_nothing_by_sending(log_in: Callable[[str], Browser]) -> None:
    """Not seeing a button is not enough."""
    browser = log_in("viewer")
    for path in (*_EDITED, *_DONE):
        assert browser.post(HOME + path).status_code == 403, path


def test_a_viewer_is_offered_no_change(log_in: Callable[[str], Browser]) -> None:
    """Nor shown the username."""
    shown = log_in("viewer").get(f"{HOME}/members/home-zoe").text
    assert "View username" not in shown
    assert "/section/" not in shown
    assert "/flag/" not in shown


def test_another_organization_is_not_there(log_in: Callable[[str], Browser], database: Database) -> None:
    """For reading, for sending, by its account or by a person, memo, contact, skill or question of its own."""
    browser = log_in("other")
    before = _everything(database)
    for path in (*_VIEWED, *_EDITED):
        assert browser.get(HOME + path).status_code == 404, path
    for path in (*_EDITED, *_DONE):
        assert browser.post(HOME + path).status_code == 404, path
    own = "/admin/accounts/elsewhere-account"
    for path in (*_EDITED, *_DONE):
        if "home-" in path:
            assert browser.post(own + path).status_code == 404, path
    for path in (*_SETTINGS, *_SETTINGS_DONE):
        if "home-" in path:
            assert browser.post(f"/admin/organization{path}").status_code == 404, path
    assert _everything(database) == before


def _everything(database: Database) -> list[Any]:
    models = (Person, Memo, Contact, ExtraQuestion, Skill, PersonSkill, BalanceEntry, Membership, Multipass)
    with database.read() as session:
        return [session.execute(select(model.__table__).order_by(model.id)).all() for model in models]


def test_somebody_elses_tag_and_type_cannot_be_chosen(admin: Browser, database: Database) -> None:
    """A form may say anything."""
    admin.post(f"{ZOE}/tags", tag=["elsewhere-tag"])
    assert _send(admin, f"{HOME}/sell/multipass", type="elsewhere-pt", person="home-zoe").status_code == 422
    assert _send(admin, f"{HOME}/people/move/home-kid?q=t", target="elsewhere-account").status_code == 422
    assert _send(admin, f"{HOME}/contact/new", first_name="N", children="elsewhere-kid").status_code == 422
    with database.read() as session:
        assert session.scalars(select(Tag).join(Person.tags).where(Person.id == "home-zoe")).all() == []


def test_personal_info_is_shared_by_an_identity(admin: Browser, database: Database) -> None:
    """The name and the birth reach the other organization and its doors; the e-mail does not."""
    with database.write() as session:
        for name in ("home", "elsewhere"):
            session.get_one(Person, f"{name}-zoe").identity_id = "the-same"
            row = AllowedAdult(id=f"{name}-allowed", organization_id=name, account_id=f"{name}-account", name="Old")
            row.child_id, row.adult_person_id = f"{name}-kid", f"{name}-zoe"
            session.add(row)
    sent = _send(
        admin, f"{ZOE}/section/personal", first_name="Zoë", last_name="Roy", email="z@example.org", language="fr"
    )
    assert sent.status_code == 303
    there = _one(database, Person, "elsewhere-zoe")
    assert (there.first_name, there.last_name, there.email) == ("Zoë", "Roy", None)
    told = _told(database, "person", "elsewhere-zoe")
    assert told is not None
    assert told["first_name"] == "Zoë"
    assert _one(database, AllowedAdult, "elsewhere-allowed").name == "Zoë Roy"
    assert _one(database, Person, "home-zoe").language == "fr"


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("first_name", " ", "This is needed."),
        ("last_name", "x" * 201, "At most 200 characters."),
        ("email", "nobody", "not an e-mail address"),
        ("phone", "call me", "not a telephone number"),
        ("date_of_birth", "31/12/2010", "not a date"),
        ("date_of_birth", "2999-01-01", "still to come"),
        ("date_of_birth", "2020-01-01", "must be 18 or older"),
        ("language", "klingon", "Choose another"),
        ("member_id", "7512", "in use already"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    admin: Browser, database: Database, field: str, typed: str, said: str
) -> None:
    """What was typed is still there, and nothing is saved."""
    with database.write() as session:
        session.get_one(Person, "home-emile").member_id = "7512"
    good = {"first_name": "Zoé", "last_name": "Kept", "phone": "", field: typed}
    answer = _send(admin, f"{ZOE}/section/personal", **good)
    assert answer.status_code == 422
    text = html.unescape(answer.text)
    assert re.search(rf'id="{field}-problem">[^<]*{re.escape(said)}', text)
    assert 'value="Kept"' in text or field == "last_name"
    assert f'value="{typed}"' in text or not typed.strip() or field == "language"
    assert _one(database, Person, "home-zoe").last_name == "Tremblay"


def test_nothing_is_saved_over_somebody_else(admin: Browser, database: Database) -> None:
    """They are told what is saved; saving again means it."""
    path = f"{ZOE}/section/address"
    seen = _seen(admin, path)
    with database.write() as session:
        session.get_one(Person, "home-zoe").city = "Laval"
    answer = admin.post(path, seen=seen, city="Gatineau")
    assert answer.status_code == 409
    assert "Laval" in answer.text
    assert 'value="Gatineau"' in answer.text
    assert _one(database, Person, "home-zoe").city == "Laval"
    again = re.search(r'name="seen" value="(\w+)"', answer.text)
    assert again
    assert admin.post(path, seen=again[1], city="Gatineau").status_code == 303
    assert _one(database, Person, "home-zoe").city == "Gatineau"


def test_a_contact_may_pick_up_children(admin: Browser, database: Database) -> None:
    """One row for each child, told to the doors, and taken away with the contact."""
    answer = _send(
        admin, f"{HOME}/contact/new", first_name="Rose", last_name="Roy", relation="Neighbour", children="home-kid"
    )
    assert answer.status_code == 303
    with database.read() as session:
        row = session.scalars(select(AllowedAdult).where(AllowedAdult.organization_id == "home")).one()
    assert (row.name, row.relation_en, row.relation_fr, row.child_id) == (
        "Rose Roy",
        "Neighbour",
        "Neighbour",
        "home-kid",
    )
    assert (_told(database, "allowed_adult", row.id) or {})["child_id"] == "home-kid"
    shown = admin.get(f"{HOME}/members/home-kid").text
    assert "Rose Roy" in shown
    path = f"{HOME}/contact/edit/{row.contact_id}"
    assert _send(admin, path, first_name="Rosa", last_name="Roy", children="home-kid").status_code == 303
    assert _one(database, AllowedAdult, row.id).name == "Rosa Roy"
    assert admin.post(f"{path}/delete").status_code == 303
    assert _told(database, "allowed_adult", row.id) is None


def test_a_member_may_pick_up_children(admin: Browser, database: Database) -> None:
    """An adult of the account; a child picks nobody up."""
    path = f"{ZOE}/section/pick-up"
    assert _send(admin, path, relation="Mother", children="home-kid").status_code == 303
    with database.read() as session:
        row = session.scalars(select(AllowedAdult).where(AllowedAdult.adult_person_id == "home-zoe")).one()
    assert (row.name, row.picture) == ("Zoé Tremblay", _one(database, Person, "home-zoe").access_picture)
    assert _send(admin, path, relation="Mother").status_code == 303
    assert _told(database, "allowed_adult", row.id) is None
    assert admin.get(f"{HOME}/person/home-kid/section/pick-up").status_code == 404


def test_extra_questions(admin: Browser, database: Database) -> None:
    """A required one is asked for until it is answered; the others are shown with All."""
    plain, with_all = (admin.get(f"{HOME}/members/home-zoe{query}").text for query in ("", "?all=1"))
    assert "Answer needed" in plain
    assert "Shirt?" not in plain
    assert "Shirt?" in with_all
    path = f"{ZOE}/section/questions"
    assert _send(admin, path, **{"q-home-question": ""}).status_code == 422
    assert _send(admin, path, **{"q-home-question": "Maple"}).status_code == 303
    assert _send(admin, f"{path}?all=1", **{"q-home-question": "Oak", "q-home-shirt": "XL"}).status_code == 422
    assert _send(admin, f"{path}?all=1", **{"q-home-question": "Oak", "q-home-shirt": "M"}).status_code == 303
    with database.read() as session:
        found = session.execute(select(ExtraAnswer.question_id, ExtraAnswer.value)).all()
    assert {tuple(each) for each in found} == {("home-question", "Oak"), ("home-shirt", "M")}
    assert "Answer needed" not in admin.get(f"{HOME}/members/home-zoe").text


def test_memos_and_flags_reach_the_door(log_in: Callable[[str], Browser], database: Database) -> None:
    """A star, a block, a wish to be told; each can be taken back."""
    desk = log_in("desk")
    assert _send(desk, f"{ZOE}/memo", text="Peanuts", is_starred="on", is_allergy="on").status_code == 303
    for flag in ("block", "notify"):
        assert desk.post(f"{ZOE}/flag/{flag}", on="1").status_code == 303
    told = _told(database, "person", "home-zoe") or {}
    assert told["memos"] == [{"text": "Peanuts", "is_allergy": True}]
    assert (told["is_blocked"], told["has_notify_flag"]) == (True, True)
    with database.read() as session:
        memo = session.scalars(select(Memo).where(Memo.text == "Peanuts")).one()
    assert "Alex Desk" in desk.get(f"{HOME}/members/home-zoe").text
    assert _send(desk, f"{ZOE}/memo/{memo.id}", text="Peanuts").status_code == 303
    desk.post(f"{ZOE}/flag/block", on="0")
    told = _told(database, "person", "home-zoe") or {}
    assert not told.get("memos")
    assert not told.get("is_blocked")
    assert desk.post(f"{ZOE}/memo/{memo.id}/delete").status_code == 303
    with database.read() as session:
        assert session.get(Memo, memo.id) is None
    assert desk.post(f"{ZOE}/flag/vip", on="1").status_code == 404


def test_tags_are_put_on_and_taken_off(admin: Browser) -> None:
    """And stand in the header of every subtab."""
    admin.post(f"{ZOE}/tags", tag="home-tag")
    assert "Camp" in admin.get(f"{HOME}/activity").text
    admin.post(f"{ZOE}/tags")
    assert "Camp" not in admin.get(f"{HOME}/activity").text


def test_adding_a_person_asks_about_the_same_name(admin: Browser, database: Database) -> None:
    """In this organization only, whatever accents and case; then it may be created anyway."""
    path = f"{HOME}/people/add"
    answer = _send(admin, path, first_name="EMILE", last_name="tremblay")
    assert answer.status_code == 422
    assert "Matches in this list" in answer.text
    assert answer.text.count("View Émile Tremblay") == 1
    assert "elsewhere" not in answer.text
    sent = _send(admin, path, first_name="EMILE", last_name="tremblay", do="anyway")
    assert sent.status_code == 303
    with database.read() as session:
        made = session.scalars(select(Person).where(Person.first_name == "EMILE")).one()
    assert (made.organization_id, made.account_id, made.date_of_birth) == ("home", "home-account", None)
    assert made.identity_id
    assert sent.headers["location"].endswith(f"/members/{made.id}")
    assert (_told(database, "person", made.id) or {})["first_name"] == "EMILE"
    assert _send(admin, path, first_name="Nobody", last_name="Else").status_code == 303


def test_the_owner_is_an_adult_member(admin: Browser, database: Database) -> None:
    """And the account has two adults."""
    path = f"{HOME}/people/owner"
    assert _send(admin, path, owner="home-kid").status_code == 422
    assert _send(admin, path, owner="home-contact").status_code == 422
    assert _send(admin, path, owner="home-emile").status_code == 303
    assert _one(database, Account, "home-account").owner_id == "home-emile"
    with database.write() as session:
        for person in session.scalars(
            select(Person).where(Person.organization_id == "home", Person.id != "home-emile")
        ):
            person.date_of_birth = date(2015, 1, 1) if person.id != "home-zoe" else None
        session.get_one(Person, "home-zoe").date_of_birth = date(2015, 1, 1)
    answer = _send(admin, path, owner="home-emile")
    assert answer.status_code == 422
    assert "two adults" in answer.text


def test_moving_to_another_account(admin: Browser, database: Database) -> None:
    """With what is theirs alone; the owner stays, and so does who shares a membership."""
    with database.write() as session:
        other = Account(id="second", organization_id="home")
        session.add(other)
        session.flush()
        add_person(session, other, {"first_name": "Sam", "last_name": "Second"})
        mine = Membership(id="mine", organization_id="home", account_id="home-account", type_id="home-mt")
        mine.starts_on, mine.people = date(2020, 1, 1), [MembershipPerson(person_id="home-kid")]
        session.add(mine)
        row = AllowedAdult(id="nana", organization_id="home", account_id="home-account", name="Nana")
        row.child_id, row.contact_id = "home-kid", "home-contact"
        session.add(row)
        own = Multipass(id="own", organization_id="home", account_id="home-account", type_id="home-pt", total=5)
        own.person_id, own.purchased_on = "home-kid", date(2020, 1, 1)
        used = PassUse(id="used", organization_id="home", account_id="home-account", multipass_id="own")
        used.person_id, used.used_at = "home-kid", utc_now()
        session.add_all([own, used])
        shared = session.get_one(Membership, "home-membership")
        shared.people.append(MembershipPerson(person_id="home-emile"))
    for person, said in (("home-zoe", "cannot leave"), ("home-emile", "share a membership")):
        answer = _send(admin, f"{HOME}/people/move/{person}?q=sam", target="second")
        assert answer.status_code == 422
        assert said in answer.text
    sent = _send(admin, f"{HOME}/people/move/home-kid?q=sam", target="second")
    assert sent.headers["location"] == "/admin/accounts/second/members/home-kid"
    assert _one(database, Person, "home-kid").account_id == "second"
    assert _one(database, Membership, "mine").account_id == "second"
    assert [_one(database, each, id_).account_id for each, id_ in ((Multipass, "own"), (PassUse, "used"))] == [
        "second",
        "second",
    ]
    moved = _one(database, AllowedAdult, "nana")
    assert moved.account_id == "second"
    copy = _one(database, Contact, moved.contact_id)
    assert (copy.id != "home-contact", copy.account_id, copy.first_name) == (True, "second", "Nana")


def test_name_and_username_changes_are_in_the_logs(admin: Browser, database: Database) -> None:
    """From the audit log, and the username where staff look it up."""
    with database.write() as session:
        session.get_one(Person, "home-zoe").identity_id = "the-same"
        session.add(ClientLogin(identity_id="the-same", username="zoe.t"))
    path = f"{ZOE}/section"
    assert _send(admin, f"{path}/personal", first_name="Zoë", last_name="Tremblay").status_code == 303
    assert _send(admin, f"{path}/address", city="Laval").status_code == 303
    shown = admin.get(f"{HOME}/members/home-zoe").text
    assert "zoe.t" in shown
    logs = shown[shown.index('id="logs"') :]
    assert re.search(r"First name.*Zoé.*Zoë.*Alex Admin", logs, re.DOTALL)
    assert "Laval" not in logs


def test_skills(admin: Browser, database: Database) -> None:
    """A level is added, changed and taken away; no day ahead; without skills there is no subtab."""
    path = f"{HOME}/skill/home-zoe"
    day = date(2026, 2, 3).isoformat()
    assert _send(admin, path, level="home-skill|Seal", achieved_on=day, note="Well done").status_code == 303
    assert _send(admin, path, level="elsewhere-skill|Seal", achieved_on=day).status_code == 422
    ahead = (utc_now() + timedelta(days=3)).date().isoformat()
    assert _send(admin, path, level="home-skill|Seal", achieved_on=ahead).status_code == 422
    shown = admin.get(f"{HOME}/skills").text
    assert "Seal" in shown
    assert "Well done" in shown
    assert admin.post(f"{path}/home-reached/delete").status_code == 303
    assert "Otter" not in admin.get(f"{HOME}/skills").text
    admin.post("/admin/organization/skill/home-skill/archive")
    assert admin.get(f"{HOME}/skills").status_code == 404
    assert "/skills" not in admin.get(HOME).text


def test_settings_about_people(admin: Browser, database: Database) -> None:
    """Questions and skills are added, changed, put in order and archived."""
    base = "/admin/organization"
    kind = {"kind": "choice", "label_en": "Size?", "label_fr": "Taille?"}
    assert _send(admin, f"{base}/question", choices="S", **kind).status_code == 422
    assert _send(admin, f"{base}/question", choices="S\nM\n\nS", is_required="on", **kind).status_code == 303
    with database.read() as session:
        made = session.scalars(select(ExtraQuestion).where(ExtraQuestion.label_en == "Size?")).one()
    assert (made.choices, made.is_required, made.label_fr) == (["S", "M"], True, "Taille?")
    admin.post(f"{base}/question/{made.id}/move", to="up")
    with database.read() as session:
        wanted = select(ExtraQuestion.label_en).where(ExtraQuestion.organization_id == "home")
        listed = session.scalars(wanted.order_by(ExtraQuestion.position)).all()
    assert listed[1] == "Size?"
    assert _send(admin, f"{base}/skill", name_en="Diving", levels="1\n2").status_code == 303
    assert _send(admin, f"{base}/currency", currency="EUR").status_code == 303
    assert "€42.50" in admin.get(HOME).text
    assert _one(database, Organization, "home").currency == "EUR"


def test_the_balance_by_hand(log_in: Callable[[str], Browser], database: Database) -> None:
    """Every kind, with its sign; what was there before stays in the sum."""
    desk = log_in("desk")
    path = f"{HOME}/balance/enter"
    assert (
        _send(desk, path, kind="charge", amount="10,50", due_on="2026-01-15", description="Locker").status_code == 303
    )
    assert _send(desk, path, kind="payment", amount="42.50").status_code == 303
    account = _one(database, Account, "home-account")
    assert (account.balance_cents, account.due_since) == (1050, date(2026, 10, 1))
    assert _send(desk, path, kind="adjustment_down", amount="0.50").status_code == 303
    assert _one(database, Account, "home-account").balance_cents == 1000
    for wrong in ({"amount": "0"}, {"amount": "ten"}, {"amount": "-5"}, {"kind": "gift"}, {"kind": ""}):
        assert _send(desk, path, **{"kind": "charge", "amount": "1", **wrong}).status_code == 422
    assert _send(desk, path, kind="payment", amount="1", due_on="2026-01-15").status_code == 422
    shown = desk.get(f"{HOME}/balance").text
    assert "Locker" in shown
    assert "Alex Desk" in shown
    assert (_told(database, "account", "home-account") or {})["balance_cents"] == 1000


def test_selling_and_pausing_a_membership(admin: Browser, database: Database) -> None:
    """People, days, a pause and a cancellation; doors hear of each."""
    path = f"{HOME}/sell/membership"
    given = {"type": "home-mt", "people": ["home-zoe", "home-kid"], "starts_on": "2026-01-01"}
    assert _send(admin, path, **given, ends_on="2025-01-01").status_code == 422
    assert _send(admin, path, **{**given, "people": []}).status_code == 422
    assert _send(admin, path, **given).status_code == 303
    with database.read() as session:
        sold = session.scalars(select(Membership).where(Membership.starts_on == date(2026, 1, 1))).one()
    change = f"{path}/{sold.id}"
    today = utc_now().date()
    days = {"pause_first_on": (today + timedelta(days=9)).isoformat()}
    base = {"people": "home-kid", "starts_on": "2026-01-01"}
    last = {"pause_last_on": (today + timedelta(days=3)).isoformat()}
    assert _send(admin, change, **base, **days, **last).status_code == 422
    assert _send(admin, change, **base, cancellation="scheduled").status_code == 422
    assert _send(admin, change, **base, **days).status_code == 303
    told = _told(database, "membership", sold.id) or {}
    assert (told["person_ids"], len(told["pauses"])) == (["home-kid"], 1)
    assert "Upcoming pause" in admin.get(HOME).text
    assert _send(admin, change, **base).status_code == 303
    assert not (_told(database, "membership", sold.id) or {}).get("pauses")
    cancelled = {"cancellation": "scheduled", "cancellation_ends_on": (today + timedelta(days=30)).isoformat()}
    assert _send(admin, change, **base, **cancelled).status_code == 303
    assert "Upcoming cancellation" in admin.get(HOME).text


def test_selling_a_multipass(admin: Browser, database: Database) -> None:
    """By its type's rules: for one person, or for the family."""
    with database.write() as session:
        family = MultipassType(id="fam", organization_id="home", name_en="Family ten", total=10, is_family=True)
        family.expires_after_days = 30
        session.add(family)
    path = f"{HOME}/sell/multipass"
    assert _send(admin, path, type="home-pt", purchased_on="2026-01-01").status_code == 422
    assert _send(admin, path, type="fam", person="home-zoe", purchased_on="2026-01-01").status_code == 422
    assert _send(admin, path, type="fam", purchased_on=utc_now().date().isoformat()).status_code == 303
    with database.read() as session:
        made = session.scalars(select(Multipass).where(Multipass.type_id == "fam")).one()
    assert (made.total, made.person_id, made.expires_after_days) == (10, None, 30)
    assert "Family ten" in admin.get(HOME).text


def test_a_pass_for_an_account_of_one_begins_with_that_person(admin: Browser, database: Database) -> None:
    """Where there are several, it is asked."""
    with database.write() as session:
        session.add(Account(id="one", organization_id="home"))
        session.flush()
        session.add(Person(id="solo", organization_id="home", account_id="one", first_name="Solo", last_name="Roy"))
    chosen = re.compile(r'<option value="([^"]+)" selected')
    assert chosen.findall(admin.get("/admin/accounts/one/sell/multipass").text) == ["solo"]
    assert chosen.findall(admin.get(f"{HOME}/sell/multipass").text) == []


def test_registrations_list_what_is_to_come(admin: Browser, database: Database) -> None:
    """Sessions with one to come, and on the waitlist how many wait ahead."""
    now = datetime.now(UTC)
    with database.write() as session:
        for id_, name, weeks in (("over", "Past class", -3), ("soon", "Swim level 3", 1)):
            activity = Activity(id=id_, organization_id="home", kind=ActivityKind.SESSION, name_en=name)
            for number in range(2):
                at = now + timedelta(weeks=weeks, days=number)
                times = {"starts_at": at, "ends_at": at + timedelta(hours=1)}
                activity.occurrences.append(Occurrence(id=f"{id_}-{number}", **times))
            session.add(activity)
        session.flush()
        for number, (person, status) in enumerate(
            (("kid", "registered"), ("emile", "waiting"), ("zoe", "waiting"), ("cmd", "cancelled"))
        ):
            for activity_id in ("soon", "over"):
                session.add(
                    Registration(
                        organization_id="home",
                        account_id="home-account",
                        person_id=f"home-{person}",
                        activity_id=activity_id,
                        status=RegistrationStatus(status),
                        registered_at=now + timedelta(minutes=number),
                    )
                )
    shown = admin.get(HOME).text
    assert shown.count("<bdi>Swim level 3</bdi>") == 3
    assert "Past class" not in shown
    assert "Waiting · 0 people ahead" in shown
    assert "Waiting · 1 person ahead" in shown
    assert shown.index("=cmd()") < shown.index("Émile") < shown.index("Zoé", shown.index("<tbody>"))
