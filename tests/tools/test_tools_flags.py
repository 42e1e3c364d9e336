"""Flags: as IREE's C tools read them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gossamer.errors import InvalidArgumentError, NotFoundError
from gossamer.tools.flags.parser import FlagSet

FLAGS = FlagSet("iree-example", "Does nothing.\n$ iree-example file")
QUIET = FLAGS.boolean("quiet", False, "Says less.")
COUNT = FLAGS.integer("count", 1, "How often.")
SCALE = FLAGS.number("scale", 0.5, "How much.")
NAME = FLAGS.string("name", "x", "Called what.\nIn two lines.")
INPUTS = FLAGS.strings("input", "One of several.")


def test_defaults() -> None:
    arguments = FLAGS.read([])

    assert (arguments[QUIET], arguments[COUNT], arguments[SCALE], arguments[NAME], arguments[INPUTS]) == (
        False,
        1,
        0.5,
        "x",
        (),
    )
    assert arguments.positional == []


def test_values_and_positional_arguments_in_any_order() -> None:
    arguments = FLAGS.read(
        ["a", "--count=-7", "--input=1", "b", "--scale=2e3", "--input=", "--name=y=z", "-c"]
    )

    assert (arguments[COUNT], arguments[SCALE], arguments[NAME]) == (-7, 2000.0, "y=z")
    assert arguments[INPUTS] == ("1", "")
    assert arguments.positional == ["a", "b", "-c"]


@pytest.mark.parametrize(
    ("text", "value"),
    [("--quiet", True), ("--quiet=true", True), ("--quiet=1", True), ("--quiet=false", False)],
)
def test_booleans(text: str, value: bool) -> None:
    assert FLAGS.read([text])[QUIET] is value


@pytest.mark.parametrize(
    ("text", "value"), [('--name="a b"', "a b"), ('--name=""', '""'), ("--name=", ""), (" --name = a ", "a")]
)
def test_strings_lose_quotes_and_space_around_them(text: str, value: str) -> None:
    assert FLAGS.read([text])[NAME] == value


def test_the_next_argument_is_never_a_value() -> None:
    arguments = FLAGS.read(["--name", "value"])

    assert arguments[NAME] == ""
    assert arguments.positional == ["value"]


def test_later_flags_win() -> None:
    assert FLAGS.read(["--count=1", "--count=2"])[COUNT] == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("--other=1", "flag 'other' not recognized"),
        ("--", "flag '' not recognized"),
        ("--count=7x", "--count=7x: expected a decimal number"),
        ("--scale=a", "--scale=a: expected a number"),
        ("--quiet=yes", "--quiet=yes: expected true or false"),
        ("--flagfile=", "--flagfile= requires a file path"),
    ],
)
def test_wrong_flags_are_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        FLAGS.read([text])

    assert caught.value.message == message


def test_flagfile(tmp_path: Path) -> None:
    inner, outer = tmp_path / "inner", tmp_path / "outer"
    inner.write_text("--name=inner\n")
    outer.write_text(f"# comment\n\n// comment\n  --count=3  \n--flagfile={inner}\n--input=a\n--input=b c\n")

    arguments = FLAGS.read(["--count=1", f"--flagfile={outer}", "--scale=1"])

    assert (arguments[COUNT], arguments[NAME], arguments[INPUTS]) == (3, "inner", ("a", "b c"))


def test_flagfile_errors_name_their_line(tmp_path: Path) -> None:
    path = tmp_path / "flags"
    for text, message in [
        ("--count=1\nvalue\n", f"{path}:2: positional arguments not allowed in flag files"),
        ("\n--nope\n", f"{path}:2: flag 'nope' not recognized"),
        ("--count=z\n", f"{path}:1: --count=z: expected a decimal number"),
    ]:
        path.write_text(text)
        with pytest.raises(InvalidArgumentError) as caught:
            FLAGS.read([f"--flagfile={path}"])
        assert caught.value.message == message
    with pytest.raises(NotFoundError, match="failed to open file '/nowhere'"):
        FLAGS.read(["--flagfile=/nowhere"])


def test_help_shows_values_so_far(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        FLAGS.parse(["--count=5", "--input=a", "--help", "--nonsense"])
    text = capsys.readouterr().out

    assert caught.value.code == 0
    assert text.splitlines()[:5] == [
        "# " + "=" * 76,
        "# Gossamer: iree-example",
        "# " + "=" * 76,
        "",
        "Does nothing.",
    ]
    assert '\n\n# Called what.\n# In two lines.\n--name="x"\n' in text
    assert "\n--count=5\n" in text
    assert "\n--scale=0.5\n" in text
    assert "\n--input=a\n" in text
    assert "\n# --flagfile=[path]\n" in text


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        FLAGS.parse(["--version"])

    assert caught.value.code == 0
    assert "VM bytecode 17.0, compatible with IREE 3.13.0" in capsys.readouterr().out


def test_parse_reports_and_leaves(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        FLAGS.parse(["--nonsense"])

    assert caught.value.code == 1
    expected = "iree-example: FLAGS ERROR:\nINVALID_ARGUMENT; flag 'nonsense' not recognized\n"
    assert capsys.readouterr().err == expected


@pytest.mark.reference
@pytest.mark.parametrize("flags", [["--nonsense"], ["--flagfile="], []])
def test_exit_codes_are_those_of_the_reference(iree_bin: Path, flags: list[str]) -> None:
    ours = [sys.executable, "-m", "gossamer.tools.iree_dump_module", *flags]
    theirs = [str(iree_bin / "iree-dump-module"), *flags]

    results = [subprocess.run(command, capture_output=True, text=True) for command in (ours, theirs)]

    assert [result.returncode for result in results] == [1, 1]
    assert [result.stdout for result in results] == ["", ""]
