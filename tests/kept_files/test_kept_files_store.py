"""What is kept on disk."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gossamer.kept_files.store import (
    CACHE_DIR_VARIABLE,
    cache_folder,
    content_key,
    load_object,
    store_object,
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_DIR_VARIABLE, str(tmp_path))
    return tmp_path / "native"


def test_objects_come_back_as_they_were_stored(folder: Path) -> None:
    key = content_key("a", "b")

    assert load_object(key) is None
    store_object(key, b"object")
    assert load_object(key) == b"object"
    assert cache_folder() == folder
    assert [path.name for path in folder.iterdir()] == [key]


def test_keys_depend_on_where_parts_end() -> None:
    assert content_key("ab", "c") != content_key("a", "bc")


@pytest.mark.parametrize("damage", [b"", b"short", bytes(32) + b"other"])
def test_damaged_objects_count_as_absent(folder: Path, damage: bytes) -> None:
    store_object("key", b"object")
    (folder / "key").write_bytes(damage)

    assert load_object("key") is None


def test_one_changed_byte_is_found(folder: Path) -> None:
    store_object("key", b"object")
    path = folder / "key"
    path.write_bytes(path.read_bytes()[:-1] + b"?")

    assert load_object("key") is None


def test_files_that_others_may_write_count_as_absent(folder: Path) -> None:
    store_object("key", b"object")
    (folder / "key").chmod(0o666)

    assert load_object("key") is None


def test_a_folder_that_cannot_be_made_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(CACHE_DIR_VARIABLE, str(tmp_path / "file"))

    store_object("key", b"object")
    assert load_object("key") is None


def test_writers_at_the_same_time_leave_one_whole_object(folder: Path) -> None:
    data = bytes(range(256)) * 1000
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: store_object("key", data), range(32)))

    assert load_object("key") == data
    assert len(list(folder.iterdir())) == 1


def test_the_users_cache_folder_is_used_by_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(CACHE_DIR_VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))

    assert cache_folder() == tmp_path / "xdg" / "gossamer" / "native"
