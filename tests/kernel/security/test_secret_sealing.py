"""What is sealed opens with its key, in its place, unaltered, and in no other case."""

import base64
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from gridloom.kernel.security.sealing import (
    KeyUnusable,
    Sealer,
    Unsealable,
    derive_key,
    load_keys,
    load_or_create_key,
    new_key_line,
    parse_key,
)

OLD, NEW = b"o" * 32, b"n" * 32


@given(st.text(), st.binary(max_size=40))
def test_a_sealed_text_opens_again_and_no_two_seals_are_alike(text, context):
    sealer = Sealer(NEW)
    sealed = sealer.seal(text, context=context)
    assert sealer.open(sealed, context=context) == text
    assert sealed != sealer.seal(text, context=context)


@given(st.data())
def test_a_changed_bit_anywhere_is_noticed(data):
    sealer = Sealer(NEW)
    sealed = bytearray(sealer.seal("secret", context=b"row 7"))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Unsealable):
        sealer.open(bytes(sealed), context=b"row 7")


@given(st.integers(0, 38))
def test_a_cut_value_is_refused(length):
    sealer = Sealer(NEW)
    sealed = sealer.seal("secret")
    assert len(sealed) == 39
    with pytest.raises(Unsealable):
        sealer.open(sealed[:length])


def test_a_value_moved_to_another_row_is_refused():
    sealer = Sealer(NEW)
    with pytest.raises(Unsealable, match="another place"):
        sealer.open(sealer.seal("secret", context=b"row 7"), context=b"row 8")


def test_an_older_key_still_opens_and_its_values_count_as_stale():
    before, after = Sealer(OLD), Sealer(NEW, OLD)
    sealed = before.seal("secret")
    assert after.open(sealed) == "secret"
    assert after.is_stale(sealed)
    renewed = after.seal("secret")
    assert not after.is_stale(renewed)
    assert Sealer(NEW).open(renewed) == "secret"


def test_a_key_that_is_gone_is_named():
    sealed = Sealer(OLD).seal("secret")
    with pytest.raises(Unsealable, match=sealed[1:5].hex()):
        Sealer(NEW).open(sealed)


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_key_of_another_size_is_refused(size):
    with pytest.raises(KeyUnusable, match="32 bytes"):
        Sealer(b"x" * size)


def test_derived_keys_differ_by_purpose_and_by_root():
    keys = {derive_key(NEW, "files"), derive_key(NEW, "links"), derive_key(OLD, "files"), NEW, OLD}
    assert len(keys) == 5
    assert Sealer(NEW, OLD).derive("files") == derive_key(NEW, "files")


def test_the_key_file_is_made_once_and_only_its_owner_reads_it(tmp_path):
    path = tmp_path / "var" / "secret.key"
    key = load_or_create_key(path)
    assert len(key) == 32
    assert load_or_create_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["secret.key"]


def test_processes_that_start_together_agree_on_one_key(tmp_path):
    with ThreadPoolExecutor(16) as threads:
        keys = list(threads.map(lambda _: load_or_create_key(tmp_path / "secret.key"), range(64)))
    assert len(set(keys)) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["secret.key"]


def test_a_new_line_on_top_changes_the_key_and_keeps_the_old_one(tmp_path):
    path = tmp_path / "secret.key"
    sealed = Sealer.from_file(path).seal("secret")
    path.write_text(f"{new_key_line()}\n\n{path.read_text()}")
    sealer = Sealer.from_file(path)
    assert sealer.open(sealed) == "secret"
    assert sealer.is_stale(sealed)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no key"),
        ("not base64!\n", "line 1"),
        (f"{base64.b64encode(NEW).decode()}\n{base64.b64encode(b'short').decode()}", "line 2"),
    ],
)
def test_a_broken_key_file_is_refused_and_left_alone(tmp_path, text, said):
    path = tmp_path / "secret.key"
    path.write_text(text)
    with pytest.raises(KeyUnusable, match=said):
        load_keys(path)
    assert path.read_text() == text


def test_a_key_can_come_from_a_setting():
    line = new_key_line()
    assert parse_key(f" {line}\n") == base64.b64decode(line)
    for wrong in ("", "x", line[:-4], "é" * 44):
        with pytest.raises(KeyUnusable, match="32 bytes in base64"):
            parse_key(wrong)


def test_a_key_file_that_others_can_read_is_reported(tmp_path):
    path = tmp_path / "secret.key"
    load_keys(path)
    path.chmod(0o644)
    with capture_logs() as logs:
        load_keys(path)
    assert [entry["event"] for entry in logs] == ["key_file_open_to_others"]
