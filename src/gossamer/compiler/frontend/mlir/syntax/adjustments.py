"""Adjustments shared by formats: types that the pretty form leaves out."""

from __future__ import annotations

from gossamer.compiler.frontend.mlir.syntax.assembly_format import Adjustment
from gossamer.compiler.frontend.mlir.syntax.cursor import ForeignSyntaxError, Piece
from gossamer.compiler.frontend.mlir.syntax.operation import OperationText


def typed(type: str, *groups: str) -> Adjustment:
    """Give all operands of some groups a fixed type."""

    def adjust(operation: OperationText) -> None:
        for group in groups:
            operation.types[group] = [
                Piece(type, value.offset) for value in operation.operands.get(group, ())
            ]

    return adjust


def same_type(group: str, other: str) -> Adjustment:
    """Give a group the types of another."""

    def adjust(operation: OperationText) -> None:
        operation.types[group] = list(operation.types.get(other, ()))

    return adjust


def element_type(group: str, shaped: str) -> Adjustment:
    """Give a group the element type of a shaped one."""

    def adjust(operation: OperationText) -> None:
        operation.types[group] = [element_of(type) for type in operation.types[shaped][:1]]

    return adjust


def in_order(*adjustments: Adjustment) -> Adjustment:
    """Make several adjustments."""

    def adjust(operation: OperationText) -> None:
        for adjustment in adjustments:
            adjustment(operation)

    return adjust


def element_of(type: Piece) -> Piece:
    """Element type of a shaped type: `tensor<4x?xcomplex<f32>, #enc>` has `complex<f32>`."""
    _, opening, inside = type.text.partition("<")
    if not opening:
        raise ForeignSyntaxError(
            f"expected a shaped type such as 'tensor<4xf32>', found '{type.text}'", type.offset
        )
    depth = 0
    end = len(inside) - 1
    for index, char in enumerate(inside):
        if char in "<([{":
            depth += 1
        elif char in ")]}" or (char == ">" and inside[index - 1] != "-"):
            depth -= 1
        if depth < 0 or (char == "," and depth == 0):
            end = index
            break
    shape = inside[:end].strip()
    while (extent := shape.partition("x")[0]).isdigit() or extent == "?":
        shape = shape[len(extent) + 1 :]
    return Piece(shape, type.offset)
