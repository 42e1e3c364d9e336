"""docs/pytorch.md says what is true: its code runs and prints what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from page_code import run_page

pytest.importorskip("torch", reason="PyTorch is not installed")

PAGE = Path(__file__).parents[2] / "docs" / "pytorch.md"


def test_the_page_s_code_runs_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # PyTorch warns of itself.
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    run_page(PAGE, tmp_path)

    assert (tmp_path / "classifier.vmfb").exists()
