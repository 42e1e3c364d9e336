"""The tables of a bytecode module, as plain data.

What `read_module` returns and `write_module` takes. Field names are those of the FlatBuffer schema
(`iree/schemas/bytecode_module_def.fbs` of IREE 3.13.0) but for `rodata_segments[i].data`, which is the
bytes themselves wherever the file keeps them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntFlag
from typing import NamedTuple, TypeAlias

from gossamer.versions import BYTECODE_VERSION

Bytes: TypeAlias = bytes | memoryview
GLOBALS_ATTR = "gossamer.globals"
"""Module attribute: one line for each global, `name<TAB>storage type<TAB>place<TAB>declared type`.

The place is a byte offset for value types and an ordinal for refs. Two more fields may follow: `dims=8,16`,
the places of the `i64` globals that hold the dynamic dimensions of a tensor, in order; and `immutable`, for a
global that never changes once the module is initialised. Other runtimes ignore the attribute.
"""

Attributes: TypeAlias = tuple[tuple[str, str], ...]
"""Key and value pairs, in file order."""


class Requirements(IntFlag):
    """Features a module or a function needs of the VM."""

    EXT_F32 = 1
    EXT_F64 = 2
    YIELD = 4
    UNWIND = 8


NO_REQUIREMENTS = Requirements(0)


class FunctionSignature(NamedTuple):
    """How a function is called, and its reflection attributes."""

    calling_convention: str
    attrs: Attributes = ()


@dataclass(frozen=True, slots=True)
class ModuleDependency:
    """A module that must (or may, if not required) be loaded before this one."""

    name: str
    minimum_version: int = 0
    is_required: bool = True


class ImportFunction(NamedTuple):
    """A function of a module loaded before; `full_name` is `module.function`, split at the first dot."""

    full_name: str
    signature: FunctionSignature
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class ExportFunction:
    """A name for an internal function; several exports may share one."""

    local_name: str
    internal_ordinal: int


@dataclass(frozen=True, slots=True)
class RodataSegment:
    """Constant bytes.

    Attributes:
        data: the bytes; borrowed from the file when read.
        is_external: kept outside the FlatBuffer. The writer decides by `mime_type` and size when None.
        external_offset: when read from a file, offset of external data past the end of the FlatBuffer.
        alignment: of external data in the file, bytes.
        mime_type: of external data; names the archive entry's extension.
        name: of the archive entry.
    """

    data: Bytes
    is_external: bool | None = None
    external_offset: int = 0
    alignment: int = 16
    mime_type: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class FunctionDescriptor:
    """Where a function's bytecode is and what frame it needs; offsets and lengths in bytes."""

    bytecode_offset: int
    bytecode_length: int
    requirements: Requirements
    block_count: int
    i32_register_count: int
    ref_register_count: int


@dataclass(frozen=True, slots=True)
class FileLineColLocation:
    """A place in a source file."""

    filename: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class CallSiteLocation:
    """An inlined call; both are indices of the location table."""

    callee: int
    caller: int


@dataclass(frozen=True, slots=True)
class FusedLocation:
    """Several locations of one operation; `locations` are indices of the location table."""

    metadata: str
    locations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NameLocation:
    """A named location; `child` is an index of the location table."""

    name: str
    child: int


DebugLocation: TypeAlias = FileLineColLocation | CallSiteLocation | FusedLocation | NameLocation | None


@dataclass(frozen=True, slots=True)
class FunctionSourceMap:
    """Locations of one function: pairs of (function-relative bytecode offset, index of a location)."""

    local_name: str
    locations: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class DebugDatabase:
    """Where instructions came from; `functions` is by internal ordinal."""

    locations: tuple[DebugLocation, ...] = ()
    functions: tuple[FunctionSourceMap, ...] = ()


@dataclass(frozen=True, slots=True)
class ModuleDef:
    """A bytecode module.

    Attributes:
        function_signatures: parallel to `function_descriptors`.
        rwdata_segments: byte sizes; nothing uses them.
        global_bytes_capacity: bytes of value globals in a module's state, addressed by byte offset.
        global_ref_count: refs in a module's state, addressed by ordinal.
        bytecode_data: all functions' bytecode; descriptors point into it.
    """

    name: str
    version: int = 0
    requirements: Requirements = NO_REQUIREMENTS
    attrs: Attributes = ()
    types: tuple[str, ...] = ()
    dependencies: tuple[ModuleDependency, ...] = ()
    imported_functions: tuple[ImportFunction, ...] = ()
    exported_functions: tuple[ExportFunction, ...] = ()
    function_signatures: tuple[FunctionSignature, ...] = ()
    rodata_segments: tuple[RodataSegment, ...] = ()
    rwdata_segments: tuple[int, ...] = ()
    global_bytes_capacity: int = 0
    global_ref_count: int = 0
    function_descriptors: tuple[FunctionDescriptor, ...] = ()
    bytecode_version: int = BYTECODE_VERSION[0] << 16 | BYTECODE_VERSION[1]
    bytecode_data: Bytes = field(default=b"", repr=False)
    debug_database: DebugDatabase | None = field(default=None, repr=False)
