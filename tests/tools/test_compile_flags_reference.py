"""Flags that `--help` of IREE's compiler shows: honoured, passed on to LLVM, refused with a reason, or named
in a warning."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from gossamer.tools.compile_flags import table
from gossamer.tools.compile_flags.llvm import PASSED_ON, hidden_flags
from gossamer.tools.compile_flags.parser import FlagError, parse_flags
from gossamer.tools.compile_flags.refused import refused_flags
from gossamer.tools.compile_flags.without_effect import WITHOUT_EFFECT

pytestmark = pytest.mark.reference

WITHOUT_EFFECT_NAMES = {text.removesuffix("=") for names in WITHOUT_EFFECT.values() for text in names.split()}
PASSED_ON_NAMES = {text.removesuffix("=") for text in PASSED_ON.split()}
REFUSED_NAMES = {flag.name for flag in refused_flags()}


@pytest.fixture(scope="module")
def shown(iree_bin: Path) -> dict[str, bool]:
    """Flags that IREE's compiler shows, and whether they take a value."""
    done = subprocess.run([iree_bin / "iree-compile", "--help"], capture_output=True, text=True, timeout=60)
    lines = re.finditer(r"^  --?([A-Za-z][\w.-]*)([= ]<)?", done.stdout, re.MULTILINE)
    return {line[1]: bool(line[2]) for line in lines}


def test_every_flag_is_known_with_or_without_a_value_as_there(shown: dict[str, bool]) -> None:
    known = table.command_line_flags()

    assert len(shown) > 400
    assert {name for name in shown if name not in known} == set()
    assert {name for name, is_valued in shown.items() if is_valued is known[name].is_switch} == set()


def test_each_flag_has_one_fate(shown: dict[str, bool]) -> None:
    honoured = {flag.name for flag in table.listed_flags()}

    fates = [honoured, PASSED_ON_NAMES, REFUSED_NAMES, WITHOUT_EFFECT_NAMES]
    assert sum(map(len, fates)) == len(set().union(*fates))
    assert set(shown) <= set().union(*fates)


def test_no_flag_is_ignored_in_silence(shown: dict[str, bool]) -> None:
    flags = table.command_line_flags()
    silent = [
        name
        for name in sorted(set(shown) & WITHOUT_EFFECT_NAMES)
        if f"--{name}" not in table.warning_of(parse_flags([f"--{name}=1"], flags).values)
    ]

    assert silent == []


def test_flags_of_llvm_are_flags_of_the_llvm_here(shown: dict[str, bool]) -> None:
    known = hidden_flags()

    assert len(known) > 1000
    assert {name for name in PASSED_ON_NAMES if known.get(name) is not shown[name]} == set()


def test_flags_that_only_llvm_knows_are_passed_on() -> None:
    arguments = ["--x86-asm-syntax=intel", "--iree-hal-target-backends=llvm-cpu", "--enable-misched"]
    values = table.parse_command_line(arguments).values
    assert table.options_of(values).llvm_options == (arguments[0], "--enable-misched=true")
    assert table.warning_of(values) == ""
    with pytest.raises(FlagError, match="Unknown command line argument '--no-such-flag'"):
        table.parse_command_line(["--no-such-flag"])


def test_flags_of_llvm_go_where_it_compiles_kernels() -> None:
    flags = table.command_line_flags()
    given = ["--disable-i2p-p2i-opt", "--expand-variadics-override=disable"]
    values = parse_flags([*given, "--iree-hal-target-backends=llvm-cpu"], flags).values
    assert table.options_of(values).llvm_options == ("--disable-i2p-p2i-opt=true", given[1])
    assert table.warning_of(values) == ""

    elsewhere = parse_flags([*given, "--iree-hal-target-backends=vmvx"], flags).values
    assert "(no native kernels are compiled)" in table.warning_of(elsewhere)


def test_what_is_refused_is_refused_with_its_reason() -> None:
    flags = table.command_line_flags()
    for refused in refused_flags():
        switched = f"--{refused.name}={str(not refused.default).lower()}"
        given = switched if refused.is_switch else f"--{refused.name}=other"
        with pytest.raises(
            FlagError, match=re.escape(f"--{refused.name} is not supported: {refused.reason}")
        ):
            table.options_of(parse_flags([given], flags).values)
