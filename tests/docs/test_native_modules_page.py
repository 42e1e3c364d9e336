"""docs/native_modules.md says what is true: its code builds, runs, and prints what it says."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from page_code import run_page

import gossamer

PAGE = Path(__file__).parents[2] / "docs" / "native_modules.md"


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler: no `cc` on PATH")
def test_the_page_s_code_runs_in_order(tmp_path: Path) -> None:
    run_page(PAGE, tmp_path)


def test_the_page_names_every_host_function() -> None:
    header = (Path(gossamer.get_include()) / "gossamer" / "module.h").read_text()
    table = header.partition("typedef struct gossamer_host_t {")[2].partition("} gossamer_host_t;")[0]
    listed = PAGE.read_text().partition("## Host functions")[2]

    assert re.findall(r"`(\w+)`(?=[,| ])", listed.replace("`malloc` and `free`", "")) == re.findall(
        r"\(\*(\w+)\)\(", table
    )


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE.read_text()):
        assert (PAGE.parent / target).exists(), target
