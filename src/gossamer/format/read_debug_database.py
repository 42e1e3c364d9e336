"""FlatBuffer of a module's debug database → `DebugDatabase`."""

from __future__ import annotations

import struct

from gossamer.format.bytecode_module_schema import (
    BYTECODE_LOCATION,
    CallSiteField,
    DebugField,
    FileLineColField,
    FusedField,
    LocationKind,
    NameField,
    SourceMapField,
)
from gossamer.format.flatbuffer import Table
from gossamer.format.module_def import (
    CallSiteLocation,
    DebugDatabase,
    DebugLocation,
    FileLineColLocation,
    FunctionSourceMap,
    FusedLocation,
    NameLocation,
)


def read_debug_database(table: Table | None) -> DebugDatabase | None:
    """Read where instructions came from; None where the module does not say.

    Raises: FormatError where a location refers to one that does not exist.
    """
    if table is None:
        return None
    locations = _read_locations(table)
    functions = tuple(
        _read_source_map(function, len(locations))
        for function in table.tables(DebugField.FUNCTIONS, "FunctionSourceMapDef")
    )
    return DebugDatabase(locations, functions)


def _read_locations(table: Table) -> tuple[DebugLocation, ...]:
    kinds = table.vector(DebugField.LOCATION_TABLE_TYPE, 1) or memoryview(b"")
    references = list(table.references(DebugField.LOCATION_TABLE))
    if len(references) != len(kinds):
        message = f"{len(kinds)} location kinds but {len(references)} locations"
        raise table.buffer.error(message, table.position, table.name)
    return tuple(
        _read_location(table, index, position, kinds[index], len(kinds)) for index, position in references
    )


def _read_location(table: Table, index: int, position: int, kind: int, count: int) -> DebugLocation:
    buffer = table.buffer
    if kind == LocationKind.NONE or kind > LocationKind.NAME:
        # Why: a kind that later writers add is a place we cannot show, not a reason to refuse their module.
        return None
    target = buffer.follow(position, "LocationTypeDef", index)
    location = Table(buffer, target, "LocationTypeDef", index)
    match LocationKind(kind):
        case LocationKind.CALL_SITE:
            callee = _location_index(location, location.scalar(CallSiteField.CALLEE, "i"), count)
            caller = _location_index(location, location.scalar(CallSiteField.CALLER, "i"), count)
            return CallSiteLocation(callee, caller)
        case LocationKind.FILE_LINE_COL:
            filename = location.string(FileLineColField.FILENAME) or ""
            line = location.scalar(FileLineColField.LINE, "i")
            return FileLineColLocation(filename, line, location.scalar(FileLineColField.COLUMN, "i"))
        case LocationKind.FUSED:
            return _read_fused(location, count)
        case _:
            child = location.scalar(NameField.CHILD_LOCATION, "i")
            return NameLocation(
                location.string(NameField.NAME) or "", _location_index(location, child, count)
            )


def _location_index(table: Table, index: int, count: int) -> int:
    if not 0 <= index < count:
        message = f"refers to location {index} of {count}"
        raise table.buffer.error(message, table.position, table.name, table.index)
    return index


def _read_fused(location: Table, count: int) -> FusedLocation:
    children = location.vector(FusedField.LOCATIONS, 4, 4) or memoryview(b"")
    location.buffer.charge(len(children), location.position)
    indices = struct.unpack(f"<{len(children) // 4}i", children)
    checked = tuple(_location_index(location, index, count) for index in indices)
    return FusedLocation(location.string(FusedField.METADATA) or "", checked)


def _read_source_map(function: Table, count: int) -> FunctionSourceMap:
    locations = tuple(
        (offset, _location_index(function, location, count))
        for offset, location in function.structs(SourceMapField.LOCATIONS, BYTECODE_LOCATION)
    )
    return FunctionSourceMap(function.string(SourceMapField.LOCAL_NAME) or "", locations)
