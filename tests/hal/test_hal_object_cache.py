from __future__ import annotations

from pathlib import Path

import pytest

from gossamer.hal.local import object_cache


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GOSSAMER_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_what_is_stored_comes_back() -> None:
    object_cache.store_object("key", b"contents")

    assert object_cache.load_object("key") == b"contents"
    assert object_cache.load_object("other") is None


def test_damaged_files_are_ignored(cache_folder: Path) -> None:
    object_cache.store_object("key", b"contents")
    path = cache_folder / "objects" / "key"
    path.write_bytes(path.read_bytes()[:-1] + b"?")

    assert object_cache.load_object("key") is None


def test_a_folder_that_cannot_be_made_is_no_error(cache_folder: Path) -> None:
    cache_folder.write_text("a file is in the way")
    object_cache.store_object("key", b"contents")

    assert object_cache.load_object("key") is None


def test_keys_tell_parts_apart() -> None:
    assert object_cache.cache_key("ab", "c") != object_cache.cache_key("a", "bc")


def test_the_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOSSAMER_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")

    assert object_cache.cache_directory() == Path("/somewhere/gossamer")
