"""docs/parameters.md says what is true: its code runs and prints what it says."""

from __future__ import annotations

from pathlib import Path

from page_code import run_page

PAGE = Path(__file__).parents[2] / "docs" / "parameters.md"


def test_the_page_s_code_runs_in_order(tmp_path: Path) -> None:
    run_page(PAGE, tmp_path)

    assert (tmp_path / "weight.bin").read_bytes() == bytes.fromhex("0000003f") * 4
