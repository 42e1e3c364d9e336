"""docs/jax.md says what is true: its code runs and prints what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from page_code import run_page

pytest.importorskip("jax", reason="JAX is not installed")

PAGE = Path(__file__).parents[2] / "docs" / "jax.md"


def test_the_page_s_code_runs_in_order(tmp_path: Path) -> None:
    run_page(PAGE, tmp_path)

    assert (tmp_path / "model.vmfb").exists()
