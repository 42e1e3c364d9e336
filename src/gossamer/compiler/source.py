"""The program being compiled, as the user wrote it: where text comes from, and what messages point into."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from gossamer.diagnostics import INPUT_NAME, Diagnostic, SourceLocation
from gossamer.errors import CompileError

BYTECODE_MAGIC = b"ML\xefR"

_SEPARATOR = re.compile(rb"^// -----[^\n]*$", re.MULTILINE)

STDIN_NAME = "<stdin>"

Inputs: TypeAlias = "Sequence[object] | Mapping[str, object] | None"
"""Of a model: arguments in order, or by name."""

PositionMap = Callable[[int, int], tuple[int, int]]
"""Turns line and column of the text MLIR parsed into those of the text the user wrote."""


class CompileWarning(UserWarning):
    """Something about a program that its author should know."""


@dataclass(slots=True)
class Source:
    """One input program.

    Attributes:
        name: as messages show it: the path given, or "<stdin>".
        data: the whole input.
        path: the file it was read from, or None.
        model: the model to compile where it is a Python object; `data` is empty then.
        inputs: examples of its arguments, or their types, where it has none of its own.
        positions: set where MLIR parsed a rewritten text, see `PositionMap`.
        warnings: what its author was warned of.
    """

    name: str
    data: bytes
    path: Path | None = None
    model: object = None
    inputs: Inputs = None
    positions: PositionMap | None = None
    warnings: list[str] = field(default_factory=list[str])
    _lines: list[str] | None = field(default=None, repr=False)

    @classmethod
    def from_path(cls, path: str | Path) -> Source:
        """Read a file. Raises: OSError."""
        return cls(str(path), Path(path).read_bytes(), Path(path))

    @classmethod
    def from_text(cls, text: str, name: str = STDIN_NAME) -> Source:
        """Wrap text that is in memory."""
        return cls(name, text.encode())

    @classmethod
    def from_model(cls, model: object, inputs: Inputs = None) -> Source:
        """Wrap a model of a framework, and examples of its inputs."""
        return cls(f"<{type(model).__qualname__}>", b"", model=model, inputs=inputs)

    def split(self) -> list[Source]:
        """The parts that lines of `// -----` separate; lines keep their numbers."""
        parts: list[Source] = []
        start = 0
        for match in [*_SEPARATOR.finditer(self.data), None]:
            end = len(self.data) if match is None else match.start()
            lines_before = b"\n" * self.data.count(b"\n", 0, start)
            parts.append(Source(self.name, lines_before + self.data[start:end], self.path))
            start = len(self.data) if match is None else match.end()
        return [part for part in parts if part.data.strip()]

    @property
    def is_bytecode(self) -> bool:
        """True for MLIR bytecode, StableHLO portable artifacts included."""
        return self.data.startswith(BYTECODE_MAGIC)

    @property
    def text(self) -> str:
        """The input as text. Raises: CompileError at the first byte that is not UTF-8."""
        return self.decode(self.data)

    def decode(self, data: bytes) -> str:
        """Text of a part from the beginning. Raises: CompileError at the first byte that is not UTF-8."""
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            column = error.start - data.rfind(b"\n", 0, error.start)
            raise CompileError(
                [Diagnostic("input is not UTF-8 text", SourceLocation(self.name, line, column))]
            ) from None

    def explain(self, diagnostic: Diagnostic) -> Diagnostic:
        """Give a diagnostic of any phase the user's file name, line, column, and the line's text."""
        location = diagnostic.location
        notes = tuple(map(self.explain, diagnostic.notes))
        if location is None:
            return replace(diagnostic, location=SourceLocation(self.name), notes=notes)
        if location.file not in (INPUT_NAME, self.name):
            return replace(diagnostic, notes=notes)
        line, column = location.line, location.column
        if self.positions is not None and location.file == INPUT_NAME:
            line, column = self.positions(line, column)
        return replace(
            diagnostic,
            location=SourceLocation(self.name, line, column),
            source_line=diagnostic.source_line or self._line(line),
            notes=notes,
        )

    def warn(self, message: str) -> None:
        """Warn the author of something about the program."""
        self.warnings.append(message)
        warnings.warn(CompileWarning(message), stacklevel=3)

    @contextmanager
    def explains(self) -> Generator[None]:
        """Have every `CompileError` that leaves the `with` block point into this source."""
        try:
            yield
        except CompileError as error:
            raise CompileError([self.explain(diagnostic) for diagnostic in error.diagnostics]) from None

    def _line(self, number: int) -> str:
        if self._lines is None:
            self._lines = [] if self.is_bytecode else self.data.decode(errors="replace").split("\n")
        return self._lines[number - 1] if 0 < number <= len(self._lines) else ""
