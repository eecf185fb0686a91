"""A mail server on a socket of this machine, which does what it is told: takes, refuses, is slow, breaks off."""

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Self


@dataclass
class Taken:
    """What came in with one mail."""

    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        found = message_from_bytes(self.raw, policy=default)
        assert isinstance(found, EmailMessage)
        return found


@dataclass
class MailServer:
    """`replies` are given instead of the usual ones: command -> reply. waits: seconds before the reply to a command.

    breaks_off: commands at which the connection is closed without a word. tls: what STARTTLS does; from_the_beginning: the
    talk is encrypted at once.
    """

    replies: dict[str, str] = field(default_factory=dict)
    waits: dict[str, float] = field(default_factory=dict)
    breaks_off: set[str] = field(default_factory=set)
    extensions: tuple[str, ...] = ()
    tls: ssl.SSLContext | None = None
    from_the_beginning: bool = False
    taken: list[Taken] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    port: int = 0
    _server: asyncio.Server | None = None
    _talks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._met, "127.0.0.1", self.port, ssl=self.tls if self.from_the_beginning else None
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.ensure_future(self._talk(reader, writer))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await self._serve(reader, writer)
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender, recipients = "", list[str]()
        if not await self._say(writer, "CONNECT", "220 test"):
            return
        while line := (await reader.readline()).decode().strip():
            name = line.split(" ", 1)[0].upper()
            self.commands.append(line)
            usual = "250 ok"
            if name == "EHLO":
                usual = "\r\n".join(["250-test", *(f"250-{each}" for each in self.extensions), "250 SIZE 1000000"])
            elif name == "MAIL":
                sender, recipients = line.partition(":")[2], []
            elif name == "RCPT":
                recipients.append(line.partition(":")[2].strip("<>"))
            elif name == "DATA" and "DATA" not in self.replies:
                if not await self._say(writer, "DATA", "354 go on"):
                    return
                raw = (await reader.readuntil(b"\r\n.\r\n"))[:-3]
                name = "END"
                if not self.replies.get("END", "250").startswith("250"):
                    await self._say(writer, "END", "")
                    continue
                self.taken.append(Taken(sender, recipients, raw))
            elif name == "QUIT":
                usual = "221 bye"
            elif name == "AUTH":
                usual = "235 ok"
            elif name == "STARTTLS":
                usual = "220 go on"
            if not await self._say(writer, name, usual) or name == "QUIT":
                return
            if name == "STARTTLS" and self.tls is not None:
                await writer.start_tls(self.tls)

    async def _say(self, writer: asyncio.StreamWriter, name: str, usual: str) -> bool:
        await asyncio.sleep(self.waits.get(name, 0))
        if name in self.breaks_off:
            return False
        writer.write(self.replies.get(name, usual).encode() + b"\r\n")
        await writer.drain()
        return True
