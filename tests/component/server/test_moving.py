"""Who comes to another account brings everything that names an account."""

from __future__ import annotations

from datetime import datetime, timedelta

from access.domain.registrations import ActivityKind
from server.accounts.people import move_person
from server.db import Database
from server.models import Account, Activity, ClientToken, Multipass, PassUse, Person, Registration


def test_what_somebody_holds_names_the_new_account(club: Database, now: datetime) -> None:
    """Passes with their uses, registrations, and mailed links: nothing names the old account."""
    own = {"organization_id": "club", "account_id": "family", "person_id": "ann"}
    with club.write() as session:
        session.add(Account(id="alone", organization_id="club"))
        session.add(
            Activity(id="swim", organization_id="club", kind=ActivityKind.SESSION, name_en="Swim", name_fr="Nage")
        )
        session.add(Multipass(id="hers", type_id="pool", total=5, purchased_on=now.date(), **own))
        session.flush()
        session.add(PassUse(id="use", multipass_id="hers", used_at=now, **own))
        session.add(Registration(id="place", activity_id="swim", registered_at=now, **own))
        link = ClientToken(token_hash="f" * 64, purpose="activation", made_at=now, expires_at=now + timedelta(1), **own)
        session.add(link)
    with club.write() as session:
        move_person(session, session.get_one(Person, "ann"), "alone")
    with club.read() as session:
        rows = [
            session.get_one(Person, "ann"),
            session.get_one(Multipass, "hers"),
            session.get_one(PassUse, "use"),
            session.get_one(Registration, "place"),
            session.get_one(ClientToken, "f" * 64),
        ]
        assert {each.account_id for each in rows} == {"alone"}
        assert session.get_one(Multipass, "pass").account_id == "family"
