"""Sending what was written."""

from gridloom.kernel.events.backoff import Backoff
from gridloom.kernel.jobs.context import Context
from gridloom.kernel.jobs.declare import GiveUp, job
from gridloom.kernel.mail.address import BadAddress
from gridloom.kernel.mail.letter import Letter
from gridloom.kernel.mail.outbox import Mail
from gridloom.kernel.mail.transport import MailError

# 15 s, 1 min, 4 min, 16 min, then every hour: about a day. Longer than the server's own patience is nobody's.
RETRY = Backoff.exponential(15, factor=4, most_s=3600, attempts=28)


# Each of these may be one more copy in somebody's box.
UNCERTAIN_ATTEMPTS = 3


# The thread that talks to the server cannot be stopped: its own timeouts have to end it before a second one begins.
@job("mail.deliver", retry=RETRY, timeout_s=1800.0)
async def deliver_mail(context: Context, *, letter: Letter) -> None:
    """Send a mail. Every attempt carries the same Message-ID, should a server have taken an earlier one after all."""
    try:
        await context.get(Mail).deliver(letter)
    except BadAddress as error:
        raise GiveUp(str(error)) from None
    except MailError as error:
        if error.is_final or (error.is_uncertain and context.attempt >= UNCERTAIN_ATTEMPTS):
            raise GiveUp(str(error)) from None
        raise
