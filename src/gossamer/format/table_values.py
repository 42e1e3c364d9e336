"""Tables of a module as a tree of plain values, by the names of the schema.

Fields that are absent or have their default are left out; structs have all fields; flags are names with
spaces between them. The vector of debug locations, of a union, is two vectors: kinds, then values.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import TypeAlias

from gossamer.format import bytecode_module_schema as schema
from gossamer.format.flatbuffer import Table
from gossamer.format.module_def import Requirements


@dataclass(frozen=True, slots=True)
class TableVector:
    """A vector of tables or unions; None is a union without a value."""

    elements: list[dict[str, Value] | None]


Value: TypeAlias = (
    "int | str | dict[str, Value] | TableVector | list[int] | list[str] | list[dict[str, Value]]"
)
_Read: TypeAlias = "Callable[[Table, int], Value | None]"


def table_values(table: Table, fields: type[IntEnum]) -> dict[str, Value]:
    """Read all fields of a table, by name in schema order.

    Args:
        fields: the table's entry in the schema.
    Raises: FormatError where a field is out of bounds.
    """
    values: dict[str, Value] = {}
    for name, read in _FIELDS[fields].items():
        value = read(table, fields[name.upper()])
        if value is not None:
            values[name] = value
    return values


def _string(table: Table, field: int) -> Value | None:
    return table.string(field)


def _scalar(character: str) -> _Read:
    return lambda table, field: table.scalar(field, character) or None


def _flags(kind: type[IntFlag], default: int = 0) -> _Read:
    def read(table: Table, field: int) -> Value | None:
        bits = table.scalar(field, "I", default)
        return None if bits == default else _flag_names(kind, bits)

    return read


def _flag_names(kind: type[IntFlag], bits: int) -> Value:
    known = sum(bit.value for bit in kind)
    if not bits or bits & ~known:
        return bits
    return " ".join(bit.name or "" for bit in kind if bits & bit.value)


def _table(fields: type[IntEnum]) -> _Read:
    def read(table: Table, field: int) -> Value | None:
        inner = table.table(field, fields.__name__)
        return None if inner is None else table_values(inner, fields)

    return read


def _tables(fields: type[IntEnum]) -> _Read:
    def read(table: Table, field: int) -> Value | None:
        if not table.has(field):
            return None
        return TableVector([table_values(inner, fields) for inner in table.tables(field, fields.__name__)])

    return read


def _numbers(character: str) -> _Read:
    layout = struct.Struct(f"<{character}")

    def read(table: Table, field: int) -> Value | None:
        vector = table.vector(field, layout.size, layout.size)
        if vector is None:
            return None
        return list(struct.unpack(f"<{len(vector) // layout.size}{character}", vector))

    return read


def _structs(layout: struct.Struct, names: Sequence[str]) -> _Read:
    def read(table: Table, field: int) -> Value | None:
        if not table.has(field):
            return None
        return [_struct_values(names, values) for values in table.structs(field, layout)]

    return read


def _struct_values(names: Sequence[str], values: Iterable[int]) -> dict[str, Value]:
    return {
        name: _flag_names(Requirements, value) if name == "requirements" else value
        for name, value in zip(names, values, strict=True)
    }


_LOCATIONS: dict[int, tuple[str, type[IntEnum] | None]] = {
    schema.LocationKind.NONE: ("NONE", None),
    schema.LocationKind.CALL_SITE: ("CallSiteLocDef", schema.CallSiteField),
    schema.LocationKind.FILE_LINE_COL: ("FileLineColLocDef", schema.FileLineColField),
    schema.LocationKind.FUSED: ("FusedLocDef", schema.FusedField),
    schema.LocationKind.NAME: ("NameLocDef", schema.NameField),
}


def _location_kind(kind: int) -> tuple[str, type[IntEnum] | None]:
    return _LOCATIONS.get(kind, (str(kind), None))


def _location_kinds(table: Table, field: int) -> Value | None:
    kinds = table.vector(field, 1)
    return None if kinds is None else [_location_kind(kind)[0] for kind in kinds]


def _locations(table: Table, field: int) -> Value | None:
    kinds = table.vector(schema.DebugField.LOCATION_TABLE_TYPE, 1)
    if kinds is None:
        return None
    elements: list[dict[str, Value] | None] = []
    for index, position in table.references(field):
        name, fields = _location_kind(kinds[index])
        if fields is None:
            elements.append(None)
        else:
            target = table.buffer.follow(position, name, index)
            elements.append(table_values(Table(table.buffer, target, name, index), fields))
    return TableVector(elements)


_FUNCTION_DESCRIPTOR_NAMES = (
    "bytecode_offset",
    "bytecode_length",
    "requirements",
    "reserved",
    "block_count",
    "i32_register_count",
    "ref_register_count",
)

_FIELDS: dict[type[IntEnum], dict[str, _Read]] = {
    schema.ModuleField: {
        "name": _string,
        "version": _scalar("I"),
        "requirements": _flags(Requirements),
        "attrs": _tables(schema.AttrField),
        "types": _tables(schema.TypeField),
        "dependencies": _tables(schema.DependencyField),
        "imported_functions": _tables(schema.ImportField),
        "exported_functions": _tables(schema.ExportField),
        "function_signatures": _tables(schema.SignatureField),
        "rodata_segments": _tables(schema.RodataField),
        "rwdata_segments": _tables(schema.RwdataField),
        "module_state": _table(schema.StateField),
        "function_descriptors": _structs(schema.FUNCTION_DESCRIPTOR, _FUNCTION_DESCRIPTOR_NAMES),
        "bytecode_version": _scalar("I"),
        "bytecode_data": _numbers("B"),
        "debug_database": _table(schema.DebugField),
    },
    schema.AttrField: {"key": _string, "value": _string},
    schema.TypeField: {"full_name": _string},
    schema.SignatureField: {"calling_convention": _string, "attrs": _tables(schema.AttrField)},
    schema.DependencyField: {
        "name": _string,
        "minimum_version": _scalar("I"),
        "flags": _flags(schema.Presence, schema.Presence.REQUIRED),
    },
    schema.ImportField: {
        "full_name": _string,
        "signature": _table(schema.SignatureField),
        "flags": _flags(schema.Presence, schema.Presence.REQUIRED),
    },
    schema.ExportField: {"local_name": _string, "internal_ordinal": _scalar("i")},
    schema.RodataField: {
        "embedded_data": _numbers("B"),
        "external_data_offset": _scalar("Q"),
        "external_data_length": _scalar("Q"),
    },
    schema.RwdataField: {"byte_size": _scalar("i")},
    schema.StateField: {"global_bytes_capacity": _scalar("i"), "global_ref_count": _scalar("i")},
    schema.DebugField: {
        "location_table_type": _location_kinds,
        "location_table": _locations,
        "functions": _tables(schema.SourceMapField),
    },
    schema.CallSiteField: {"callee": _scalar("i"), "caller": _scalar("i")},
    schema.FileLineColField: {"filename": _string, "line": _scalar("i"), "column": _scalar("i")},
    schema.FusedField: {"metadata": _string, "locations": _numbers("i")},
    schema.NameField: {"name": _string, "child_location": _scalar("i")},
    schema.SourceMapField: {
        "local_name": _string,
        "locations": _structs(schema.BYTECODE_LOCATION, ("bytecode_offset", "location")),
    },
}
