"""Writes an operation in MLIR's generic form, on as many lines as its pretty form had."""

from __future__ import annotations

from gossamer.compiler.frontend.mlir.syntax.assembly_format import OperationFormat
from gossamer.compiler.frontend.mlir.syntax.cursor import ForeignSyntaxError, Piece
from gossamer.compiler.frontend.mlir.syntax.operation import UNIT, OperationText, RegionText
from gossamer.compiler.frontend.mlir.syntax.output import Output


def write_generic_form(
    form: OperationFormat, operation: OperationText, end: int, output: Output, location: str
) -> None:
    """Append an operation to the output.

    Args:
        end: offset in the source where the operation ends.
        location: a trailing `loc(...)`, or "".
    Raises: ForeignSyntaxError when operands and types do not match.
    """
    start = operation.offset
    line_count = output.line_count
    operands, types = _operands_with_types(form, operation)
    _set_segments(operation)
    output.insert(f'"{form.generic_name or form.name}"(', start)
    _write_list(operands, output, start)
    output.insert(")", start)
    if operation.regions:
        _write_regions(operation, output, line_count)
    _write_attributes(operation, output)
    output.insert(" : (", start)
    _write_list(types, output, start)
    output.insert(") -> (", start)
    _write_list(_result_types(form, operation), output, start)
    output.insert(f"){location}", start)
    output.pad_lines(start, end, line_count)


def _operands_with_types(form: OperationFormat, operation: OperationText) -> tuple[list[Piece], list[Piece]]:
    operands: list[Piece] = []
    types: list[Piece] = []
    for group, values in operation.operands.items():
        group_types = operation.types.get(group, [])
        if len(group_types) == 1:
            group_types = group_types * len(values)
        if len(group_types) != len(values):
            raise ForeignSyntaxError(
                f"'{form.name}' has {len(values)} operands but {len(group_types)} types here",
                values[0].offset if values else operation.offset,
            )
        operands += values
        types += group_types
    return operands, types


def _set_segments(operation: OperationText) -> None:
    """Say how many operands each group has, and which of them results are tied to."""
    sizes = [len(values) for values in operation.operands.values()]
    if len(sizes) > 1 and any(size != 1 for size in sizes):
        operation.set("operandSegmentSizes", f"array<i32: {', '.join(map(str, sizes))}>")
    if operation.tied_results:
        names = [value.text for values in operation.operands.values() for value in values]
        indices = [str(names.index(value.text)) for value in operation.tied_results]
        operation.set("tied_operands", f"array<i64: {', '.join(indices)}>")


def _result_types(form: OperationFormat, operation: OperationText) -> list[Piece]:
    types: list[Piece] = []
    for result in form.results:
        if result.startswith("="):
            types.append(Piece(result[1:], operation.offset))
        elif result.startswith("typeof:"):
            attribute = operation.attributes[result.removeprefix("typeof:")]
            types.append(Piece(type_of_attribute(attribute), attribute.offset))
        else:
            types += operation.types.get(result, [])
    return types


def type_of_attribute(attribute: Piece) -> str:
    """Type written after an attribute's last colon outside brackets.

    Raises: ForeignSyntaxError where there is none.
    """
    text = attribute.text
    depth = 0
    for index in range(len(text) - 1, -1, -1):
        char = text[index]
        if char in ")]}" or (char == ">" and text[index - 1] != "-"):
            depth += 1
        elif char in "<([{":
            depth -= 1
        elif char == ":" and depth == 0:
            return text[index + 1 :].strip()
    if text in ("true", "false"):
        return "i1"
    raise ForeignSyntaxError("this attribute needs a type: write `value : type`", attribute.offset)


def _write_regions(operation: OperationText, output: Output, first_line: int) -> None:
    output.insert(" (", operation.offset)
    for index, region in enumerate(operation.regions):
        if index:
            output.insert(", ", region.offset)
        _write_region(region, operation.offset, output, first_line)
    output.insert(")", operation.offset)


def _write_region(region: RegionText, start: int, output: Output, first_line: int) -> None:
    # Lines are evened out ahead of each region, so that what is in it stays on its own lines.
    output.pad_lines(start, region.offset, first_line)
    output.insert("{", region.offset)
    if region.arguments is not None:
        output.insert("^bb0(", region.arguments.offset)
        output.insert_flat(*region.arguments)
        output.insert("): ", region.arguments.offset)
    output.append(region.body)
    output.insert("}", region.offset)


def _write_attributes(operation: OperationText, output: Output) -> None:
    if not operation.attributes and not operation.dictionaries:
        return
    output.insert(" {", operation.offset)
    is_first = True
    for name, value in operation.attributes.items():
        output.insert("" if is_first else ", ", operation.offset)
        output.insert(name, operation.offset)
        if value.text != UNIT:
            output.insert(" = ", operation.offset)
            output.insert_flat(*value)
        is_first = False
    for dictionary in operation.dictionaries:
        output.insert("" if is_first else ", ", operation.offset)
        output.insert_flat(*dictionary)
        is_first = False
    output.insert("}", operation.offset)


def _write_list(pieces: list[Piece], output: Output, start: int) -> None:
    for index, piece in enumerate(pieces):
        output.insert(", " if index else "", start)
        output.insert_flat(*piece)
