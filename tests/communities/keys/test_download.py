"""A key as a file."""

import zipfile
from io import BytesIO
from typing import Any

import httpx
import pytest
from python_calamine import CalamineWorkbook
from tests.communities.keys.samples import DOWNLOAD, TWO_ROUNDS, add, read
from tests.communities.kit import Community, Person

from gridloom.communities.workbooks import MEDIA_TYPE, prefers_json


def opened(answer: httpx.Response) -> CalamineWorkbook:
    assert answer.status_code == 200, answer.text
    return CalamineWorkbook.from_filelike(BytesIO(answer.content))


async def download(person: Person, community: Community, number: int, **headers: str) -> httpx.Response:
    url, named = (
        f"/keys/{number}/download",
        {"authorization": f"Bearer {person.token}", "x-community-id": community.auth_id},
    )
    return await person.world.client.get(url, headers={**named, **headers})


async def test_the_workbook_has_three_sheets(street: Community, ada: Person) -> None:
    number = await add(ada, street, TWO_ROUNDS)
    answer = await ada.call("GET", f"/keys/{number}/download", street, template=DOWNLOAD)
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.headers["content-disposition"] == 'attachment; filename="allocation_key.xlsx"'
    book = opened(answer)
    assert book.sheet_names == ["Accueil", "Clef de répartition", "Crédit"]
    home = book.get_sheet_by_name("Accueil").to_python()
    assert home[1:3] == [["Nom", "Two rounds"], ["Description", "Half by need"]]
    assert [row[0] for row in home[3:]] == ["Voir la clé", "Voir les crédits"]
    assert book.get_sheet_by_name("Clef de répartition").to_python() == [
        ["Itération", "", "Consommateur", ""],
        ["Iteration n°", "Pourcentage VA", "Nom", "VAP"],
        [0, "40%", "541448820000000028", "33.3%"],
        [0, "40%", "=1+1", "66.7%"],
        [1, "60%", "541448820000000011", "70%"],
        [1, "60%", "541448820000000028", "PRORATA"],
    ]
    key = book.get_sheet_by_name("Clef de répartition")
    assert sorted(key.merged_cell_ranges or []) == [((0, 0), (0, 1)), ((0, 2), (0, 3))]
    credit = [cell for row in book.get_sheet_by_name("Crédit").to_python() for cell in row]
    assert "gridloom" in credit
    assert "Apache License 2.0" in credit


@pytest.mark.parametrize(
    "first", ["=", "+", "-", "@", '=HYPERLINK("https://example.org")', "https://example.org/", "12"]
)
async def test_text_never_becomes_a_formula_a_link_or_a_number(street: Community, ada: Person, first: str) -> None:
    name = f"{first}1"
    iterations = [{**TWO_ROUNDS["iterations"][0], "consumers": [{"name": name, "energy_allocated_percentage": 1}]}]
    iterations[0]["energy_allocated_percentage"] = 1
    body: dict[str, Any] = {"name": name, "description": name, "iterations": iterations}
    number = await add(ada, street, body)
    answer = await ada.call("GET", f"/keys/{number}/download", street, template=DOWNLOAD)
    rows = opened(answer).get_sheet_by_name("Clef de répartition").to_python()
    assert rows[2:] == [[1, "100%", name, "100%"]]
    home = opened(answer).get_sheet_by_name("Accueil").to_python()
    assert home[1:3] == [["Nom", name], ["Description", name]]
    with zipfile.ZipFile(BytesIO(answer.content)) as parts:
        sheets = [parts.read(part).decode() for part in parts.namelist() if "sheets/sheet" in part]
    assert not any("<f>" in sheet for sheet in sheets)
    assert not any("r:id" in sheet for sheet in sheets)


async def test_json_is_the_key_itself(street: Community, ada: Person) -> None:
    number = await add(ada, street, TWO_ROUNDS)
    answer = await download(ada, street, number, accept="application/json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"data": await read(ada, street, number), "error_code": 0}


@pytest.mark.parametrize("accept", ["*/*", "application/json, text/plain, */*", MEDIA_TYPE, "text/html"])
async def test_everybody_else_gets_the_workbook(street: Community, ada: Person, accept: str) -> None:
    number = await add(ada, street)
    answer = await download(ada, street, number, accept=accept)
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert opened(answer).sheet_names[0] == "Accueil"


@pytest.mark.parametrize(
    ("accepted", "is_json"),
    [
        ("", False), ("*/*", False), ("application/*", False), ("application/json", True), ("APPLICATION/JSON", True),
        ("application/json, */*", False), ("application/json, */*;q=0.5", True), ("application/json;q=0.1", True),
        (f"application/json, {MEDIA_TYPE};q=0.9", True), (f"application/json;q=0.9, {MEDIA_TYPE}", False),
        ("application/json;q=0", False), ("application/json;q=x", False), ("*/*, application/json;q=0.1", False),
        ("application/json;charset=utf-8;q=0.7, application/*;q=0.2", True),
    ],
)  # fmt: skip
def test_what_an_accept_header_asks_for(accepted: str, is_json: bool) -> None:
    assert prefers_json(accepted) is is_json
