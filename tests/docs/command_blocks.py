"""Blocks of a page that show what a command prints: found, run, and written anew.

A comment `<!-- $ COMMAND -->` stands in front of a fenced block that holds the command's standard output.
`python tests/docs/command_blocks.py docs/walkthrough.md` writes the outputs of today into the page.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"<!-- \$ (?P<command>[^\n]*) -->\n```(?P<language>\w*)\n(?P<output>.*?)```\n", re.DOTALL)


@dataclass(frozen=True)
class CommandBlock:
    """A command as a page has it, and the output that the page shows."""

    command: str
    output: str


def command_blocks(page: Path) -> list[CommandBlock]:
    """The blocks of a page, in order."""
    return [CommandBlock(match["command"], match["output"]) for match in _BLOCK.finditer(page.read_text())]


def run_command(command: str, folder: Path) -> str:
    """Run a shell command in `folder` with our own tools first on the path. Returns: its standard output."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
    done = subprocess.run(
        ["sh", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return done.stdout


def regenerate(page: Path) -> None:
    """Write what the commands print today into the page."""

    def renewed(match: re.Match[str]) -> str:
        output = run_command(match["command"], page.parent)
        return f"<!-- $ {match['command']} -->\n```{match['language']}\n{output}```\n"

    page.write_text(_BLOCK.sub(renewed, page.read_text()))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        regenerate(Path(name))
