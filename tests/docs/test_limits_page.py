"""docs/limits.md says what is true: its code runs, one block after the other, and prints what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "limits.md"


def test_the_page_s_code_prints_what_it_says(tmp_path: Path) -> None:
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL))
    script = tmp_path / "page.py"
    script.write_text(code)

    completed = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120)

    assert completed.returncode == 0, completed.stderr
    assert completed.stdout.splitlines() == re.findall(r"print\(.*\)\s+# (.*)", code)
