"""Tables of a module as JSON, laid out as IREE's printer lays them out."""

from __future__ import annotations

from collections.abc import Iterator

from gossamer.format.archive import locate_flatbuffer, read_module
from gossamer.format.bytecode_module_schema import FILE_IDENTIFIER, ModuleField
from gossamer.format.flatbuffer import FlatBuffer
from gossamer.format.module_def import Bytes
from gossamer.format.table_values import TableVector, Value, table_values

_STEP = 2
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def json_text(data: Bytes, *, pretty: bool = False) -> str:
    """Print the tables of a module.

    Args:
        data: bytes of the file.
        pretty: on many lines, indented.
    Raises: FormatError where the bytes are not a module.
    """
    view = memoryview(data)
    # Why: reading it checks what the tables below take for granted, such as kinds of locations.
    read_module(view)
    flatbuffer, _ = locate_flatbuffer(view)
    buffer = FlatBuffer(view[flatbuffer], file_offset=flatbuffer.start)
    root = table_values(buffer.root("BytecodeModuleDef", FILE_IDENTIFIER), ModuleField)
    return "".join(_pretty(root, 0)) + "\n" if pretty else "".join(_compact(root))


def _compact(value: Value | None) -> Iterator[str]:
    match value:
        case dict():
            yield "{"
            for index, (name, inner) in enumerate(value.items()):
                yield f'{"," if index else ""}"{name}":'
                yield from _compact(inner)
            yield "}"
        case TableVector(elements=elements) | list(elements):
            yield "["
            for index, element in enumerate(elements):
                if index:
                    yield ","
                yield from _compact(element)
            yield "]"
        case _:
            yield _scalar_text(value)


def _pretty(value: Value | None, indent: int) -> Iterator[str]:
    match value:
        case dict():
            yield from _pretty_object(value, indent)
        case TableVector():
            # Why: tables follow one another on the line that closes the one before.
            yield "["
            for index, element in enumerate(value.elements):
                if index:
                    yield ","
                yield from _pretty(element, indent + _STEP)
            yield f"\n{' ' * indent}]"
        case list():
            yield "["
            for index, element in enumerate(value):
                yield f"{',' if index else ''}\n{' ' * (indent + _STEP)}"
                yield from _pretty(element, indent + _STEP)
            yield f"\n{' ' * indent}]"
        case _:
            yield _scalar_text(value)


def _pretty_object(value: dict[str, Value], indent: int) -> Iterator[str]:
    yield "{"
    for index, (name, inner) in enumerate(value.items()):
        yield f'{"," if index else ""}\n{" " * (indent + _STEP)}"{name}": '
        yield from _pretty(inner, indent + _STEP)
    yield f"\n{' ' * indent}}}"


def _scalar_text(value: int | str | None) -> str:
    if value is None:
        return "null"
    if isinstance(value, int):
        return str(value)
    return f'"{"".join(_escape(character) for character in value)}"'


def _escape(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return f"\\u{ord(character):04x}" if ord(character) < 0x20 else character
