"""`gossamer cache`: what is kept on disk is shown, made ahead and removed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gossamer import compile_text
from gossamer.kept_files.store import CACHE_DIR_VARIABLE, store_object
from gossamer.tools import gossamer

PROGRAM = """
builtin.module @m {
  func.func @double(%x: tensor<4xf32>) -> tensor<4xf32> {
    %0 = arith.addf %x, %x : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_DIR_VARIABLE, str(tmp_path))
    monkeypatch.setenv("GOSSAMER_CACHE_MIB", "10")
    return tmp_path / "native"


def counts(text: str) -> list[int]:
    """How many files there are of each kind, and together."""
    return [int(number) for number in re.findall(r"(\d+) files?, ", text)]


def test_an_empty_cache_is_shown(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    assert gossamer.main(["cache"]) == 0
    shown = capsys.readouterr().out
    assert f"folder:              {folder}\n" in shown
    assert counts(shown) == [0, 0, 0]
    assert shown.endswith("0 files, 0.0 MiB, of 10 MiB\n")


def test_kernels_are_made_ahead(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOSSAMER_COMPILE_CACHE", "1")
    module = tmp_path / "m.vmfb"
    module.write_bytes(compile_text(PROGRAM))
    assert gossamer.main(["cache", "fill", f"--module={module}"]) == 0
    compiled, others, together = counts(capsys.readouterr().out)
    assert compiled == 1
    assert others >= 1
    assert together == compiled + others


def test_what_is_kept_is_removed(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("compiled-a", "b", "c"):
        store_object(name, bytes(3 << 20))
    for left, files in ((10, 3), (5, 1), (0, 0)):
        assert gossamer.main(["cache", "trim", str(left)]) == 0
        assert counts(capsys.readouterr().out)[-1] == files


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trim", "much"], "expected a number of MiB to leave, found `much`"),
        (["clean"], "expected `show`, `fill --module=...` or `trim [MiB]`, found `clean`"),
        (["fill"], "no user module specified"),
    ],
)
def test_wrong_usage_is_said(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    assert gossamer.main(["cache", *arguments]) == 1
    assert message in capsys.readouterr().err
