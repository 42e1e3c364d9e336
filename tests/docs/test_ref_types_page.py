"""docs/ref_types.md says what is true: its code runs and prints what it says."""

from __future__ import annotations

import re
from pathlib import Path

from page_code import run_page

PAGE = Path(__file__).parents[2] / "docs" / "ref_types.md"


def test_the_page_s_code_runs_in_order(tmp_path: Path) -> None:
    run_page(PAGE, tmp_path)


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE.read_text()):
        assert (PAGE.parent / target).exists(), target
