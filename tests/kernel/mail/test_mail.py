"""Mail is sent once its transaction has committed, tried again while the server is away, and never twice without need."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from traceback import format_exception
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from tests.kernel.mail.server import MailServer

from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database
from gridloom.kernel.errors import Invalid
from gridloom.kernel.mail.address import BadAddress, checked, named, one_line
from gridloom.kernel.mail.letter import Letter, message
from gridloom.kernel.mail.outbox import Mail
from gridloom.kernel.mail.transport import MailError, Server

SENDER = "Sunny Street <mail@sunny.example>"
SECRET = "what-only-the-reader-may-know"
Work = Callable[[Mail], Awaitable[None]]


def mail_to(server: MailServer | str, timeout_s: float = 5.0) -> Mail:
    url = server if isinstance(server, str) else server.url
    return Mail(Server.at(url, timeout_s=timeout_s, patience_s=timeout_s), SENDER)


async def send(db: Database, tenant: int, mail: Mail, to: str = "ada@example.org", **more: Any) -> None:
    given = {"subject": "Hello", "text": f"Dear Ada,\n{SECRET}\n", "language": "en", **more}
    async with db.tenant(tenant) as tx:
        await mail.send(tx, to, given.pop("subject"), given.pop("text"), **given)


async def jobs(db: Database) -> dict[str, int]:
    async with db.system() as tx:
        rows = await tx.all("SELECT status::text AS status, count(*) AS n FROM jobs.procrastinate_jobs GROUP BY status")
    return {row["status"]: row["n"] for row in rows}


def letter(**given: Any) -> Letter:
    usual = {"key": "k-1", "to": "ada@example.org", "subject": "Hello", "text": "Text", "language": "en"}
    return Letter(**{**usual, "written_at": clock.now(), **given})


async def test_a_mail_arrives_as_it_was_written(
    queue: Database, tenant: int, mail_server: MailServer, work: Work
) -> None:
    mail = mail_to(mail_server)
    await send(queue, tenant, mail, subject="Énergie partagée", html="<p>Liège ☀</p>", language="fr", text="Liège ☀\n")
    assert mail_server.taken == []
    await work(mail)
    (one,) = mail_server.taken
    assert (one.sender.split()[0], one.recipients) == ("<mail@sunny.example>", ["ada@example.org"])
    found = one.message
    assert (found["From"], found["To"], found["Subject"]) == (SENDER, "ada@example.org", "Énergie partagée")
    assert (found["Content-Language"], found["Auto-Submitted"]) == ("fr", "auto-generated")
    assert found["Message-ID"].endswith("@sunny.example>")
    assert abs((found["Date"].datetime - clock.now()).total_seconds()) < 60
    plain, html = found.get_body(("plain",)), found.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().strip() == "Liège ☀"
    assert html.get_content().strip() == "<p>Liège ☀</p>"
    assert await jobs(queue) == {}


async def test_nothing_is_sent_when_the_transaction_is_undone(
    queue: Database, tenant: int, mail_server: MailServer, work: Work
) -> None:
    mail = mail_to(mail_server)
    with pytest.raises(RuntimeError):
        async with queue.tenant(tenant) as tx:
            await mail.send(tx, "ada@example.org", "Hello", "Text", language="en")
            raise RuntimeError
    await work(mail)
    assert mail_server.taken == []


async def test_a_mail_waits_until_the_server_is_there(queue: Database, tenant: int, work: Work) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mail = mail_to(f"smtp://127.0.0.1:{port}")
    await send(queue, tenant, mail)
    with pytest.raises(MailError, match="cannot be reached"):
        await mail.deliver(letter())
    working = asyncio.create_task(work(mail))
    async with MailServer(port=port) as mail_server:
        await working
        if not mail_server.taken:  # the attempts were over before it began to listen
            async with queue.system() as tx:
                (number,) = [row["id"] for row in await tx.all("SELECT id FROM jobs.procrastinate_jobs")]
                from gridloom.kernel.jobs.queue import retry_jobs

                assert await retry_jobs(tx, [number]) == 1
            await work(mail)
        assert [each.recipients for each in mail_server.taken] == [["ada@example.org"]]
    assert await jobs(queue) == {}


@pytest.mark.parametrize(
    ("command", "reply", "attempts", "told"),
    [
        ("RCPT", "550 no such user", 1, "refuses the recipient (550)"),
        ("RCPT", "450 try later", 4, "refuses the recipient (450)"),
        ("DATA", "554 no", 1, "refuses the message (554)"),
        ("END", "552 too much", 1, "refuses the message (552)"),
        ("END", "451 not now", 4, "refuses the message (451)"),
        ("MAIL", "553 not you", 4, "refuses the sender (553)"),
        ("CONNECT", "421 busy", 4, "does not take mail now (421)"),
    ],
)
async def test_a_refusal_for_good_is_taken_for_one_and_another_is_tried_again(
    queue: Database, tenant: int, mail_server: MailServer, work: Work,
    command: str, reply: str, attempts: int, told: str,
) -> None:  # fmt: skip
    mail_server.replies[command] = reply
    mail = mail_to(mail_server)
    await send(queue, tenant, mail)
    with capture_logs() as logs:
        await work(mail)
    tried = attempts if command == "CONNECT" else sum(each.upper().startswith("MAIL") for each in mail_server.commands)
    assert (tried, mail_server.taken) == (attempts, [])
    assert await jobs(queue) == {"failed": 1}
    logged = "".join(f"{each}{''.join(format_exception(each['exc_info']))}" for each in logs)
    assert told in logged
    assert SECRET not in logged
    assert "ada@" not in logged


async def test_a_mail_that_may_have_been_taken_is_sent_three_times_at_most_and_each_has_the_same_message_id(
    queue: Database, tenant: int, mail_server: MailServer, work: Work
) -> None:
    mail_server.breaks_off.add("END")  # it took the mail, and was gone before it could say so
    mail = mail_to(mail_server)
    await send(queue, tenant, mail)
    await work(mail)
    ids = [each.message["Message-ID"] for each in mail_server.taken]
    assert (len(ids), len(set(ids))) == (3, 1)


@pytest.mark.parametrize("way", ["slow", "gone"])
async def test_a_mail_that_was_taken_is_sent_whatever_the_farewell(
    queue: Database, tenant: int, mail_server: MailServer, work: Work, way: str
) -> None:
    if way == "slow":
        mail_server.waits["QUIT"] = 1.0
    else:
        mail_server.breaks_off.add("QUIT")
    mail = mail_to(mail_server, timeout_s=0.2)
    await send(queue, tenant, mail)
    await work(mail)
    assert len(mail_server.taken) == 1
    assert await jobs(queue) == {}


@pytest.mark.parametrize("command", ["CONNECT", "EHLO", "RCPT"])
async def test_a_slow_server_is_left_and_the_loop_goes_on(mail_server: MailServer, command: str) -> None:
    mail_server.waits[command] = 30.0
    mail = mail_to(mail_server, timeout_s=0.2)
    waiting = asyncio.create_task(mail.deliver(letter()))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    with pytest.raises(MailError) as caught:
        await asyncio.wait_for(waiting, 5)
    assert not caught.value.is_final
    assert mail_server.taken == []


async def test_two_mails_are_two(queue: Database, tenant: int, mail_server: MailServer, work: Work) -> None:
    mail = mail_to(mail_server)
    for _ in range(2):
        await send(queue, tenant, mail)
    await work(mail)
    assert len({each.message["Message-ID"] for each in mail_server.taken}) == 2


async def test_a_password_is_given_on_this_machine_only(mail_server: MailServer) -> None:
    mail_server.extensions = ("AUTH PLAIN",)
    await mail_to(f"smtp://ada:p%40ss@127.0.0.1:{mail_server.port}").deliver(letter())
    assert any(each.startswith("AUTH PLAIN") for each in mail_server.commands)
    mail_server.commands.clear()
    async with MailServer(extensions=("AUTH PLAIN",)) as other:
        far = Server("localhost.localdomain", other.port, user="ada", password="p", timeout_s=2)
        with pytest.raises(MailError, match="not sent in the clear|cannot be reached"):
            await Mail(far, SENDER).deliver(letter())
        assert not any(each.startswith("AUTH") for each in other.commands)
    mail_server.replies["AUTH"] = "535 no"
    with pytest.raises(MailError, match=r"user and password \(535\)") as caught:
        await mail_to(f"smtp://ada:p@127.0.0.1:{mail_server.port}").deliver(letter())
    assert not caught.value.is_final


async def test_encryption_that_is_offered_and_broken_is_no_reason_to_go_without(mail_server: MailServer) -> None:
    mail_server.extensions = ("STARTTLS",)
    mail_server.replies["STARTTLS"] = "454 not now"
    with pytest.raises(MailError):
        await mail_to(mail_server).deliver(letter())
    assert mail_server.taken == []
    await mail_to(f"{mail_server.url}?tls=no").deliver(letter())
    assert len(mail_server.taken) == 1


async def test_a_server_that_takes_no_such_address_is_told_for_good(mail_server: MailServer) -> None:
    with pytest.raises(MailError) as caught:
        await mail_to(mail_server).deliver(letter(to="zoë@example.org"))
    assert caught.value.is_final
    mail_server.extensions = ("SMTPUTF8", "8BITMIME")
    await mail_to(mail_server).deliver(letter(to="zoë@example.org"))
    assert [each.recipients for each in mail_server.taken] == [["zoë@example.org"]]


EVIL = ["\r\nBcc: all@example.org", "\nBcc: all@example.org", "\r\n\r\nbody", "\x0bX: y", "\u2028X: y", "\x00"]


@pytest.mark.parametrize("evil", EVIL)
async def test_no_header_comes_in_through_a_subject_a_name_or_a_language(mail_server: MailServer, evil: str) -> None:
    mail = Mail(Server.at(mail_server.url), f'"Sunny{evil}" <mail@sunny.example>')
    try:
        await mail.deliver(letter(subject=f"Hello{evil}", language=f"en{evil}", key=f"k{evil}"))
    except BadAddress:
        mail.sender = SENDER
        await mail.deliver(letter(subject=f"Hello{evil}", language=f"en{evil}", key=f"k{evil}"))
    (one,) = mail_server.taken
    assert set(one.message.keys()) <= {
        "From", "To", "Subject", "Date", "Message-ID", "Content-Language", "Auto-Submitted", "Content-Type",
        "Content-Transfer-Encoding", "MIME-Version",
    }  # fmt: skip
    assert one.recipients == ["ada@example.org"]
    assert one.message.get_content().strip() == "Text"


@given(st.text(max_size=300))
def test_a_subject_is_one_line_whatever_it_was(text: str) -> None:
    raw = message(letter(subject=text), SENDER).as_bytes()
    found = message_from_bytes(raw, policy=default)
    assert found["Subject"].split() == one_line(text).split()
    assert (found["To"], found["Bcc"]) == ("ada@example.org", None)


@given(st.text(max_size=600))
def test_a_text_arrives_as_it_was(text: str) -> None:
    lines = text.replace("\r", "").replace("\x0b", "").replace("\x0c", "").encode("utf-8", "ignore").decode()
    found = message_from_bytes(message(letter(text=lines), SENDER).as_bytes(), policy=default)
    body = found.get_content() if hasattr(found, "get_content") else ""
    assert body.replace("\r\n", "\n").rstrip("\n") == lines.rstrip("\n")


@pytest.mark.parametrize(
    "text",
    ["", "ada", "@b", "a@", "a b@c", "a@b c", "a@b\r\nX: y", "a@b,c@d", "<a@b>", '"a"@b', "a@b@c", "a@b..c", "a@.b",
     "a" * 65 + "@b", "a@" + "b" * 64, "a@" + ".".join(["b" * 60] * 5), "a@xn--\u2603-.\u2603" + "\u0301" * 70],
)  # fmt: skip
async def test_an_address_that_cannot_be_one_is_refused_before_anything_waits(
    queue: Database, tenant: int, mail_server: MailServer, text: str
) -> None:
    with pytest.raises(Invalid):
        await send(queue, tenant, mail_to(mail_server), to=text)
    assert await jobs(queue) == {}


def test_addresses_are_read() -> None:
    assert checked(" Ada.L+x@Example.org\n") == "Ada.L+x@Example.org"
    assert checked("ada@münchen.example") == "ada@xn--mnchen-3ya.example"
    assert checked("root@localhost") == "root@localhost"
    assert named("Sunny Street <a@b>") == ("Sunny Street", "a@b")
    assert named("a@b") == ("", "a@b")


async def test_without_a_server_mail_becomes_a_file(queue: Database, tenant: int, tmp_path: Path, work: Work) -> None:
    mail = Mail.configured(None, None, tmp_path / "mail")
    await send(queue, tenant, mail, to="zoë@example.org", subject="Énergie", text="Liège\n")
    await work(mail)
    (file,) = list((tmp_path / "mail").iterdir())
    assert (file.suffix, file.stat().st_mode & 0o777) == (".eml", 0o600)
    found = message_from_bytes(file.read_bytes(), policy=default)
    assert (found["To"], found["Subject"], found["From"]) == (
        "zoë@example.org", "Énergie", "gridloom <gridloom@localhost>",
    )  # fmt: skip
    assert found["Message-ID"] == f"<{file.stem}@localhost>"
    again = letter(key=file.stem, subject="Énergie")
    await mail.deliver(again)
    assert list((tmp_path / "mail").iterdir()) == [file]


async def test_a_folder_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("not a folder")
    with pytest.raises(MailError) as caught:
        await Mail.configured(None, SENDER, tmp_path / "mail").deliver(letter())
    assert not caught.value.is_final


@pytest.mark.parametrize(
    ("url", "host", "port", "is_encrypted", "user", "password"),
    [
        ("smtp://mail.example.org", "mail.example.org", 587, False, "", ""),
        ("smtps://ada:p%40ss%3A@mail.example.org", "mail.example.org", 465, True, "ada", "p@ss:"),
        ("smtp://a%40b:c@10.0.0.1:2525/", "10.0.0.1", 2525, False, "a@b", "c"),
    ],
)
def test_the_address_of_a_server_is_read(
    url: str, host: str, port: int, is_encrypted: bool, user: str, password: str
) -> None:
    found = Server.at(url)
    assert (found.host, found.port, found.is_encrypted, found.user, found.password) == (
        host, port, is_encrypted, user, password,
    )  # fmt: skip
    assert password == "" or password not in found.describe()


@pytest.mark.parametrize(
    "url",
    ["", "mail.example.org", "http://mail", "smtp://", "smtp://h:x", "smtp://h:99999", "smtp://h/path", "smtp://h?x=1"],
)
def test_what_is_no_address_of_a_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Server.at(url)
