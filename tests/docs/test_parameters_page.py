"""docs/parameters.md says what is true: its code runs and prints what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "parameters.md"
_BLOCK = re.compile(r"```(?P<language>sh|python)\n(?P<text>.*?)```", re.DOTALL)


def test_the_page_s_code_runs_in_order(tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for block in _BLOCK.finditer(PAGE.read_text()):
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
        if block["language"] == "python":
            assert completed.stdout.splitlines() == re.findall(r"print\(.*\)\s+# (.*)", block["text"])
    assert (tmp_path / "weight.bin").read_bytes() == bytes.fromhex("0000003f") * 4
