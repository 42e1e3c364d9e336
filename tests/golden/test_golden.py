"""Every golden file passes, and checks nothing in vain."""

from __future__ import annotations

from pathlib import Path

import pytest
from golden_runner import run_golden_file, run_lines, used_prefixes, written_prefixes

FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.glob("*/*.mlir"))
NAMES = [str(path.relative_to(FOLDER)) for path in FILES]


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_golden_file(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    run_golden_file(path, tmp_path / "temporary")


@pytest.mark.parametrize("path", [path for path in FILES if run_lines(path)], ids=str)
def test_no_check_prefix_is_unused(path: Path) -> None:
    assert written_prefixes(path) <= used_prefixes(path)


def test_golden_files_are_found() -> None:
    assert len(FILES) > 10
