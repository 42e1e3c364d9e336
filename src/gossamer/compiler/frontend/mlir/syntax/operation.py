"""One operation as read from its pretty form, before it is written in generic form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gossamer.compiler.frontend.mlir.syntax.cursor import Piece
from gossamer.compiler.frontend.mlir.syntax.output import Output

UNIT = "unit"


@dataclass(frozen=True, slots=True)
class RegionText:
    """A region, rewritten: from its opening brace to its closing one.

    Attributes:
        arguments: text of the entry block's arguments, where the operation lists them ahead of the region.
    """

    body: Output
    offset: int
    arguments: Piece | None = None


@dataclass(slots=True)
class OperationText:
    """Parts of an operation by the names its format gives them.

    Attributes:
        offset: where its name starts in the source.
        operands: groups of SSA values, in the order of the generic form.
        types: of operand and result groups; one type may stand for a whole group.
        attributes: by name, as attribute text.
        dictionaries: insides of attribute dictionaries that stay as they are.
        regions: in order.
        block_arguments: waiting for the next region.
    """

    offset: int
    operands: dict[str, list[Piece]] = field(default_factory=dict[str, list[Piece]])
    types: dict[str, list[Piece]] = field(default_factory=dict[str, list[Piece]])
    attributes: dict[str, Piece] = field(default_factory=dict[str, Piece])
    dictionaries: list[Piece] = field(default_factory=list[Piece])
    regions: list[RegionText] = field(default_factory=list[RegionText])
    block_arguments: Piece | None = None
    tied_results: list[Piece] = field(default_factory=list[Piece])

    def add_operands(self, group: str, values: Sequence[Piece], type: str = "") -> None:
        """Add values to a group, all of one type where it is given."""
        self.operands.setdefault(group, []).extend(values)
        if type:
            self.types.setdefault(group, []).extend(Piece(type, value.offset) for value in values)

    def add_type(self, group: str, type: Piece) -> None:
        """Add the type of a group's next value."""
        self.types.setdefault(group, []).append(type)

    def set(self, name: str, text: str, offset: int | None = None) -> None:
        """Set an attribute."""
        self.attributes[name] = Piece(text, self.offset if offset is None else offset)

    def type_of(self, value: Piece) -> Piece | None:
        """Type of an operand, where it has been read."""
        for group, values in self.operands.items():
            for operand, type in zip(values, self.types.get(group, ()), strict=False):
                if operand.text == value.text:
                    return type
        return None
