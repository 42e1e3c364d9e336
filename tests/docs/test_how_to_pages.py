"""The how-tos say what is true: their programs print what they say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("page", ["add_a_driver.md", "add_a_frontend.md", "add_a_target.md"])
def test_the_page_s_program_prints_what_it_says(page: str) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)

    done = subprocess.run([sys.executable, "-c", block], capture_output=True, text=True, timeout=120)

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == re.findall(r"print\(.*\)  # (.*)", block)
