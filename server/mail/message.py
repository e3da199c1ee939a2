"""From a row of the outbox to the bytes of an e-mail: plain text, and the same as simple HTML.

Headers are set through `email.message.EmailMessage`, which refuses line breaks; names lose theirs before.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from typing import Final

from server.models import Mail

__all__ = ["LINK", "Sender", "compose", "one_line"]

LINK: Final = "[link]"
"""Where the link goes: a paragraph of its own."""
_HTML: Final = (
    '<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title></head>'
    '<body style="margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif;color:#1f2937;background:#ffffff">'
    '<div style="max-width:560px;margin:0 auto">{paragraphs}</div></body></html>'
)
_BUTTON: Final = (
    '<p style="margin:24px 0"><a href="{link}" style="display:inline-block;padding:12px 20px;border-radius:6px;'
    'color:#ffffff;background:#1f5fae;text-decoration:none;font-weight:600">{label}</a></p>'
    '<p style="font-size:14px;overflow-wrap:anywhere">{shown}</p>'
)


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom e-mails come from; `name` is the organization's."""

    name: str
    address: str
    reply_to: str | None = None


def one_line(text: str) -> str:
    """A text without line breaks and other control characters, as a header holds it."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def compose(mail: Mail, sender: Sender, link: str | None) -> EmailMessage:
    """The e-mail. Its Message-ID is the row's, so that one sent twice is known to be the same."""
    message = EmailMessage()
    message["Subject"] = one_line(mail.subject)
    message["From"] = Address(display_name=one_line(sender.name), addr_spec=sender.address)
    message["To"] = Address(addr_spec=mail.to_address)
    if sender.reply_to:
        message["Reply-To"] = Address(addr_spec=sender.reply_to)
    message["Date"] = format_datetime(mail.made_at)
    message["Message-ID"] = f"<{mail.id}@{sender.address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body.replace(LINK, link or ""))
    message.add_alternative(_html(mail, link), subtype="html")
    message["Content-Language"] = mail.language
    return message


def _html(mail: Mail, link: str | None) -> str:
    paragraphs = []
    for paragraph in mail.body.strip().split("\n\n"):
        if paragraph.strip() == LINK:
            address = escape(link or "", quote=True)
            paragraphs.append(_BUTTON.format(link=address, label=escape(one_line(mail.subject)), shown=address))
        else:
            paragraphs.append(f"<p>{escape(paragraph).replace(chr(10), '<br>')}</p>")
    title = escape(one_line(mail.subject))
    return _HTML.format(language=escape(mail.language, quote=True), title=title, paragraphs="".join(paragraphs))
