"""Elements of assembly formats: each reads one thing off a cursor into an operation.

Their methods are those of `Element`, documented there.
"""

# ruff: noqa: D102

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gossamer.compiler.frontend.mlir.syntax.cursor import Cursor, Piece
from gossamer.compiler.frontend.mlir.syntax.operation import UNIT, OperationText, RegionText

_NOT_A_TYPE = ("", "{", "}", ")", ",", ">", "]", "=")


class RegionReader(Protocol):
    """Reads regions, rewriting what is in them."""

    def is_region(self, cursor: Cursor) -> bool:
        """Whether the `{` at the cursor opens a region rather than an attribute dictionary."""
        ...

    def read_region(self, cursor: Cursor, arguments: Piece | None, *, is_isolated: bool) -> RegionText:
        """Read the region at the cursor."""
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """An operation being read."""

    cursor: Cursor
    operation: OperationText
    regions: RegionReader


class Element(Protocol):
    """Something that an assembly format is made of."""

    def starts(self, reading: Reading) -> bool:
        """Whether the text at the cursor can be this."""
        ...

    def read(self, reading: Reading) -> None:
        """Read it. Raises: ForeignSyntaxError."""
        ...


@dataclass(frozen=True, slots=True)
class Literal:
    """A word or punctuation mark."""

    token: str

    def starts(self, reading: Reading) -> bool:
        return reading.cursor.is_at(self.token)

    def read(self, reading: Reading) -> None:
        reading.cursor.expect(self.token)


@dataclass(frozen=True, slots=True)
class Operands:
    """One SSA value, or a comma separated list of them."""

    group: str
    is_list: bool = False

    def starts(self, reading: Reading) -> bool:
        return reading.cursor.peek() == "%"

    def read(self, reading: Reading) -> None:
        cursor = reading.cursor
        values: list[Piece] = []
        if not self.is_list:
            values.append(cursor.value())
        while self.is_list and cursor.peek() == "%":
            values.append(cursor.value())
            end = cursor.offset
            if not cursor.take(","):
                break
            if cursor.peek() != "%":
                # The comma belongs to what follows the list.
                cursor.offset = end
        reading.operation.add_operands(self.group, values)


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute: `read_text` makes its text; `first` lists the characters it may start with."""

    name: str
    read_text: Callable[[Cursor], str]
    first: str = ""

    def starts(self, reading: Reading) -> bool:
        following = reading.cursor.peek()
        return following != "" and (following in self.first or (not self.first and following not in ",):="))

    def read(self, reading: Reading) -> None:
        start = reading.cursor.skip_space()
        reading.operation.set(self.name, self.read_text(reading.cursor), start)


@dataclass(frozen=True, slots=True)
class Keyword:
    """One of some words; it becomes a string attribute, or a unit attribute where `is_unit`."""

    name: str
    words: Sequence[str]
    is_unit: bool = False

    def starts(self, reading: Reading) -> bool:
        return any(reading.cursor.is_at(word) for word in self.words)

    def read(self, reading: Reading) -> None:
        start = reading.cursor.skip_space()
        for word in self.words:
            if reading.cursor.take(word):
                reading.operation.set(self.name, UNIT if self.is_unit else f'"{word}"', start)
                return
        raise reading.cursor.error(f"expected {' or '.join(self.words)}")


@dataclass(frozen=True, slots=True)
class Types:
    """A type, or several; `has_dims` reads `{%d0, %d1}` after each into the group `<group>_dims`."""

    group: str
    is_list: bool = False
    has_dims: bool = False

    def starts(self, reading: Reading) -> bool:
        return reading.cursor.peek() not in _NOT_A_TYPE

    def read(self, reading: Reading) -> None:
        while True:
            reading.operation.add_type(self.group, reading.cursor.type())
            if self.has_dims:
                read_dims(reading, self.group)
            if not (self.is_list and reading.cursor.take(",")):
                return


def read_dims(reading: Reading, group: str) -> None:
    """Read `{%d0, %d1}`, if it is there, into the operands `<group>_dims`."""
    cursor = reading.cursor
    values: list[Piece] = []
    if cursor.peek() == "{" and not reading.regions.is_region(cursor):
        cursor.expect("{")
        while not cursor.take("}"):
            values.append(cursor.value())
            cursor.take(",")
    reading.operation.add_operands(f"{group}_dims", values, "index")


@dataclass(frozen=True, slots=True)
class ResultTypes:
    """Result types, in parentheses or bare: `T{%dims}`, `%operand` or `%operand as T` for tied ones."""

    group: str

    def starts(self, reading: Reading) -> bool:
        return reading.cursor.peek() != ""

    def read(self, reading: Reading) -> None:
        cursor = reading.cursor
        reading.operation.types.setdefault(self.group, [])
        in_parentheses = cursor.take("(")
        while not (in_parentheses and cursor.take(")")):
            self._read_one(reading)
            if not cursor.take(","):
                if in_parentheses:
                    cursor.expect(")")
                return

    def _read_one(self, reading: Reading) -> None:
        cursor, operation = reading.cursor, reading.operation
        if cursor.peek() == "%":
            value = cursor.value()
            operation.tied_results.append(value)
            type = cursor.type() if cursor.take("as") else operation.type_of(value)
            if type is None:
                raise cursor.error(f"{value.text} is not an operand of this operation")
        else:
            type = cursor.type()
        operation.add_type(self.group, type)
        read_dims(reading, self.group)


@dataclass(frozen=True, slots=True)
class FunctionalType:
    """`(T, T) -> T` for operands and results, with dimensions and tied results where they may be."""

    operands: str
    results: str

    def starts(self, reading: Reading) -> bool:
        return reading.cursor.peek() == "("

    def read(self, reading: Reading) -> None:
        cursor = reading.cursor
        cursor.expect("(")
        reading.operation.types.setdefault(self.operands, [])
        while not cursor.take(")"):
            reading.operation.add_type(self.operands, cursor.type())
            read_dims(reading, self.operands)
            cursor.take(",")
        cursor.expect("->")
        ResultTypes(self.results).read(reading)
