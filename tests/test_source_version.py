"""What is kept on disk is kept for one version of the sources that it was made by."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import gossamer
from gossamer.source_version import source_version


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of a few files in place of this one."""
    root = tmp_path / "package"
    for folder in ("", "modules/hal", "vm/typed", "a_new_room", "compiler/tools", "tools"):
        (root / folder).mkdir(parents=True, exist_ok=True)
        (root / folder / "file.py").write_text("x = 1\n")
    monkeypatch.setattr(gossamer, "__path__", [str(root)])
    return root


def version() -> str:
    return source_version.__wrapped__()


def test_the_same_files_are_the_same_version(package: Path) -> None:
    assert version() == version()


@pytest.mark.parametrize("name", ["file.py", "vm/typed/file.py", "modules/hal/new.py", "a_new_room/file.py"])
def test_other_contents_are_another_version(package: Path, name: str) -> None:
    before = version()
    (package / name).write_text("x = 23\n")
    assert version() != before


def test_a_later_change_of_the_same_length_is_another_version(package: Path) -> None:
    before = version()
    path = package / "modules" / "hal" / "file.py"
    path.write_text("x = 2\n")
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 10**9))
    assert version() != before


@pytest.mark.parametrize(
    "name", ["compiler/tools/file.py", "tools/new.py", "vm/__pycache__/file.py", "vm/notes.txt"]
)
def test_files_that_run_no_program_do_not_count(package: Path, name: str) -> None:
    (package / "vm" / "__pycache__").mkdir()
    before = version()
    (package / name).write_text("x = 23\n")
    assert version() == before


def test_files_that_cannot_be_seen_are_never_the_same(package: Path) -> None:
    shutil.rmtree(package)
    assert version() != version()


def test_the_sources_of_this_process_can_be_seen() -> None:
    assert version() == version()
