"""What the value cells of a frame hold at one point of a function.

A cell holds a 32-bit value or half of a 64-bit one: of a local, or a literal. Reading a register as
another type than it was written as gives a conversion.
"""

from __future__ import annotations

from typing import NamedTuple

from gossamer.vm.typed.access import WIDE_KINDS, Register
from gossamer.vm.typed.expression import (
    ZERO_CELL,
    Expression,
    Literal,
    Local,
    as_integer,
    combine,
    expression_kind,
    from_integer,
    half,
)

WHOLE = -1


class CellContent(NamedTuple):
    """Bits of one cell: all of a 32-bit value (`half` is WHOLE), or half 0 or 1 of a 64-bit one."""

    source: Expression
    half: int = WHOLE

    @property
    def kind(self) -> str:
        """Kind of the source."""
        return expression_kind(self.source)

    def raw(self) -> Expression:
        """The bits as an i32."""
        return as_integer(self.source) if self.half == WHOLE else half(self.source, self.half)

    def canonical(self, cell: int) -> CellContent:
        """The same type of content, kept in the local that is named after the cell."""
        if self.half == WHOLE:
            return CellContent(f"{self.kind}{cell}")
        if cell < self.half:
            return CellContent(f"i{cell}")
        return CellContent(f"{self.kind}{cell - self.half}", self.half)


ZERO_CONTENT = CellContent(ZERO_CELL)
"""What frames start with: it reads as zero of every type."""


def join(cell: int, first: CellContent | None, second: CellContent) -> CellContent:
    """Content of a cell where two ways meet; each way copies what it has into the result's local."""
    literal = isinstance(second.source, Literal)
    if first is None or first == second:
        return second if literal else second.canonical(cell)
    if first == ZERO_CONTENT:
        return second.canonical(cell)
    if second == ZERO_CONTENT or (first.kind, first.half) == (second.kind, second.half):
        return first.canonical(cell)
    return CellContent(f"i{cell}")


class Contents:
    """Contents of all cells; cells never written hold zero."""

    __slots__ = ("cells",)

    def __init__(self, cells: dict[int, CellContent]) -> None:
        self.cells = cells

    def copy(self) -> Contents:
        """An independent copy."""
        return Contents(dict(self.cells))

    def get(self, cell: int) -> CellContent:
        """Content of one cell."""
        return self.cells.get(cell, ZERO_CONTENT)

    def read(self, kind: str, cell: int) -> Expression:
        """Value of the register at a cell."""
        content = self.get(cell)
        if kind not in WIDE_KINDS:
            if content.half == WHOLE and content.kind == kind:
                return content.source
            return from_integer(kind, content.raw())
        above = self.get(cell + 1)
        if content.half == 0 and above.half == 1 and content.source == above.source:
            source = content.source
            return source if content.kind == kind else from_integer(kind, as_integer(source))
        return from_integer(kind, combine(content.raw(), above.raw()))

    def write(self, register: Register, value: Expression) -> None:
        """Put a value into a register's cells."""
        cell = register.ordinal
        if register.kind in WIDE_KINDS:
            self.cells[cell] = CellContent(value, 0)
            self.cells[cell + 1] = CellContent(value, 1)
        else:
            self.cells[cell] = CellContent(value)


def local_of(register: Register) -> Local:
    """Name of the local of a register."""
    return f"{register.kind}{register.ordinal}"
