"""`util.func` and `util.initializer`: only their headers differ from `func.func`, bodies stay in place."""

from __future__ import annotations

from gossamer.compiler.frontend.mlir.syntax.cursor import Cursor, Piece
from gossamer.compiler.frontend.mlir.syntax.output import Output

FUNCTION_OPERATIONS = ("util.func", "util.initializer")

UTIL_FUNCTION_MARKER = "gossamer.util_func"
INITIALIZER_MARKER = "gossamer.initializer"


def rewrite_header(name: str, cursor: Cursor, start: int, output: Output, initializer: int) -> int:
    """Rewrite a function's header, up to the brace of its body or the end of its declaration.

    Args:
        cursor: after the operation's name, which is at `start`.
        initializer: number for an initializer's name.
    Returns: offset where the source goes on as it is.
    Raises: ForeignSyntaxError.
    """
    first_line = output.line_count
    if name == "util.initializer":
        output.insert(f"func.func private @__init{initializer}()", start)
        _write_attributes(cursor, INITIALIZER_MARKER, output)
    else:
        _write_function(cursor, start, output)
        _write_attributes(cursor, UTIL_FUNCTION_MARKER, output)
    output.pad_lines(start, cursor.offset, first_line)
    return cursor.offset


def _write_function(cursor: Cursor, start: int, output: Output) -> None:
    output.insert_flat("func.func ", start)
    if cursor.is_at("private") or cursor.is_at("nested"):
        output.insert("private ", cursor.identifier().offset)
    else:
        # `func.func` has no word for it: public is what is not private.
        cursor.take("public")
    output.insert_flat(*cursor.symbol())
    parameters = cursor.balanced()
    output.insert_flat(*parameters)
    if cursor.take("->"):
        _write_results(cursor, parameters, output)


def _write_results(cursor: Cursor, parameters: Piece, output: Output) -> None:
    """Write result types; a tied result (`%arg`, `%arg as T`) becomes its type."""
    output.insert(" -> (", cursor.offset)
    in_parentheses = cursor.take("(")
    separator = ""
    while not (in_parentheses and cursor.take(")")):
        output.insert(separator, cursor.offset)
        separator = ", "
        output.insert_flat(*_result_type(cursor, parameters))
        if in_parentheses and cursor.peek() == "{":
            output.insert(" ", cursor.offset)
            output.insert_flat(*cursor.balanced())
        if not cursor.take(","):
            if in_parentheses:
                cursor.expect(")")
            break
    output.insert(")", cursor.offset)


def _result_type(cursor: Cursor, parameters: Piece) -> Piece:
    if cursor.peek() != "%":
        return cursor.type()
    value = cursor.value()
    if cursor.take("as"):
        return cursor.type()
    inside = Cursor(cursor.text, parameters.offset + 1)
    while inside.peek() == "%":
        name = inside.value()
        inside.expect(":")
        type = inside.type()
        if name.text == value.text:
            return Piece(type.text, value.offset)
        if inside.peek() == "{":
            inside.balanced()
        inside.take(",")
    raise cursor.error(f"{value.text} is not an argument of this function")


def _write_attributes(cursor: Cursor, marker: str, output: Output) -> None:
    output.insert(f" attributes {{{marker}", cursor.offset)
    if cursor.take("attributes"):
        text, offset = cursor.balanced()
        if text[1:-1].strip():
            output.insert(", ", offset)
            output.insert_flat(text[1:-1], offset + 1)
    output.insert("}", cursor.offset)
