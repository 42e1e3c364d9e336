"""Flags that `--help` of IREE's compiler shows: honoured, refused with a reason, or named in a warning."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from gossamer.tools.compile_flags import table
from gossamer.tools.compile_flags.parser import parse_flags
from gossamer.tools.compile_flags.refused import refused_flags
from gossamer.tools.compile_flags.without_effect import WITHOUT_EFFECT

pytestmark = pytest.mark.reference

WITHOUT_EFFECT_NAMES = {text.removesuffix("=") for names in WITHOUT_EFFECT.values() for text in names.split()}
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

    assert not honoured & REFUSED_NAMES
    assert not honoured & WITHOUT_EFFECT_NAMES
    assert not REFUSED_NAMES & WITHOUT_EFFECT_NAMES
    assert set(shown) <= honoured | REFUSED_NAMES | WITHOUT_EFFECT_NAMES


def test_no_flag_is_ignored_in_silence(shown: dict[str, bool]) -> None:
    flags = table.command_line_flags()
    silent = [
        name
        for name in sorted(set(shown) & WITHOUT_EFFECT_NAMES)
        if f"--{name}" not in table.warning_of(parse_flags([f"--{name}=1"], flags).values)
    ]

    assert silent == []
