"""Settlements in the back office: what a form asks for, and a decision in words."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Final

from starlette.datastructures import FormData

from server.accounts.balance import MOST_CENTS
from server.admin.say import Say
from server.models import Settlement
from server.settlements.proposals import Choice, Proposal
from server.settlements.service import Wanted

__all__ = ["asked", "cents", "decided", "plain_amount"]

_AMOUNT: Final = re.compile(r"(\d{1,8})(?:[.,](\d{1,2}))?")


def decided(made: Settlement, say: Say) -> str:
    """A decision in words."""
    charged = made.balance_entry.amount_cents if made.balance_entry else 0
    return say.t(f"settlement.done_{made.decision}", amount=say.money(charged))


def cents(text: str) -> int | None:
    """An amount as people type it, "12.50" or "12,50 $"; None for none, zero, and what is not one."""
    found = _AMOUNT.fullmatch(text.strip().strip("$").replace("\u00a0", " ").strip())
    if found is None:
        return None
    amount = int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))
    return amount if 0 < amount <= MOST_CENTS else None


def plain_amount(amount_cents: int | None, say: Say) -> str:
    """An amount for a field of a form, with the language's decimal sign."""
    text = f"{Decimal(amount_cents) / 100:.2f}" if amount_cents else ""
    return text.replace(".", ",") if say.language == "fr" else text


def asked(form: FormData, found: Proposal, say: Say) -> Wanted | None:
    """What the form asks for, with the words of what it makes; None when nothing was chosen."""
    choice = str(form.get("choice", ""))
    if choice not in list(Choice):
        return None
    return Wanted(
        choice=Choice(choice),
        note=str(form.get("note", "")),
        amount_cents=cents(str(form.get("amount", ""))),
        person_ids=tuple(str(each) for each in form.getlist("person")),
        said=_memo(found, say) if choice == Choice.BLOCK else _description(found, say),
    )


def _memo(found: Proposal, say: Say) -> str:
    why = say.t("settlement.memo_over" if found.is_overdrawn else "settlement.memo_copied")
    return say.t("settlement.memo", why=why, when=_on(found, say))


def _description(found: Proposal, say: Say) -> str:
    if found.event.pass_name:
        return say.t("settlement.charged_for", name=say.pass_name(found.event), when=_on(found, say))
    return say.t("settlement.charged_entry", when=_on(found, say))


def _on(found: Proposal, say: Say) -> str:
    """A date that is still right next year."""
    day = say.local(found.event.occurred_at).date()
    return f"{say.words.date(day, today=dt.date.min)}, {say.time(found.event.occurred_at)}"
