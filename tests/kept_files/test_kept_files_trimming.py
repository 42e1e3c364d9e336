"""The folder of kept files stays below a size."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from gossamer.kept_files import trimming
from gossamer.kept_files.store import CACHE_DIR_VARIABLE, load_object, store_object
from gossamer.kept_files.trimming import SIZE_VARIABLE, allowed_bytes, trim


def make(folder: Path, name: str, size: int, age: float) -> Path:
    path = folder / name
    path.write_bytes(bytes(size))
    used = time.time() - age
    os.utime(path, (used, used))
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_that_is_small_enough_stays(tmp_path: Path) -> None:
    for index in range(4):
        make(tmp_path, f"file{index}", 100, index)
    trim(tmp_path, 400)
    assert len(names(tmp_path)) == 4


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    for index in range(10):
        make(tmp_path, f"file{index}", 100, index)
    os.utime(tmp_path / "file9", (time.time(), time.time() - 50))
    trim(tmp_path, 800)
    assert names(tmp_path) == ["file0", "file1", "file2", "file3", "file4", "file9"]


def test_unfinished_files_go_when_they_are_old(tmp_path: Path) -> None:
    make(tmp_path, "new.tmp", 1000, 10)
    make(tmp_path, "old.tmp", 10, 7200)
    make(tmp_path, "file", 10, 7200)
    trim(tmp_path, 1 << 20)
    assert names(tmp_path) == ["file", "new.tmp"]


def test_nothing_else_is_touched(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    target = make(tmp_path, "target", 0, 7200)
    (tmp_path / "link").symlink_to(target)
    trim(tmp_path, 0)
    assert names(tmp_path) == ["folder", "link", "target"]
    trim(tmp_path / "absent", 0)


@pytest.mark.parametrize(("text", "expected"), [("3", 3 << 20), ("", 1 << 30), ("much", 1 << 30), ("0", 0)])
def test_the_size_can_be_chosen(text: str, expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SIZE_VARIABLE, text)
    assert allowed_bytes() == expected


def test_storing_trims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_DIR_VARIABLE, str(tmp_path))
    monkeypatch.setenv(SIZE_VARIABLE, "1")
    monkeypatch.setattr(trimming, "_CALLS_BETWEEN_TRIMS", 1)
    for index in range(20):
        store_object(f"key{index}", bytes(100_000))
    kept = sum(path.stat().st_size for path in (tmp_path / "native").iterdir())
    assert kept <= 1 << 20
    assert load_object("key19") is not None
