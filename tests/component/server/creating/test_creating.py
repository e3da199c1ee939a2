"""Creating accounts: the e-mail's three answers, the owner, the invitation, both requests, and what nobody learns."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from server.accounts.errors import OwnerRefused
from server.clients.service import Scope
from server.creating import answering, service
from server.creating.checking import EmailAnswer, check_email, people_like
from server.creating.errors import AddressRefused, LinkRefused, NotSendable, SentTooOften, UsernameRefused
from server.creating.links import Purpose
from server.creating.requests import request_activation, standing_of
from server.models import Account, AuditEntry, ClientLogin, Person
from server.staff.errors import WeakPassword

PASSWORD = "a long enough password"


def answer(town: Any, typed: str, organization_id: str = "library") -> Any:
    """What is said of an address."""
    with town.database.read() as session:
        return check_email(session, organization_id, typed, today=town.today)


def test_an_address_has_four_answers(town: Any, family: str) -> None:
    """No address; in this list, whatever its case; known elsewhere, and nothing more of it; none of them."""
    assert [answer(town, typed).answer for typed in ("", "maya", "a b@example.org", "x@y")] == [EmailAnswer.INVALID] * 4
    here = answer(town, " MAYA@example.ORG ", "pool")
    assert (here.answer, [each.first_name for each in here.people]) == (EmailAnswer.HERE, ["Maya"])
    elsewhere = answer(town, "Maya@example.org")
    assert (elsewhere.answer, elsewhere.address, elsewhere.people) == (EmailAnswer.ELSEWHERE, "maya@example.org", ())
    assert answer(town, "nobody@example.org").answer is EmailAnswer.NEW


def test_a_childs_address_elsewhere_is_a_new_one(town: Any, family: str) -> None:
    """Nobody learns that it is known, nor how old they are."""
    assert answer(town, "leo@example.org").answer is EmailAnswer.NEW


def test_a_new_account_has_its_owner_and_a_request_on_its_way(town: Any, family: str) -> None:
    """In the organization's language, to the one address, with a link that stands nowhere in the database."""
    owner = town.owner(family)
    assert (owner.full_name, owner.email, owner.city, owner.phone) == (
        "Maya Tremblay",
        "maya@example.org",
        "Laval",
        "514 555 0100",
    )
    [mail] = town.mails("pool")
    assert (mail.to_address, mail.subject) == ("maya@example.org", "Activate your account with The Pool")
    token = town.token("pool", "activation")
    assert token not in mail.body + repr(mail.sealed_path)
    found = answering.looked_at(town.database, token, Purpose.ACTIVATION, now=town.now)
    assert (found.name, found.username, found.is_renewal) == ("Maya", "maya@example.org", False)


def test_without_an_email_nobody_is_written_to_and_without_a_birth_date_adult_is_presumed(town: Any) -> None:
    """Both may be left out; a company's name is the account's."""
    id_ = town.create(company="Roy et filles inc.", email="  ")
    with town.database.read() as session:
        account = session.get_one(Account, id_)
        assert (account.name, account.owner and account.owner.email) == ("Roy et filles inc.", None)
    assert town.mails("pool") == []


def test_an_owner_under_18_is_refused(town: Any) -> None:
    """To the day; nothing is written."""
    with pytest.raises(OwnerRefused):
        town.create(date_of_birth=date(2008, 3, 11), email="young@example.org")
    town.create(date_of_birth=date(2008, 3, 10), email="grown@example.org")
    with town.database.read() as session:
        assert [each.email for each in session.scalars(select(Person))] == ["grown@example.org"]


@pytest.mark.parametrize(("typed", "why"), [("maya@example.org", "here"), ("x", "invalid")])
def test_creating_checks_the_address_again(town: Any, family: str, typed: str, why: str) -> None:
    """Whatever the page said before."""
    with pytest.raises(AddressRefused) as refused:
        town.create(email=typed)
    assert refused.value.answer == why
    with pytest.raises(AddressRefused) as refused:
        town.create("library", email="maya@example.org")
    assert refused.value.answer == "elsewhere"
    with pytest.raises(AddressRefused):
        town.invite("nobody@example.org")


def test_those_of_about_this_name_are_found(town: Any, family: str) -> None:
    """Accents and a typing error do not hide them, another organization's do not show, others are not alike."""
    town.create("library", first_name="Maya", last_name="Tremblay")

    def like(first: str, last: str) -> list[str]:
        scope = Scope("pool", town.today, ZoneInfo("America/Toronto"))
        return [each.full_name for each in people_like(town.database, scope, first, last)]

    assert like("Leo", "Tremblay") == ["Léo Tremblay"]
    assert like("Maya", "Trembley") == ["Maya Tremblay"]
    assert like("ZOE", "roy") == ["Zoé Roy"]
    assert like("Ma", "Tr") == []
    assert like("Zacharie", "Bouchard") == []


def test_the_invited_owner_appears_at_once_with_what_is_shared_and_nothing_else(town: Any, family: str) -> None:
    """Name, birth date, profile picture, and the address that was typed; the others wait for the consent."""
    with town.database.write() as session:
        session.get_one(Person, town.owner(family).id).language = "fr"
    account_id = town.invite("maya@example.org")
    [owner] = town.people(account_id)
    assert (owner.full_name, owner.date_of_birth, owner.email) == (
        "Maya Tremblay",
        date(1990, 5, 17),
        "maya@example.org",
    )
    assert (owner.phone, owner.city, owner.language) == (None, "", None)
    assert owner.identity_id == town.owner(family).identity_id
    assert {each.purpose for each in town.mails("library")} == {"consent", "activation"}
    body = next(each.body for each in town.mails("library") if each.purpose == "consent")
    assert "Léo" not in body
    assert "Zoé" not in body


def test_after_the_consent_the_rest_appears_with_what_is_shared_and_nothing_else(town: Any, family: str) -> None:
    """Those who were asked about; somebody who came later was not."""
    account_id = town.invite("maya@example.org")
    town.join(family, first_name="Later", last_name="Tremblay")
    token = town.token("library", "consent")
    found = answering.looked_at(town.database, token, Purpose.CONSENT, now=town.now)
    assert sorted(found.people) == ["Léo Tremblay", "Zoé Roy"]
    assert answering.answer_consent(town.database, token, town.post, is_accepted=True) == 2
    leo, maya, zoe = town.people(account_id)
    assert [each.first_name for each in (leo, maya, zoe)] == ["Léo", "Maya", "Zoé"]
    assert (leo.date_of_birth, leo.email) == (date(2018, 2, 3), None)
    assert (zoe.admin_note, zoe.is_blocked, zoe.profile_picture, zoe.access_picture) == (
        "",
        False,
        "ab" * 32,
        "ab" * 32,
    )
    with pytest.raises(LinkRefused):
        answering.answer_consent(town.database, token, town.post, is_accepted=True)
    assert len(town.people(account_id)) == 3


def test_a_declined_invitation_shares_nothing_and_is_not_asked_again(town: Any, family: str) -> None:
    """Final for that link, and staff do not press."""
    account_id = town.invite("maya@example.org")
    token = town.token("library", "consent")
    assert answering.answer_consent(town.database, token, town.post, is_accepted=False) == 0
    assert [each.first_name for each in town.people(account_id)] == ["Maya"]
    with pytest.raises(LinkRefused):
        answering.answer_consent(town.database, token, town.post, is_accepted=True)
    town.later(days=2)
    with pytest.raises(NotSendable), town.database.write() as session:
        service.ask_again(session, session.get_one(Person, town.owner(account_id).id), town.post)
    with town.database.read() as session:
        account = session.get_one(Account, account_id)
        consent = standing_of(session, account, town.owner(account_id)).consent
        assert consent is not None
        assert consent.answer == "declined"


def test_somebody_whose_owner_is_another_now_answers_for_nobody(town: Any, family: str) -> None:
    """The consent is the account owner's to give."""
    account_id = town.invite("maya@example.org")
    with town.database.write() as session:
        account = session.get_one(Account, family)
        account.owner_id = next(each.id for each in account.people if each.first_name == "Zoé")
    token = town.token("library", "consent")
    assert answering.answer_consent(town.database, token, town.post, is_accepted=True) == 0
    assert len(town.people(account_id)) == 1


def test_activation_gives_a_login_once(town: Any, family: str) -> None:
    """The username is the address unless the client wants another; a weak password or a taken name uses no link up."""
    token = town.token("pool", "activation")
    with pytest.raises(WeakPassword):
        answering.activate(town.database, token, "maya", "short", now=town.now)
    with pytest.raises(UsernameRefused):
        answering.activate(town.database, token, "somebody@else.example.org", PASSWORD, now=town.now)
    identity = answering.activate(town.database, token, " Maya.T ", PASSWORD, now=town.now)
    with town.database.read() as session:
        login = session.get_one(ClientLogin, identity)
        assert (login.username, login.activated_at) == ("maya.t", town.now)
        assert login.password_hash.startswith("$argon2id$")
    with pytest.raises(LinkRefused):
        answering.activate(town.database, token, "other", PASSWORD, now=town.now)
    other = town.create(first_name="Noah", email="noah@example.org")
    with pytest.raises(UsernameRefused) as refused:
        answering.activate(town.database, town.token("pool", "activation"), "MAYA.T", PASSWORD, now=town.now)
    assert (refused.value.code, town.owner(other).first_name) == ("taken", "Noah")


@pytest.mark.parametrize("what", ["wrong", "late", "replaced", "changed", "other purpose", "archived"])
def test_a_link_that_does_not_work_says_no_more(town: Any, family: str, what: str) -> None:
    """Whatever is wrong with it."""
    token = town.token("pool", "activation")
    purpose = Purpose.CONSENT if what == "other purpose" else Purpose.ACTIVATION
    if what == "wrong":
        token = "A" * 43
    if what == "late":
        town.later(days=14)
    with town.database.write() as session:
        person = session.get_one(Person, town.owner(family).id)
        if what == "replaced":
            town.later(minutes=11)
            request_activation(session, person, town.post)
        if what == "changed":
            person.email = "new@example.org"
        if what == "archived":
            person.archived_at = town.now
    with pytest.raises(LinkRefused) as refused:
        answering.looked_at(town.database, token, purpose, now=town.now)
    assert str(refused.value) == ""


def test_requests_are_sent_again_but_not_all_the_time(town: Any, family: str) -> None:
    """Ten minutes apart, five a day; a changed address gets its own."""

    def send() -> None:
        with town.database.write() as session:
            request_activation(session, session.get_one(Person, town.owner(family).id), town.post)

    with pytest.raises(SentTooOften):
        send()
    with town.database.write() as session:
        session.get_one(Person, town.owner(family).id).email = "new@example.org"
    for _ in range(4):
        town.later(minutes=10)
        send()
    assert town.mails("pool")[-1].to_address == "new@example.org"
    town.later(minutes=10)
    with pytest.raises(SentTooOften):
        send()
    town.later(days=1)
    send()


def test_nobody_takes_over_a_shared_login_by_changing_an_address(town: Any, family: str) -> None:
    """Who invited somebody cannot have the link sent elsewhere; an address that the other one has too is fine."""
    account_id = town.invite("maya@example.org")
    town.later(hours=1)
    with town.database.write() as session:
        session.get_one(Person, town.owner(account_id).id).email = "attacker@example.org"
    with pytest.raises(NotSendable) as refused, town.database.write() as session:
        request_activation(session, session.get_one(Person, town.owner(account_id).id), town.post)
    assert refused.value.code == "other_address"
    with town.database.write() as session:
        session.get_one(Person, town.owner(account_id).id).email = "MAYA@example.org"
    with town.database.write() as session:
        request_activation(session, session.get_one(Person, town.owner(account_id).id), town.post)


def test_what_happens_is_in_the_log_of_the_organization_it_happened_in(town: Any, family: str) -> None:
    """The invitation in the inviting one's; the other one's log does not know who invited."""
    before = _log(town, "pool")
    account_id = town.invite("maya@example.org")
    answering.answer_consent(town.database, town.token("library", "consent"), town.post, is_accepted=True)
    told = _log(town, "library")
    assert {"account:created", "account:invited", "account:consent_accepted"} <= {each.action for each in told}
    consent = next(each for each in told if each.action == "account:consent_accepted")
    assert (consent.actor_kind, consent.account_id) == ("client", account_id)
    new = _log(town, "pool")[len(before) :]
    assert {(each.action, tuple(each.changes)) for each in new} <= {("person:changed", ("identity_id",))}
    assert "library" not in repr([each.changes for each in new])


def _log(town: Any, organization_id: str) -> list[AuditEntry]:
    with town.database.read() as session:
        wanted = select(AuditEntry).where(AuditEntry.organization_id == organization_id)
        return list(session.scalars(wanted.order_by(AuditEntry.seq)))
