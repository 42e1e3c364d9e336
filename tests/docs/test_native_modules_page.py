"""docs/native_modules.md says what is true: its code builds, runs, and prints what it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import gossamer

PAGE = Path(__file__).parents[2] / "docs" / "native_modules.md"
_BLOCK = re.compile(r"```(?P<language>c|sh|python)(?: (?P<name>\S+))?\n(?P<text>.*?)```", re.DOTALL)


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler: no `cc` on PATH")
def test_the_page_s_code_runs_in_order(tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for block in _BLOCK.finditer(PAGE.read_text()):
        if block["language"] == "c":
            (tmp_path / block["name"]).write_text(block["text"])
            continue
        command = ["sh", "-euc"] if block["language"] == "sh" else [sys.executable, "-c"]
        completed = subprocess.run(
            [*command, block["text"]],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert completed.returncode == 0, completed.stderr
        assert completed.stderr == ""
        if block["language"] == "python":
            assert completed.stdout.splitlines() == re.findall(r"print\(.*\)\s+# (.*)", block["text"])


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
