"""What is kept on disk is kept for one version of the package."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import gossamer
from gossamer.machine_code.package_version import package_version


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of a few files in place of this one."""
    monkeypatch.setattr(gossamer, "__path__", [str(tmp_path)])
    for folder in ("format", "hal", "isa", "limits", "modules", "native", "vm"):
        (tmp_path / folder / "inner").mkdir(parents=True)
        (tmp_path / folder / "inner" / "file.py").write_text("x = 1\n")
    (tmp_path / "tools").mkdir()
    return tmp_path


def version() -> str:
    return package_version.__wrapped__()


def test_the_same_files_are_the_same_version(package: Path) -> None:
    assert version() == version()


@pytest.mark.parametrize("name", ["vm/inner/file.py", "modules/inner/new.py"])
def test_other_contents_are_another_version(package: Path, name: str) -> None:
    before = version()
    (package / name).write_text("x = 23\n")
    assert version() != before


def test_a_later_change_of_the_same_length_is_another_version(package: Path) -> None:
    before = version()
    path = package / "hal" / "inner" / "file.py"
    path.write_text("x = 2\n")
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    assert version() != before


def test_files_that_decide_nothing_do_not_count(package: Path) -> None:
    before = version()
    (package / "tools" / "tool.py").write_text("pass\n")
    (package / "vm" / "__pycache__").mkdir()
    (package / "vm" / "__pycache__" / "file.py").write_text("pass\n")
    (package / "vm" / "notes.txt").write_text("text\n")
    assert version() == before


def test_files_that_cannot_be_seen_are_never_the_same(package: Path) -> None:
    shutil.rmtree(package / "isa")
    assert version() != version()
