"""docs/onnx.md says what is true: its code runs and prints what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from page_code import run_page

PAGE = Path(__file__).parents[2] / "docs" / "onnx.md"


def test_the_page_s_code_runs_in_order(tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="ONNX is not installed")

    run_page(PAGE, tmp_path)

    assert (tmp_path / "classifier_params.irpa").exists()
