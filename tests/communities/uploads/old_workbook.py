"""Workbooks of the old form, and locked ones of the new form: both are streams in a compound file.

Sources: the compound file and the binary workbook format as their maker has published them (MS-CFB, MS-XLS).
"""

import struct
from collections.abc import Mapping
from typing import Any

_SECTOR, _LEAST = 512, 4096
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_NONE = 0xFFFFFFFF


def xls(sheets: Mapping[str, list[list[Any]]]) -> bytes:
    """An xls workbook of texts and numbers."""
    bodies = [_sheet(cells) for cells in sheets.values()]
    names = [name.encode("latin-1") for name in sheets]
    head = _record(0x0809, struct.pack("<HHHHII", 0x0600, 5, 0, 1997, 0, 0x0600))
    place = len(head) + sum(4 + 8 + len(name) for name in names) + 4
    for name, body in zip(names, bodies, strict=True):
        head += _record(0x0085, struct.pack("<IBBBB", place, 0, 0, len(name), 0) + name)
        place += len(body)
    return compound({"Workbook": head + _record(0x000A, b"") + b"".join(bodies)})


def locked() -> bytes:
    """What a workbook of the new form is under a password."""
    return compound({"EncryptedPackage": b"\x01" * _LEAST, "EncryptionInfo": b"\x04\0\x04\0" + b"\0" * _LEAST})


def compound(streams: Mapping[str, bytes]) -> bytes:
    """A compound file with these streams."""
    table, data = [_FAT, _END], b""
    entries = [_entry("Root Entry", 5, child=1, start=_END)]
    for number, (name, stream) in enumerate(streams.items(), 1):
        padded = stream.ljust(-(-max(len(stream), _LEAST) // _SECTOR) * _SECTOR, b"\0")
        start, count = len(table), len(padded) // _SECTOR
        table += [*range(start + 1, start + count), _END]
        data += padded
        right = number + 1 if number < len(streams) else _NONE
        entries.append(_entry(name, 2, right=right, start=start, size=max(len(stream), _LEAST)))
    assert len(table) <= _SECTOR // 4, "one sector of the table has to do"
    fat = struct.pack(f"<{_SECTOR // 4}I", *table, *[_FREE] * (_SECTOR // 4 - len(table)))
    folder = b"".join(entries).ljust(_SECTOR, b"\0")
    numbers = (0, 1, 1, 0, _LEAST, _END, 0, _END, 0, 0, *[_FREE] * 108)
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    return head + struct.pack("<118I", *numbers) + fat + folder + data


def _entry(name: str, kind: int, *, right: int = _NONE, child: int = _NONE, start: int, size: int = 0) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    links = struct.pack("<HBBIII", len(text), kind, 1, _NONE, right, child)
    return text.ljust(64, b"\0") + links + bytes(36) + struct.pack("<IQ", start, size)


def _sheet(cells: list[list[Any]]) -> bytes:
    body = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x10, 0, 1997, 0, 0x0600))
    body += _record(0x0200, struct.pack("<IIHHH", 0, len(cells), 0, max(map(len, cells)), 0))
    for y, row in enumerate(cells):
        for x, cell in enumerate(row):
            at = struct.pack("<HHH", y, x, 0)
            if isinstance(cell, str):
                raw = cell.encode("latin-1")
                body += _record(0x0204, at + struct.pack("<HB", len(raw), 0) + raw) if raw else b""
            else:
                body += _record(0x0203, at + struct.pack("<d", cell))
    return body + _record(0x000A, b"")


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body
