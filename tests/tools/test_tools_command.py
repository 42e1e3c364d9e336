"""What commands do with errors."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gossamer.errors import InternalError, InvalidArgumentError
from gossamer.tools.command import run_command


def _raise(error: BaseException) -> Callable[[], int]:
    def body() -> int:
        raise error

    return body


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (InvalidArgumentError("wrong"), 1, "tool: INVALID_ARGUMENT; wrong\n"),
        (FileNotFoundError(2, "No such file or directory", "x"), 1, "tool: x: No such file or directory\n"),
        (InternalError("ours"), 70, "tool: internal error: ours\n"),
        (
            KeyError("k"),
            70,
            "tool: internal error: KeyError: 'k'\n"
            "please report it; GOSSAMER_TRACEBACK=1 shows where it happened\n",
        ),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_errors_give_codes_and_messages(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int, message: str
) -> None:
    assert run_command("tool", _raise(error)) == code
    assert capsys.readouterr().err == message


@pytest.mark.parametrize(("result", "code"), [(None, 0), (0, 0), (3, 3)])
def test_codes_of_the_body(result: int | None, code: int) -> None:
    assert run_command("tool", lambda: result) == code


def test_traceback_on_request(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOSSAMER_TRACEBACK", "1")
    run_command("tool", _raise(InvalidArgumentError("wrong")))

    assert "Traceback (most recent call last)" in capsys.readouterr().err


_PRINTS_MUCH = """
import sys
from gossamer.tools.command import run_command
sys.exit(run_command('tool', lambda: print('x' * 1_000_000)))
"""
_HELPS_MUCH = """
import sys
from gossamer.tools.flags.parser import FlagSet
sys.exit(FlagSet('tool', 'x' * 1_000_000).run(['--help'], lambda arguments: None))
"""


@pytest.mark.parametrize("text", [_PRINTS_MUCH, _HELPS_MUCH], ids=["body", "help"])
def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path, text: str) -> None:
    program = tmp_path / "program.py"
    program.write_text(text)
    process = subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()

    assert process.stderr.read() == b""
    assert process.wait() == 1
    process.stderr.close()
