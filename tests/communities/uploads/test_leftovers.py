"""Folders that a killed process left."""

import os
import tempfile
import time
from pathlib import Path

import pytest
from tests.communities.kit import World

from gridloom.communities.uploads import leftovers
from gridloom.communities.uploads.leftovers import Leftovers, remove


def folder(place: Path, name: str, age_s: float) -> Path:
    made = place / name
    made.mkdir()
    (made / "rows").write_bytes(b"1")
    then = time.time() - age_s
    os.utime(made, (then, then))
    return made


def test_only_old_folders_of_ours_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = [folder(tmp_path, name, 90_000) for name in ("gridloom-upload-a", "gridloom-form-b")]
    kept = [folder(tmp_path, "gridloom-upload-c", 80_000), folder(tmp_path, "something-else", 90_000)]
    link = tmp_path / "gridloom-upload-d"
    link.symlink_to(kept[1])
    os.utime(link, (1, 1), follow_symlinks=False)
    file = tmp_path / "gridloom-form-e"
    file.touch()
    os.utime(file, (1, 1))
    assert remove(tmp_path, time.time() - leftovers.OLD_S) == 2
    assert sorted(tmp_path.iterdir()) == sorted([*kept, link, file])
    assert not any(each.exists() for each in gone)
    assert (kept[1] / "rows").exists()
    monkeypatch.setattr(os, "getuid", lambda: -1)
    assert remove(tmp_path, time.time()) == 0


async def test_an_application_begins_without_them(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    old = folder(tmp_path, "gridloom-upload-a", 90_000)
    (part,) = (each for each in world.application.services.running if isinstance(each, Leftovers))
    async with part:
        assert not old.exists()
