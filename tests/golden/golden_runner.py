"""Runs the RUN lines of a golden file in this process, as a shell would run the commands.

`%s` is the file, `%p` its folder, `%t` a path for temporary files. Commands of a line are joined by `|`;
`not` in front expects failure, `2>&1` joins stderr. A line passes when each of its commands does.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from filecheck.finput import FInput
from filecheck.matcher import Matcher
from filecheck.options import parse_argv_options
from filecheck.parser import Parser

from gossamer.tools import gossamer, iree_compile, iree_dump_module, iree_run_module

_RUN = re.compile(r"^\s*//\s*RUN:\s?(.*)$")
_CHECK = re.compile(r"//\s*([A-Z][A-Z0-9_-]*?)(?:-NEXT|-NOT|-LABEL|-SAME|-DAG|-EMPTY|-COUNT-\d+)?:(?:\s|$)")
_NOT_PREFIXES = frozenset({"RUN", "COM", "TODO", "NOTE"})

TOOLS: dict[str, Callable[[list[str]], int]] = {
    "gossamer": gossamer.main,
    "iree-compile": iree_compile.main,
    "iree-dump-module": iree_dump_module.main,
    "iree-run-module": iree_run_module.main,
}


@dataclass(frozen=True)
class Outcome:
    """What a command gave."""

    code: int
    stdout: bytes
    stderr: str


def run_lines(path: Path) -> list[str]:
    """The RUN lines of a file; one that ends in a backslash goes on in the next."""
    lines: list[str] = []
    continued = False
    for line in path.read_text().splitlines():
        match = _RUN.match(line)
        if match is None:
            continue
        text = match[1].rstrip()
        if continued:
            lines[-1] += " " + text.removesuffix("\\").strip()
        else:
            lines.append(text.removesuffix("\\").strip())
        continued = text.endswith("\\")
    return lines


def used_prefixes(path: Path) -> set[str]:
    """Prefixes that the RUN lines of a file give to filecheck."""
    prefixes: set[str] = set()
    for line in run_lines(path):
        for command in _commands(line):
            if "filecheck" in command:
                given = [word.partition("=")[2] for word in command if "check-prefix" in word]
                prefixes.update(name for names in given or ["CHECK"] for name in names.split(","))
    return prefixes


def written_prefixes(path: Path) -> set[str]:
    """Prefixes that the lines of a file begin with."""
    found = {match[1] for line in path.read_text().splitlines() for match in [_CHECK.search(line)] if match}
    return found - _NOT_PREFIXES


def run_golden_file(path: Path, temporary: Path) -> None:
    """Run every RUN line. Raises: AssertionError with what the failing command printed."""
    lines = run_lines(path)
    assert lines, f"{path} has no RUN line"
    for line in lines:
        text = line.replace("%s", str(path)).replace("%p", str(path.parent)).replace("%t", str(temporary))
        stdin = b""
        for command in _commands(text):
            outcome = _run(command, stdin)
            assert outcome.code == 0, f"{shlex.join(command)}\n{outcome.stderr}"
            stdin = outcome.stdout


def _commands(line: str) -> Iterator[list[str]]:
    command: list[str] = []
    for word in shlex.split(line):
        if word == "|":
            yield command
            command = []
        else:
            command.append(word)
    yield command


def _run(command: list[str], stdin: bytes) -> Outcome:
    words = [word for word in command if word not in ("2>&1", "not")]
    if words[0] == "filecheck":
        return _filecheck(words, stdin.decode())
    outcome = _run_tool(TOOLS[words[0]], words[1:], stdin)
    if "2>&1" in command:
        outcome = Outcome(outcome.code, outcome.stdout + outcome.stderr.encode(), outcome.stderr)
    if "not" in command:
        # A user's mistake gives 1; anything else is a crash, whatever was expected.
        outcome = Outcome(0 if outcome.code == 1 else 1, outcome.stdout, outcome.stderr)
    return outcome


def _run_tool(tool: Callable[[list[str]], int], arguments: list[str], stdin: bytes) -> Outcome:
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    stderr = io.StringIO()
    saved = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
    try:
        with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
            code = tool(arguments)
    finally:
        sys.stdin = saved
    stdout.flush()
    raw = stdout.buffer
    assert isinstance(raw, io.BytesIO)
    return Outcome(code, raw.getvalue(), stderr.getvalue())


def _filecheck(words: list[str], text: str) -> Outcome:
    options = parse_argv_options([*words, "--enable-var-scope"])
    report = io.StringIO()
    matcher = Matcher(options, FInput("-", FInput.canonicalize_line_ends(text)), Parser.from_opts(options))
    matcher.stderr = report
    code = matcher.run()
    return Outcome(code, b"", f"{report.getvalue()}\n--- output was:\n{text}")
