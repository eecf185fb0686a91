"""What kind of file it is: by its name, by the media type that came with it, and by its first bytes."""

from pathlib import Path, PurePosixPath
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["workbook", "csv"]

_SUFFIXES: dict[str, Kind] = {".xlsx": "workbook", ".xls": "workbook", ".csv": "csv"}
_MEDIA: dict[str, Kind] = {
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "workbook",
    "text/csv": "csv",
    "application/csv": "csv",
    "text/x-csv": "csv",
    "application/x-csv": "csv",
}
# Said of both kinds: by browsers that know no better, and of CSV where a spreadsheet is installed.
_VAGUE = frozenset({"", "application/octet-stream", "binary/octet-stream", "text/plain", "application/vnd.ms-excel"})
_ZIP, _COMPOUND = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEAD_BYTES = 4096


def kind_of(path: Path, name: str, media_type: str) -> Kind | None:
    """The kind of a file; None when it is none of ours, or when name, media type and contents contradict one another."""
    media = media_type.partition(";")[0].strip().lower()
    suffix = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    if suffix not in ("", *_SUFFIXES) or (media not in _MEDIA and media not in _VAGUE):
        return None
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    kind: Kind | None = "workbook" if head.startswith((_ZIP, _COMPOUND)) else "csv" if _is_text(head) else None
    said = {_SUFFIXES.get(suffix), _MEDIA.get(media)} - {None}
    if not said and media == "application/vnd.ms-excel":
        said = {"workbook"}
    return kind if said == {kind} else None


def _is_text(head: bytes) -> bool:
    """Whether these bytes may begin a text: no control characters, and not the mark of another form (%PDF, gzip)."""
    if head.startswith((b"%PDF", b"\x1f\x8b", b"\xff\xfe", b"\xfe\xff", b"{", b"<")):
        return False
    return not any(byte < 32 and byte not in (9, 10, 13) for byte in head)
