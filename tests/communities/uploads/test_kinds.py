"""Which file is which: name, media type and contents have to agree."""

from pathlib import Path

import pytest
from tests.communities.uploads.samples import CSV, XLSX, book, lines

from gridloom.communities.uploads.kinds import kind_of

TEXT, BOOK, OLD = lines("2026"), book(), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
VAGUE, EXCEL = "application/octet-stream", "application/vnd.ms-excel"


@pytest.mark.parametrize(
    ("raw", "name", "media", "kind"),
    [
        (TEXT, "a.csv", CSV, "csv"),
        (TEXT, "A.CSV", "text/csv; charset=utf-8", "csv"),
        (TEXT, "a.csv", EXCEL, "csv"),
        (TEXT, "a.csv", VAGUE, "csv"),
        (TEXT, "", CSV, "csv"),
        (BOOK, "a.xlsx", XLSX, "workbook"),
        (BOOK, "a.xls", EXCEL, "workbook"),
        (OLD, "a.xls", EXCEL, "workbook"),
        (OLD, "upload", EXCEL, "workbook"),
        (TEXT, "a.csv", "image/png", None),
        (TEXT, "a.pdf", CSV, None),
        (TEXT, "a.csv.exe", VAGUE, None),
        (TEXT, "a", VAGUE, None),
        (TEXT, "a.xlsx", XLSX, None),
        (BOOK, "a.csv", CSV, None),
        (BOOK, "a.csv", XLSX, None),
        (b"\x1f\x8b\x08" + TEXT, "a.csv", CSV, None),
        (b"%PDF-1.7\n", "a.csv", CSV, None),
        (b"\x89PNG\r\n\x1a\n\0", "a.xlsx", XLSX, None),
        (b"time\0stamp", "a.csv", CSV, None),
        (TEXT.decode().encode("utf-16"), "a.csv", CSV, None),
    ],
)
def test_the_kind_of_a_file(tmp_path: Path, raw: bytes, name: str, media: str, kind: str | None) -> None:
    path = tmp_path / "sent"
    path.write_bytes(raw)
    assert kind_of(path, name, media) == kind
