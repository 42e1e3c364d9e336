"""A corpus on disk: programs with the flags they are compiled with, each under a name made of both.

`NAME.mlir` is the program, text or bytecode, and `NAME.flags` has one flag a line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

VMVX_FLAGS = ("--iree-hal-target-device=local", "--iree-hal-local-target-device-backends=vmvx")

# Flags that write other files, and one that makes a compile print times.
_LEFT_OUT = (
    "--dump-compilation-phases-to",
    "--iree-hal-dump-executable",
    "--iree-parameter-splat",
    "--mlir-timing",
    "-o",
)


class Case(NamedTuple):
    """One program with its flags; `source` is its file in the corpus."""

    name: str
    source: Path
    flags: tuple[str, ...]


def add_case(corpus: Path, program: bytes, flags: Sequence[str]) -> None:
    """Add a program; one that is there already is not added twice. Several processes may add at once."""
    kept = [flag for flag in flags if not flag.startswith(_LEFT_OUT)]
    name = hashlib.sha256(program + b"\0" + "\0".join(kept).encode()).hexdigest()[:20]
    (corpus / f"{name}.mlir").write_bytes(program)
    (corpus / f"{name}.flags").write_text("".join(f"{flag}\n" for flag in kept))


def add_command(corpus: Path, arguments: Sequence[str], folder: Path) -> None:
    """Add what `iree-compile` is called with in a folder, where its input is a file."""
    flags = [argument for argument in arguments if argument.startswith("-") and argument != "-"]
    inputs = [folder / argument for argument in arguments if (folder / argument).suffix.startswith(".mlir")]
    if len(inputs) == 1 and inputs[0].is_file():
        add_case(corpus, inputs[0].read_bytes(), flags)


def read_cases(corpus: Path) -> list[Case]:
    """Every case, by name."""
    return [
        Case(path.stem, path.with_suffix(".mlir"), tuple(path.read_text().splitlines()))
        for path in sorted(corpus.glob("*.flags"))
    ]
