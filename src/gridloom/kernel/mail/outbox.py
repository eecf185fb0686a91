"""The port that the rest of the program sends mail through."""

import asyncio
from pathlib import Path

from gridloom.kernel import clock, ids
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid
from gridloom.kernel.jobs.declare import Job
from gridloom.kernel.jobs.deferral import defer
from gridloom.kernel.mail.address import BadAddress, checked
from gridloom.kernel.mail.letter import Letter, message
from gridloom.kernel.mail.transport import Folder, MailError, Server, Way

DEFAULT_SENDER = "gridloom <gridloom@localhost>"


class Mail:
    """Where mail goes: to a server, or into a folder as long as none is configured."""

    def __init__(self, way: Way, sender: str | None = None) -> None:
        self.way = way
        self.sender = sender or DEFAULT_SENDER

    @classmethod
    def configured(cls, url: str | None, sender: str | None, folder: Path) -> "Mail":
        """By the settings: an address of a server, or None for files in the folder. Raises ValueError for a wrong address."""
        return cls(Folder(folder) if url is None else Server.at(url), sender)

    async def send(self, tx: Tx, to: str, subject: str, text: str, *, language: str, html: str | None = None) -> None:
        """Have a mail sent once this transaction has committed; never when it rolls back.

        language: of the text. What would break a header out of the subject is taken out of it. Raises Invalid for an
        address that cannot be one. A mail is tried for about a day; one that the server refuses for good is given up.
        """
        try:
            address = checked(to)
        except BadAddress as error:
            raise Invalid(f"{error}.") from None
        letter = Letter(
            key=str(ids.uuid7()), to=address, subject=subject, text=text, language=language, html=html,
            written_at=clock.now(),
        )  # fmt: skip
        await defer(tx, _job(), letter=letter)

    async def deliver(self, letter: Letter) -> None:
        """Send it now. Raises MailError and BadAddress."""
        await asyncio.to_thread(self.way.deliver, letter.key, message(letter, self.sender))


def _job() -> Job:
    # The job needs the part, and the part the job.
    from gridloom.kernel.mail.jobs import deliver_mail

    return deliver_mail


__all__ = ["DEFAULT_SENDER", "Mail", "MailError"]
