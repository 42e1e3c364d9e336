"""Flags are named by commands, not by what runs programs: its users may have none."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import gossamer
from gossamer.errors import GossamerError, InvalidArgumentError
from gossamer.hal.native_policy import NativeCodePolicy, NativeCodeRefusedError
from gossamer.runtime.invoke import SeveralExportsError
from gossamer.tools.command import run_command
from gossamer.tools.flag_hints import flag_hint

_PACKAGE = Path(gossamer.__file__).parent
_FOLDERS_OF_COMMANDS_AND_COMPILER = ("compiler", "tools")
_STARTS_A_COMMAND = Path("runtime/iree_api/benchmark.py")
_FLAG = re.compile(r"(?<![\w-])--[a-z]")


def flags_in_texts(source: str) -> Iterator[int]:
    """Lines of texts, other than docstrings, that name a flag."""
    tree = ast.parse(source)
    docstrings = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docstrings
            and _FLAG.search(node.value)
        ):
            yield node.lineno


def test_a_flag_in_a_message_is_seen() -> None:
    source = '"""As --module= has it."""\nraise ValueError(f"pass --module={path} before it")'
    assert list(flags_in_texts(source)) == [2]


def test_what_runs_programs_names_no_flag() -> None:
    found = {
        f"{relative}:{line}"
        for path in _PACKAGE.rglob("*.py")
        if (relative := path.relative_to(_PACKAGE)).parts[0] not in _FOLDERS_OF_COMMANDS_AND_COMPILER
        and relative != _STARTS_A_COMMAND
        for line in flags_in_texts(path.read_text())
    }
    assert found == set()


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (
            NativeCodeRefusedError("it", NativeCodePolicy.NONE, NativeCodePolicy.ALL),
            "--allow-native=all allows it",
        ),
        (SeveralExportsError(["f", "g"]), "--function=f calls the first of them"),
        (InvalidArgumentError("it is wrong"), ""),
    ],
)
def test_hints(error: GossamerError, hint: str) -> None:
    assert flag_hint(error) == hint


def test_a_command_prints_the_hint_after_the_error(capsys: pytest.CaptureFixture[str]) -> None:
    def body() -> int:
        raise SeveralExportsError(["f", "g"])

    assert run_command("iree-run-module", body) == 1
    assert capsys.readouterr().err == (
        "iree-run-module: INVALID_ARGUMENT; more than one exported function present; "
        "name the one to call: one of f, g\nhint: --function=f calls the first of them\n"
    )
