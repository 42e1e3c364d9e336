"""Code of a page: files that it shows are written, commands and programs run, in order.

A block that opens with "python name.py" is a file, those that open with "python" or "sh" run. `print(x)  # 3`
and `# prints 3` say what a program prints.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

_BLOCK = re.compile(r"```(?P<language>\w+)(?: (?P<name>\S+))?\n(?P<text>.*?)```", re.DOTALL)
_PRINTED = re.compile(r"(?:print\(.*\)\s+# |# prints )(.*)")


def run_page(page: Path, folder: Path) -> None:
    """Run the code of a page in a folder, with our own tools first on the path.

    Raises: AssertionError where a block fails, or a program prints something else.
    """
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for block in _BLOCK.finditer(page.read_text()):
        if block["name"]:
            (folder / block["name"]).write_text(block["text"])
        elif block["language"] in ("sh", "python"):
            command = ["sh", "-euc"] if block["language"] == "sh" else [sys.executable, "-c"]
            completed = subprocess.run(
                [*command, block["text"]],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=120,
            )
            assert completed.returncode == 0, completed.stderr
            assert completed.stderr == ""
            if block["language"] == "python":
                assert completed.stdout.splitlines() == _PRINTED.findall(block["text"])
