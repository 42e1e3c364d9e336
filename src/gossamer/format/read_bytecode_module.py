"""FlatBuffer of a bytecode module → `ModuleDef`, with the checks that need no bytecode.

What must hold of a module before its functions are verified: a known version and known requirements,
names where names are needed, ordinals and spans in range.
"""

from __future__ import annotations

from gossamer.errors import FormatError, VersionMismatchError
from gossamer.format.bytecode_module_schema import (
    FILE_IDENTIFIER,
    FUNCTION_DESCRIPTOR,
    AttrField,
    DependencyField,
    ExportField,
    ImportField,
    ModuleField,
    Presence,
    RodataField,
    RwdataField,
    SignatureField,
    StateField,
    TypeField,
)
from gossamer.format.flatbuffer import FlatBuffer, Table
from gossamer.format.module_def import (
    Attributes,
    Bytes,
    ExportFunction,
    FunctionDescriptor,
    FunctionSignature,
    ImportFunction,
    ModuleDef,
    ModuleDependency,
    Requirements,
    RodataSegment,
)
from gossamer.format.read_debug_database import read_debug_database
from gossamer.versions import BYTECODE_VERSION

_KNOWN_REQUIREMENTS = sum(bit.value for bit in Requirements)
_VALUE_TYPES = frozenset({"i8", "i16", "i32", "i64", "f32", "f64"})
_MAX_ALIGNMENT = 64
_MAX_I32_REGISTERS = 0x7FFF
_MAX_REF_REGISTERS = 0x3FFF


def read_bytecode_module(
    buffer: FlatBuffer, external: memoryview, external_offset: int, *, with_debug_database: bool = True
) -> ModuleDef:
    """Read all tables of a module.

    Args:
        buffer: the FlatBuffer without its size prefix.
        external: bytes of the file that external rodata may lie in; borrowed by the result.
        external_offset: where `external` starts in the file.
        with_debug_database: read the locations of instructions as well.
    Raises: VersionMismatchError for another bytecode version; FormatError for anything else that is wrong.
    """
    root = buffer.root("BytecodeModuleDef", FILE_IDENTIFIER)
    version = _read_version(root)
    state = root.table(ModuleField.MODULE_STATE, "ModuleStateDef")
    bytecode = root.vector(ModuleField.BYTECODE_DATA, 1) or memoryview(b"")
    descriptors = _read_descriptors(root, bytecode)
    signatures = tuple(
        _read_signature(t) for t in root.tables(ModuleField.FUNCTION_SIGNATURES, "FunctionSignatureDef")
    )
    if len(signatures) != len(descriptors):
        raise _error(
            root, f"{len(signatures)} function signatures but {len(descriptors)} function descriptors"
        )
    debug_database = root.table(ModuleField.DEBUG_DATABASE, "DebugDatabaseDef")
    return ModuleDef(
        name=_required_string(root, ModuleField.NAME, "name"),
        version=root.scalar(ModuleField.VERSION, "I"),
        requirements=_read_requirements(root),
        attrs=_read_attrs(root, ModuleField.ATTRS),
        types=tuple(_read_type(table) for table in root.tables(ModuleField.TYPES, "TypeDef")),
        dependencies=tuple(
            _read_dependency(t) for t in root.tables(ModuleField.DEPENDENCIES, "ModuleDependencyDef")
        ),
        imported_functions=tuple(
            _read_import(t) for t in root.tables(ModuleField.IMPORTED_FUNCTIONS, "ImportFunctionDef")
        ),
        exported_functions=tuple(
            _read_export(table, len(descriptors))
            for table in root.tables(ModuleField.EXPORTED_FUNCTIONS, "ExportFunctionDef")
        ),
        function_signatures=signatures,
        rodata_segments=tuple(
            _read_rodata(table, external, external_offset)
            for table in root.tables(ModuleField.RODATA_SEGMENTS, "RodataSegmentDef")
        ),
        rwdata_segments=tuple(
            _size(t, RwdataField.BYTE_SIZE, "byte size")
            for t in root.tables(ModuleField.RWDATA_SEGMENTS, "RwdataSegmentDef")
        ),
        global_bytes_capacity=_size(state, StateField.GLOBAL_BYTES_CAPACITY, "bytes of globals"),
        global_ref_count=_size(state, StateField.GLOBAL_REF_COUNT, "count of ref globals"),
        function_descriptors=descriptors,
        bytecode_version=version,
        bytecode_data=bytecode,
        debug_database=read_debug_database(debug_database) if with_debug_database else None,
    )


def _error(table: Table, message: str) -> FormatError:
    return table.buffer.error(message, table.position, table.name, table.index)


def _required_string(table: Table, field_id: int, what: str) -> str:
    text = table.string(field_id)
    if not text:
        raise _error(table, f"has no {what}")
    return text


def _size(table: Table | None, field_id: int, what: str) -> int:
    if table is None:
        return 0
    size = table.scalar(field_id, "i")
    if size < 0:
        raise _error(table, f"{what} is negative: {size}")
    return size


def _read_version(root: Table) -> int:
    version = root.scalar(ModuleField.BYTECODE_VERSION, "I")
    major, minor = version >> 16, version & 0xFFFF
    supported_major, supported_minor = BYTECODE_VERSION
    if major != supported_major or minor > supported_minor:
        found, supported = f"{major}.{minor}", f"{supported_major}.{supported_minor}"
        raise VersionMismatchError(
            f"bytecode version mismatch; runtime supports {supported}, module has {found}",
            found=found,
            supported=supported,
            offset=root.buffer.file_offset + root.position,
            table=root.name,
        )
    return version


def _check_requirements(table: Table, bits: int, index: int | None = None) -> Requirements:
    unknown = bits & ~_KNOWN_REQUIREMENTS
    if unknown:
        message = f"unknown requirement bits 0x{unknown:08X}: this runtime has none of these features"
        name = table.name if index is None else "FunctionDescriptor"
        raise table.buffer.error(message, table.position, name, index)
    return Requirements(bits)


def _read_requirements(root: Table) -> Requirements:
    return _check_requirements(root, root.scalar(ModuleField.REQUIREMENTS, "I"))


def _read_attrs(table: Table, field_id: int) -> Attributes:
    return tuple(
        (attr.string(AttrField.KEY) or "", attr.string(AttrField.VALUE) or "")
        for attr in table.tables(field_id, "AttrDef")
    )


def _read_type(table: Table) -> str:
    name = _required_string(table, TypeField.FULL_NAME, "name")
    if name not in _VALUE_TYPES and not name.startswith("!"):
        raise _error(table, f"unknown type {name!r}")
    return name


def _read_signature(table: Table | None) -> FunctionSignature:
    if table is None:
        return FunctionSignature("")
    convention = table.string(SignatureField.CALLING_CONVENTION) or ""
    return FunctionSignature(convention, _read_attrs(table, SignatureField.ATTRS))


def _is_required(table: Table, field_id: int) -> bool:
    return not table.scalar(field_id, "I", Presence.REQUIRED) & Presence.OPTIONAL


def _read_dependency(table: Table) -> ModuleDependency:
    return ModuleDependency(
        _required_string(table, DependencyField.NAME, "name"),
        table.scalar(DependencyField.MINIMUM_VERSION, "I"),
        _is_required(table, DependencyField.FLAGS),
    )


def _read_import(table: Table) -> ImportFunction:
    return ImportFunction(
        _required_string(table, ImportField.FULL_NAME, "full name"),
        _read_signature(table.table(ImportField.SIGNATURE, "FunctionSignatureDef")),
        _is_required(table, ImportField.FLAGS),
    )


def _read_export(table: Table, function_count: int) -> ExportFunction:
    name = _required_string(table, ExportField.LOCAL_NAME, "local name")
    ordinal = table.scalar(ExportField.INTERNAL_ORDINAL, "i")
    if not 0 <= ordinal < function_count:
        raise _error(table, f"internal ordinal {ordinal} is not one of {function_count} functions")
    return ExportFunction(name, ordinal)


def _read_rodata(table: Table, external: memoryview, external_offset: int) -> RodataSegment:
    embedded: Bytes | None = table.vector(RodataField.EMBEDDED_DATA, 1)
    if embedded is not None:
        return RodataSegment(embedded, is_external=False)
    offset = table.scalar(RodataField.EXTERNAL_DATA_OFFSET, "Q")
    length = table.scalar(RodataField.EXTERNAL_DATA_LENGTH, "Q")
    if offset > len(external) or length > len(external) - offset:
        raise _error(
            table,
            f"external data of {length} bytes at {offset} passes the end: "
            f"{len(external)} bytes follow byte {external_offset}",
        )
    # Why: the file does not say what alignment was asked for; what it has is enough to keep.
    alignment = offset & -offset or _MAX_ALIGNMENT
    return RodataSegment(
        external[offset : offset + length],
        is_external=True,
        external_offset=offset,
        alignment=min(alignment, _MAX_ALIGNMENT),
    )


def _read_descriptors(root: Table, bytecode: memoryview) -> tuple[FunctionDescriptor, ...]:
    descriptors: list[FunctionDescriptor] = []
    for index, fields in enumerate(root.structs(ModuleField.FUNCTION_DESCRIPTORS, FUNCTION_DESCRIPTOR)):
        offset, length, requirements, _reserved, block_count, i32_count, ref_count = fields
        message = ""
        if offset < 0 or length <= 0 or offset + length > len(bytecode):
            message = f"bytecode of {length} bytes at {offset} is not within {len(bytecode)} bytes"
        elif block_count <= 0:
            message = f"block count is {block_count}: a function has one block at least"
        elif not (0 <= i32_count <= _MAX_I32_REGISTERS and 0 <= ref_count <= _MAX_REF_REGISTERS):
            message = f"register counts {i32_count} and {ref_count} are out of range"
        if message:
            raise root.buffer.error(message, root.position, "FunctionDescriptor", index)
        checked = _check_requirements(root, requirements, index)
        descriptors.append(FunctionDescriptor(offset, length, checked, block_count, i32_count, ref_count))
    return tuple(descriptors)
