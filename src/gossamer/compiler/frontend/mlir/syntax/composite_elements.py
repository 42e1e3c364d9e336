"""Elements of assembly formats that are made of others, or of several kinds of things.

Their methods are those of `Element`, documented there.
"""

# ruff: noqa: D102

from __future__ import annotations

from dataclasses import dataclass

from gossamer.compiler.frontend.mlir.syntax.cursor import Piece
from gossamer.compiler.frontend.mlir.syntax.elements import Element, Operands, Reading, Types
from gossamer.compiler.frontend.mlir.syntax.operation import UNIT

_DYNAMIC = "-9223372036854775808"
"""What static index lists hold where the index is an operand."""


@dataclass(frozen=True, slots=True)
class Dictionary:
    """An attribute dictionary, after the word `attributes` where `has_keyword`."""

    has_keyword: bool = False

    def starts(self, reading: Reading) -> bool:
        return reading.cursor.is_at("attributes" if self.has_keyword else "{")

    def read(self, reading: Reading) -> None:
        cursor = reading.cursor
        if self.has_keyword:
            if not cursor.take("attributes"):
                return
        elif cursor.peek() != "{" or reading.regions.is_region(cursor):
            return
        text, offset = cursor.balanced()
        inside = text[1:-1]
        if inside.strip():
            reading.operation.dictionaries.append(Piece(inside, offset + 1))


@dataclass(frozen=True, slots=True)
class OperandsWithTypes:
    """`(%a, %b : T, U)`."""

    group: str

    def starts(self, reading: Reading) -> bool:
        return reading.cursor.peek() == "("

    def read(self, reading: Reading) -> None:
        reading.cursor.expect("(")
        Operands(self.group, is_list=True).read(reading)
        if reading.cursor.take(":"):
            Types(self.group, is_list=True).read(reading)
        reading.cursor.expect(")")


@dataclass(frozen=True, slots=True)
class MixedIndices:
    """`[%a, 3]`: dynamic indices are operands, all together are the attribute `static_<group>`."""

    group: str

    def starts(self, reading: Reading) -> bool:
        return reading.cursor.peek() == "["

    def read(self, reading: Reading) -> None:
        cursor = reading.cursor
        start = cursor.skip_space()
        cursor.expect("[")
        values: list[Piece] = []
        static: list[str] = []
        while not cursor.take("]"):
            if cursor.peek() == "%":
                values.append(cursor.value())
                static.append(_DYNAMIC)
            else:
                static.append(cursor.number().text)
            cursor.take(",")
        reading.operation.add_operands(self.group, values, "index")
        text = f"array<i64: {', '.join(static)}>" if static else "array<i64>"
        reading.operation.set(f"static_{self.group}", text, start)


@dataclass(frozen=True, slots=True)
class AssumedOperands:
    """`%a<umin = 1>, %b[<...>, <...>]`: what is assumed of the values is hints, and is dropped."""

    group: str

    def starts(self, reading: Reading) -> bool:
        return reading.cursor.peek() == "%"

    def read(self, reading: Reading) -> None:
        cursor = reading.cursor
        while True:
            reading.operation.add_operands(self.group, [cursor.value()])
            if cursor.peek() in ("<", "["):
                cursor.balanced()
            if not cursor.take(","):
                return


@dataclass(frozen=True, slots=True)
class Clauses:
    """Any of `name(attribute)`, `name = attribute` and `name`, up to a word that opens something else."""

    stop_words: tuple[str, ...] = ("ins", "outs", "into", "attributes")

    def starts(self, reading: Reading) -> bool:
        return True

    def read(self, reading: Reading) -> None:
        cursor = reading.cursor
        while cursor.is_at_identifier() and not any(cursor.is_at(word) for word in self.stop_words):
            name, start = cursor.identifier()
            text = UNIT
            if cursor.take("("):
                text = cursor.attribute().text
                cursor.expect(")")
            elif cursor.take("="):
                text = cursor.attribute().text
            reading.operation.set(name, text, start)


@dataclass(frozen=True, slots=True)
class BlockArguments:
    """`(%a: T, %b: T)`: arguments of the entry block of the region that follows."""

    def starts(self, reading: Reading) -> bool:
        return reading.cursor.peek() == "("

    def read(self, reading: Reading) -> None:
        text, offset = reading.cursor.balanced()
        reading.operation.block_arguments = Piece(text[1:-1], offset + 1)


@dataclass(frozen=True, slots=True)
class Region:
    """A region; names of the enclosing ones may be given anew in it where `is_isolated`."""

    is_isolated: bool = False

    def starts(self, reading: Reading) -> bool:
        return reading.cursor.peek() == "{"

    def read(self, reading: Reading) -> None:
        operation = reading.operation
        region = reading.regions.read_region(
            reading.cursor, operation.block_arguments, is_isolated=self.is_isolated
        )
        operation.block_arguments = None
        operation.regions.append(region)


@dataclass(frozen=True, slots=True)
class Concatenation:
    """Elements one after the other."""

    elements: tuple[Element, ...]

    def starts(self, reading: Reading) -> bool:
        return self.elements[0].starts(reading)

    def read(self, reading: Reading) -> None:
        for element in self.elements:
            element.read(reading)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several elements, told apart by how they start."""

    alternatives: tuple[Element, ...]
    is_optional: bool = False
    is_repeated: bool = False

    def starts(self, reading: Reading) -> bool:
        return any(alternative.starts(reading) for alternative in self.alternatives)

    def read(self, reading: Reading) -> None:
        while True:
            for alternative in self.alternatives:
                if alternative.starts(reading):
                    alternative.read(reading)
                    break
            else:
                if not (self.is_optional or self.is_repeated):
                    raise reading.cursor.error("this is not part of the operation's syntax")
                return
            if not self.is_repeated:
                return
