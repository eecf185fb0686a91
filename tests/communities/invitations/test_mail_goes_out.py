"""From the request to the mail: the job of the application, and the folder that stands in for a server."""

from email import message_from_bytes
from email.policy import default

from tests.communities.kit import Community, Person
from tests.communities.members.samples import done, made

from gridloom.kernel.jobs.declare import Jobs
from gridloom.kernel.jobs.worker import Worker
from gridloom.kernel.mail.jobs import deliver_mail


async def test_an_invitation_lies_in_the_folder_when_no_server_is_configured(street: Community, ada: Person) -> None:
    application = street.world.application
    empty = "TRUNCATE jobs.procrastinate_jobs, jobs.procrastinate_workers CASCADE"
    async with street.world.database.system() as tx:
        await tx.run(empty)
    number = await made(street)
    answer = await ada.call(
        "PATCH", "/members/invite", street, json={"id_member": number, "user_email": "new.one@example.org"},
        headers={"accept-language": "nl"},
    )  # fmt: skip
    done(answer)
    jobs = Jobs({deliver_mail.name: deliver_mail})
    await Worker(street.world.database, jobs=jobs, resources=application.services).drain()
    files = (application.settings.var_path / "mail").glob("*.eml")
    found = [message_from_bytes(each.read_bytes(), policy=default) for each in files]
    (mine,) = [each for each in found if each["To"] == "new.one@example.org"]
    assert mine["Subject"] == "Uitnodiging voor de energiegemeenschap Sunny Street"
    assert mine["Content-Language"] == "nl"
    assert "Meld u aan met het adres new.one@example.org" in mine.get_content()
