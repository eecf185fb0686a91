"""Ways out for a mail: a server that speaks SMTP, or a folder."""

import os
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

_SCHEMES = {"smtp": 587, "smtps": 465}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_PERMANENT = range(500, 600)


class MailError(Exception):
    """It did not go out, as far as we know. The text names no person and none of the content.

    is_final: another attempt cannot help. is_uncertain: the server had the whole message and did not say what became of it.
    """

    def __init__(self, text: str, *, is_final: bool = False, is_uncertain: bool = False) -> None:
        super().__init__(text)
        self.is_final = is_final
        self.is_uncertain = is_uncertain


class Way(Protocol):
    """A way out."""

    def deliver(self, key: str, message: EmailMessage) -> None:
        """Send it; blocks. Raises MailError."""

    def describe(self) -> str:
        """Where mail goes, without secrets."""


class Folder:
    """Mail is kept as `.eml` files, one for each key, for whoever reads them there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def deliver(self, key: str, message: EmailMessage) -> None:
        """Write the file whole or not at all; a second time it is the same file. Raises MailError."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            part = self.folder / f".{key}.{os.getpid()}.part"
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(message.as_bytes())
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.folder / f"{key}.eml")
        except OSError as error:
            raise MailError(f"the mail cannot be written to {self.folder}: {error.strerror}") from None

    def describe(self) -> str:
        """Where mail goes."""
        return f"files in {self.folder}"


class _Plain(smtplib.SMTP):
    """Remembers whether the message itself was on its way."""

    has_begun = False

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.has_begun = True
        return super().data(msg)


class _Encrypted(smtplib.SMTP_SSL):
    """The same, encrypted from the beginning."""

    has_begun = False

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.has_begun = True
        return super().data(msg)


class Server(msgspec.Struct, frozen=True):
    """A mail server. With `smtp` the talk is encrypted as soon as the server offers it; with `smtps` from the beginning.

    A password is never sent in the clear to another machine. `smtp://host?tls=no` leaves the encryption out, for a relay on
    a network of one's own. timeout_s: for each word of the greeting; patience_s: for each answer about a mail, which servers
    may look at for minutes before they take it (RFC 5321, 4.5.3.2).
    """

    host: str
    port: int
    is_encrypted: bool = False
    may_encrypt: bool = True
    user: str = ""
    password: str = ""
    timeout_s: float = 20.0
    patience_s: float = 300.0

    @classmethod
    def at(cls, url: str, *, timeout_s: float = 20.0, patience_s: float = 300.0) -> "Server":
        """The server of an address such as smtp://user:password@host:587. Raises ValueError, without the address in it."""
        parts = urlsplit(url)
        if parts.scheme not in _SCHEMES or not parts.hostname or parts.path not in ("", "/"):
            raise ValueError("expected smtp://user:password@host:587 or smtps://user:password@host")
        options = parse_qs(parts.query, keep_blank_values=True)
        if options.pop("tls", ["yes"]) not in (["yes"], ["no"]) or options:
            raise ValueError("the only option of a mail server is tls=no")
        return cls(
            host=parts.hostname,
            port=parts.port or _SCHEMES[parts.scheme],
            is_encrypted=parts.scheme == "smtps",
            may_encrypt="tls=no" not in parts.query,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            timeout_s=timeout_s,
            patience_s=patience_s,
        )

    def describe(self) -> str:
        """Where mail goes, without the password."""
        return f"{self.host}:{self.port}"

    def deliver(self, key: str, message: EmailMessage) -> None:  # noqa: ARG002 - the message carries it
        """Send it; returns once the server has taken it. Raises MailError."""
        with self._faults(), self._talk() as server:
            if server.sock is not None:
                server.sock.settimeout(self.patience_s)
            try:
                server.send_message(message)
            except (smtplib.SMTPServerDisconnected, OSError) as error:
                # An answer with a number is an OSError too, and certain.
                if isinstance(error, smtplib.SMTPException) and not isinstance(error, smtplib.SMTPServerDisconnected):
                    raise
                if not server.has_begun:
                    raise
                raise MailError("the mail server broke off before it took the message", is_uncertain=True) from None
            if server.sock is not None:
                server.sock.settimeout(self.timeout_s)

    def answers(self) -> None:
        """Say hello, sign in and go. Raises MailError."""
        with self._faults(), self._talk() as server:
            server.noop()

    @contextmanager
    def _talk(self) -> Iterator[_Plain | _Encrypted]:
        server = self._connect()
        try:
            server.ehlo_or_helo_if_needed()
            if not self.is_encrypted and self.may_encrypt and server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
                is_encrypted = True
            else:
                is_encrypted = self.is_encrypted
            if self.user:
                if not is_encrypted and self.host not in _LOOPBACK:
                    raise MailError("the mail server offers no encryption, and the password is not sent in the clear")
                server.login(self.user, self.password)
            yield server
            # What was taken is sent, whatever happens to the farewell.
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
        finally:
            server.close()

    def _connect(self) -> _Plain | _Encrypted:
        if self.is_encrypted:
            context = ssl.create_default_context()
            return _Encrypted(self.host, self.port, timeout=self.timeout_s, context=context)
        return _Plain(self.host, self.port, timeout=self.timeout_s)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """The library's errors carry addresses and answers of the server, which belong into no log."""
        try:
            yield
        except MailError:
            raise
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            is_final = all(code in _PERMANENT for code in codes)
            raise MailError(f"the mail server refuses the recipient ({codes[0]})", is_final=is_final) from None
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            is_final = isinstance(error, smtplib.SMTPDataError) and error.smtp_code in _PERMANENT
            what = "message" if isinstance(error, smtplib.SMTPDataError) else "sender"
            raise MailError(f"the mail server refuses the {what} ({error.smtp_code})", is_final=is_final) from None
        except smtplib.SMTPNotSupportedError:
            raise MailError("the mail server does not take such an address", is_final=True) from None
        except smtplib.SMTPAuthenticationError as error:
            raise MailError(f"the mail server refuses user and password ({error.smtp_code})") from None
        except smtplib.SMTPResponseException as error:
            raise MailError(f"the mail server does not take mail now ({error.smtp_code})") from None
        except smtplib.SMTPException as error:
            raise MailError(f"the mail server broke off ({type(error).__name__})") from None
        except ssl.SSLError as error:
            raise MailError(f"the encryption with the mail server failed ({error.reason})") from None
        except (OSError, socket.gaierror) as error:
            raise MailError(f"the mail server {self.describe()} cannot be reached ({type(error).__name__})") from None
