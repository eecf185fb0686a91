"""Where mail goes is a setting, and the doctor looks whether it can."""

import asyncio
from pathlib import Path

import pytest
from tests.kernel.mail.server import MailServer

from gridloom import doctor
from gridloom.app import Application
from gridloom.kernel.mail.outbox import Mail
from gridloom.kernel.mail.transport import Folder
from gridloom.settings import Settings, SettingsError


def test_without_a_server_mail_goes_into_var(application: Application) -> None:
    way = application.services.part(Mail).way
    assert isinstance(way, Folder)
    assert way.folder == application.settings.var_path / "mail"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"GRIDLOOM_MAIL_URL": "http://ada:secret@mail"}, "GRIDLOOM_MAIL_URL"),
        ({"GRIDLOOM_MAIL_URL": "smtp://mail.example.org"}, "GRIDLOOM_MAIL_FROM"),
        ({"GRIDLOOM_MAIL_URL": "smtp://mail.example.org", "GRIDLOOM_MAIL_FROM": "Sunny"}, "GRIDLOOM_MAIL_FROM"),
        ({"GRIDLOOM_MAIL_FROM": "not an address"}, "GRIDLOOM_MAIL_FROM"),
    ],
)
def test_a_wrong_setting_is_named_without_its_value(given: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.load(given)
    assert str(caught.value).startswith(f"{told}: expected ")
    assert "secret" not in str(caught.value)


def test_a_server_and_a_sender_are_taken() -> None:
    given = {"GRIDLOOM_MAIL_URL": "smtps://ada:p@mail.example.org", "GRIDLOOM_MAIL_FROM": "Sunny <a@example.org>"}
    found = Settings.load(given)
    assert (found.mail_url, found.mail_from) == (given["GRIDLOOM_MAIL_URL"], given["GRIDLOOM_MAIL_FROM"])


async def findings(settings: Settings) -> list[tuple[str, int]]:
    found = await asyncio.to_thread(lambda: list(doctor._mail(settings)))
    return [(each.what, each.weight) for each in found]


async def test_the_doctor_says_hello_to_the_mail_server(mail_server: MailServer, tmp_path: Path) -> None:
    settings = Settings(mail_url=mail_server.url, mail_from="a@example.org")
    assert await findings(settings) == [(f"the mail server 127.0.0.1:{mail_server.port} answers", 0)]
    assert mail_server.taken == []
    mail_server.replies["CONNECT"] = "554 no"
    assert await findings(settings) == [("the mail server does not take mail now (554)", 2)]
    (text, weight), *rest = await findings(Settings(var=str(tmp_path)))
    assert (weight, rest) == (0, [])
    assert text.endswith(f"files in {tmp_path / 'mail'}")
