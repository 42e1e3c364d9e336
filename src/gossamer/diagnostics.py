"""Messages tied to a place in a source file.

In: a file name, line, column, text. Out: the text a user sees, source line and caret included.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

INPUT_NAME = "-"
"""File name MLIR gives to text that has none: the input being compiled."""


class Severity(Enum):
    """How bad a diagnostic is."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class SourceLocation:
    """A place in a source file; line and column count from 1, 0 means unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One message.

    Attributes:
        message: conclusion first, one line.
        location: where, or None when no place is known.
        source_line: text of the line at `location`, or "" to leave it out.
        context: lines printed after the conclusion as `in: ...` (phase, pass, function).
        hint: what to do about it, or "".
        notes: further diagnostics that explain this one.
    """

    message: str
    location: SourceLocation | None = None
    severity: Severity = Severity.ERROR
    source_line: str = ""
    context: tuple[str, ...] = ()
    hint: str = ""
    notes: tuple[Diagnostic, ...] = field(default=())

    def __str__(self) -> str:
        place = f"{self.location}: " if self.location else ""
        lines = [f"{place}{self.severity.value}: {self.message}"]
        if self.source_line and self.location and self.location.line:
            number = f"{self.location.line:>4} | "
            lines.append(number + self.source_line)
            lines.append(
                " " * (len(number) - 2) + "| " + _caret_padding(self.source_line, self.location.column) + "^"
            )
        if self.context:
            lines.append("  in: " + ", ".join(self.context))
        if self.hint:
            lines.append("  hint: " + self.hint)
        lines.extend(str(note) for note in self.notes)
        return "\n".join(lines)


def _caret_padding(source_line: str, column: int) -> str:
    # Tabs are kept so that the caret stands under its column however wide a terminal draws them.
    return "".join("\t" if char == "\t" else " " for char in source_line[: max(column - 1, 0)])
