"""Documents of members: in, listed, out, gone."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from tests.communities.documents.samples import (
    PDF,
    delete,
    done,
    download,
    form,
    kept,
    listed,
    made,
    new_member,
    upload,
)
from tests.communities.kit import Community, Person, World, refused

from gridloom.communities.members import public as members
from gridloom.kernel import clock

LIMIT = 5_000_000


async def test_what_was_kept_is_listed_and_comes_out_as_it_went_in(world: World, street: Community) -> None:
    member, manager = await new_member(street), await street.add("MANAGER")
    noon = datetime(2026, 5, 15, 10, tzinfo=UTC)
    with clock.at(noon):
        done(await upload(manager, street, member))
    (row,) = await listed(manager, street, member)
    uploaded = datetime.fromisoformat(row["upload_date"])
    assert row == {
        "id": row["id"], "file_name": "contract.pdf", "file_size": len(PDF), "upload_date": row["upload_date"],
        "file_type": "application/pdf",
    }  # fmt: skip
    assert uploaded.tzinfo is not None
    answer = await download(manager, street, member, row["id"])
    assert (answer.status_code, answer.content) == (200, PDF)
    assert answer.headers["content-type"] == "application/pdf"
    assert (
        answer.headers["content-disposition"] == "attachment; filename=\"contract.pdf\"; filename*=UTF-8''contract.pdf"
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert await kept(world) == [len(PDF)]


async def test_a_deleted_document_is_gone_with_its_bytes(world: World, street: Community, ada: Person) -> None:
    member = await new_member(street)
    first, second = await made(street, member, b"one"), await made(street, member, b"three")
    done(await delete(ada, street, first))
    assert [row["id"] for row in await listed(ada, street, member)] == [second]
    refused(await download(ada, street, member, first), 400, 20002)
    refused(await delete(ada, street, first), 400, 20002)
    assert await kept(world) == [5]


async def test_of_two_who_delete_one_document_at_once_one_succeeds(
    world: World, street: Community, ada: Person
) -> None:
    document = await made(street, await new_member(street))
    answers = await asyncio.gather(*(delete(ada, street, document) for _ in range(3)))
    assert sorted((answer.status_code, answer.json()["error_code"]) for answer in answers) == [
        (200, 0), (400, 20002), (400, 20002),
    ]  # fmt: skip
    assert await kept(world) == []


async def test_a_file_of_five_million_bytes_is_kept_and_one_byte_more_is_not(
    world: World, street: Community, ada: Person
) -> None:
    member = await new_member(street)
    content = b"x" * LIMIT
    before = await street.everything()
    refused(await upload(ada, street, member, content + b"x"), 422, 25000)
    refused(await upload(ada, street, member, content * 2), 422, 25000)
    assert (await street.everything(), await kept(world)) == (before, [])
    done(await upload(ada, street, member, content))
    assert [row["file_size"] for row in await listed(ada, street, member)] == [LIMIT]
    assert await kept(world) == [LIMIT]


async def test_an_empty_file_is_a_file(street: Community, ada: Person) -> None:
    member = await new_member(street)
    done(await upload(ada, street, member, b""))
    (row,) = await listed(ada, street, member)
    answer = await download(ada, street, member, row["id"])
    assert (row["file_size"], answer.status_code, answer.content) == (0, 200, b"")


@pytest.mark.parametrize(
    ("options", "number"),
    [
        ({"data": {"id_member": "{member}"}, "files": {"other": ("a", b"a")}}, 5003),
        ({"files": {"file": ("a", b"a")}}, 5001),
        ({"data": {"id_member": ""}, "files": {"file": ("a", b"a")}}, 5001),
        ({"data": {"id_member": "x"}, "files": {"file": ("a", b"a")}}, 5001),
        ({"data": {"id_member": "1.5"}, "files": {"file": ("a", b"a")}}, 5001),
        ({"data": {"id_member": "-1"}, "files": {"file": ("a", b"a")}}, 5001),
        ({"data": {"id_member": "9223372036854775808"}, "files": {"file": ("a", b"a")}}, 5001),
        ({"files": {"id_member": ("a", b"1"), "file": ("a", b"a")}}, 5001),
    ],
)
async def test_a_form_names_a_member_and_a_file(
    world: World, street: Community, ada: Person, options: dict[str, Any], number: int
) -> None:
    member = await new_member(street)
    filled = {name: {k: str(v).format(member=member) if name == "data" else v for k, v in part.items()}
              for name, part in options.items()}  # fmt: skip
    before = await street.everything()
    answer = await ada.call("POST", "/documents/", street, **filled)
    refused(answer, 422, number)
    assert (await street.everything(), await kept(world)) == (before, [])


@pytest.mark.parametrize(("body", "status"), [(b"--x\r\nno form", 422), (b"", 422), (b"--x--", 422)])
async def test_what_is_no_form_is_refused(
    world: World, street: Community, ada: Person, body: bytes, status: int
) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = await ada.call("POST", "/documents/", street, content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert await kept(world) == []


@pytest.mark.parametrize("options", [{"data": {"id_member": "1"}}, {"json": {"id_member": 1}}, {}])
async def test_another_kind_of_body_is_not_read(
    world: World, street: Community, ada: Person, options: dict[str, Any]
) -> None:
    answer = await ada.call("POST", "/documents/", street, **options)
    assert (answer.status_code, await kept(world)) == (415, [])


@pytest.mark.parametrize("whose", ["nobody", "another community", "another tenant", "removed"])
async def test_a_member_of_elsewhere_has_no_documents(world: World, street: Community, ada: Person, whose: str) -> None:
    place = street
    match whose:
        case "nobody":
            member, document = 2**40, 2**40
        case "another community":
            place = await world.community(await world.person())
        case "another tenant":
            place = await world.community(await world.person(tenant=world.other_tenant))
    if whose != "nobody":
        member = await new_member(place)
        document = await made(place, member)
    if whose == "removed":
        async with world.database.tenant(street.tenant) as tx:
            await tx.run("UPDATE communities.member SET removed_at = now() WHERE id = :id", id=member)
    before, bytes_before = await street.everything(), await kept(world)
    refused(await upload(ada, street, member), 400, 50003)
    answer = await ada.call("GET", f"/documents/{member}", street, template="/documents/{member_id}")
    refused(answer, 400, 50003)
    refused(await download(ada, street, member, document), 400, 20002)
    refused(await delete(ada, street, document), 400, 20002)
    assert (await street.everything(), await kept(world)) == (before, bytes_before)


async def test_a_document_is_found_under_its_own_member_only(street: Community, ada: Person) -> None:
    one, other = await new_member(street), await new_member(street)
    document = await made(street, one)
    refused(await download(ada, street, other, document), 400, 20002)
    assert await listed(ada, street, other) == []
    assert (await download(ada, street, one, document)).status_code == 200


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("Règlement été.pdf", "Règlement été.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\papers\\a.txt", "a.txt"),
        ('a"; x="y.pdf', 'a"; x="y.pdf'),
        ("€ 100%.csv", "€ 100%.csv"),
        ("a;b=c.txt", "a;b=c.txt"),
    ],
)
async def test_a_name_comes_out_cleaned_and_cannot_break_the_header(
    street: Community, ada: Person, sent: str, name: str
) -> None:
    member = await new_member(street)
    done(await upload(ada, street, member, b"x", sent))
    (row,) = await listed(ada, street, member)
    assert row["file_name"] == name
    header = (await download(ada, street, member, row["id"])).headers["content-disposition"]
    plain, _, encoded = header.partition("; filename*=UTF-8''")
    assert encoded == quote(name, safe="")
    assert plain.startswith('attachment; filename="')
    assert (plain.count('"'), plain.isascii()) == (2, True)


async def test_a_line_break_in_a_name_adds_no_header(street: Community, ada: Person) -> None:
    member = await new_member(street)
    document = await made(street, member, name="a\r\nX-Evil: 1.pdf")
    answer = await download(ada, street, member, document)
    assert "x-evil" not in answer.headers
    assert [row["file_name"] for row in await listed(ada, street, member)] == ["aX-Evil: 1.pdf"]


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        ("text/html; charset=utf-8", "text/html"),
        ("IMAGE/PNG", "image/png"),
        ("nonsense", "application/octet-stream"),
        ("text/html<script>", "application/octet-stream"),
    ],
)
async def test_a_media_type_is_what_the_client_said_cleaned(
    street: Community, ada: Person, sent: str, kind: str
) -> None:
    member = await new_member(street)
    done(await upload(ada, street, member, b"<script>", "a.html", sent))
    (row,) = await listed(ada, street, member)
    answer = await download(ada, street, member, row["id"])
    assert (row["file_type"], answer.headers["content-type"]) == (kind, kind)
    assert answer.headers["content-disposition"].startswith("attachment; ")


@pytest.fixture
async def shelf(street: Community) -> int:
    """A member with three documents, a minute apart."""
    member = await new_member(street)
    for number, (name, size) in enumerate((("b.pdf", 20), ("A_1.pdf", 10), ("c.pdf", 10))):
        document = await made(street, member, b"x" * size, name)
        async with street.world.database.tenant(street.tenant) as tx:
            at = datetime(2026, 5, 1, tzinfo=UTC) + timedelta(minutes=number)
            await tx.run("UPDATE communities.document SET created_at = :at WHERE id = :id", at=at, id=document)
    return member


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["b.pdf", "A_1.pdf", "c.pdf"]),
        ("file_name=PDF", ["b.pdf", "A_1.pdf", "c.pdf"]),
        ("file_name=a", ["A_1.pdf"]),
        ("file_name=_", ["A_1.pdf"]),
        ("file_name=%25", []),
        ("file_type=PDF", ["b.pdf", "A_1.pdf", "c.pdf"]),
        ("file_type=png", []),
        ("sort_upload_date=DESC", ["c.pdf", "A_1.pdf", "b.pdf"]),
        ("sort_file_size=ASC", ["A_1.pdf", "c.pdf", "b.pdf"]),
        ("sort_file_size=ASC&sort_upload_date=DESC", ["c.pdf", "A_1.pdf", "b.pdf"]),
        ("sort_upload_date=ASC&sort_file_size=DESC", ["b.pdf", "A_1.pdf", "c.pdf"]),
        ("file_name=pdf&sort_file_size=DESC", ["b.pdf", "A_1.pdf", "c.pdf"]),
    ],
)
async def test_the_list_is_filtered_and_sorted(
    street: Community, ada: Person, shelf: int, query: str, names: list[str]
) -> None:
    assert [row["file_name"] for row in await listed(ada, street, shelf, query)] == names


async def test_the_list_has_pages(street: Community, ada: Person, shelf: int) -> None:
    answer = await ada.call("GET", f"/documents/{shelf}?page=2&limit=2", street, template="/documents/{member_id}")
    assert [row["file_name"] for row in answer.json()["data"]] == ["c.pdf"]
    assert answer.json()["pagination"] == {"page": 2, "limit": 2, "total": 3, "total_pages": 2}


@pytest.mark.parametrize(("query", "number"), [("sort_file_size=up", 5009), ("page=0", 5011), ("limit=x", 5001)])
async def test_a_wrong_query_is_refused(street: Community, ada: Person, shelf: int, query: str, number: int) -> None:
    answer = await ada.call("GET", f"/documents/{shelf}?{query}", street, template="/documents/{member_id}")
    refused(answer, 422, number)


async def test_a_number_in_the_path_is_a_number(street: Community, ada: Person) -> None:
    refused(await ada.call("GET", "/documents/x", street, template="/documents/{member_id}"), 422, 5001)
    answer = await ada.call("DELETE", "/documents/1.5", street, template="/documents/{document_id}")
    refused(answer, 422, 5001)


async def test_a_member_neither_reads_nor_writes_documents(world: World, street: Community) -> None:
    number, person = await new_member(street), await street.add("MEMBER")
    document, before = await made(street, number), await street.everything()
    refused(await upload(person, street, number), 403, 4)
    refused(await person.call("GET", f"/documents/{number}", street, template="/documents/{member_id}"), 403, 4)
    refused(await download(person, street, number, document), 403, 4)
    refused(await delete(person, street, document), 403, 4)
    assert (await street.everything(), await kept(world)) == (before, [len(PDF)])


@pytest.mark.parametrize(
    ("speech", "text"),
    [
        ("en", "There is no such document."),
        ("fr", "Ce document n'existe pas."),
        ("nl", "Dit document bestaat niet."),
        ("de", "Dieses Dokument gibt es nicht."),
    ],
)
async def test_a_refusal_speaks_the_language_of_the_caller(
    street: Community, ada: Person, speech: str, text: str
) -> None:
    template = "/documents/{document_id}"
    answer = await ada.call("DELETE", "/documents/1", street, template=template, headers={"accept-language": speech})
    assert refused(answer, 400, 20002)["error"] == text


async def test_keeping_and_deleting_are_on_the_trail(street: Community, ada: Person) -> None:
    member = await new_member(street)
    done(await upload(ada, street, member))
    (row,) = await listed(ada, street, member)
    done(await delete(ada, street, row["id"]))
    async with street.world.database.system() as tx:
        found = await tx.all(
            "SELECT action, object_kind, object_id FROM audit.entry WHERE tenant_id = :tenant "
            "AND object_kind = 'document_id' ORDER BY occurred_at", tenant=street.tenant,
        )  # fmt: skip
    number = str(row["id"])
    assert [tuple(each) for each in found] == [
        ("post_documents", "document_id", number), ("delete_documents_document_id", "document_id", number),
    ]  # fmt: skip


async def test_a_document_whose_member_is_removed_meanwhile_leaves_nothing(
    world: World, street: Community, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:

    async def gone(*_: Any) -> bool:
        return False

    member = await new_member(street)
    before = await street.everything()
    monkeypatch.setattr(members, "hold", gone)
    refused(await ada.call("POST", "/documents/", street, **form(member)), 400, 50003)
    assert (await street.everything(), await kept(world)) == (before, [])
