"""One mail as bytes."""

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import msgspec

from gridloom.kernel.mail.address import checked, named, one_line

MAX_SUBJECT = 400


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What a mail says, and to whom. key: the same for every attempt to send it. language: as in `Accept-Language`."""

    key: str
    to: str
    subject: str
    text: str
    language: str
    written_at: datetime
    html: str | None = None


def message(letter: Letter, sender: str) -> EmailMessage:
    """The whole message. Its Message-ID comes from the key, so that a mail that is sent twice can be told. Raises BadAddress."""
    name, address = named(sender)
    found = EmailMessage(policy=SMTP)
    found["From"] = _mailbox(address, name)
    found["To"] = _mailbox(checked(letter.to))
    found["Subject"] = one_line(letter.subject)[:MAX_SUBJECT]
    found["Date"] = format_datetime(letter.written_at)
    found["Message-ID"] = f"<{one_line(letter.key)}@{address.rpartition('@')[2]}>"
    # RFC 3834: nobody's holiday answers this.
    found["Auto-Submitted"] = "auto-generated"
    found.set_content(letter.text)
    if letter.html is not None:
        found.add_alternative(letter.html, subtype="html")
    found["Content-Language"] = one_line(letter.language)
    return found


def _mailbox(address: str, name: str = "") -> Address:
    local, _, domain = address.rpartition("@")
    return Address(display_name=name, username=local, domain=domain)
