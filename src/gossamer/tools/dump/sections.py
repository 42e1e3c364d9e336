"""Metadata of a module as text: names, types, imports, exports, sizes."""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.abi.calling_convention import Span, parse_calling_convention
from gossamer.format.archive import locate_flatbuffer, read_module
from gossamer.format.bytecode_module_schema import FILE_IDENTIFIER, ModuleField
from gossamer.format.flatbuffer import FlatBuffer, Table
from gossamer.format.module_def import (
    Attributes,
    Bytes,
    FunctionSignature,
    ImportFunction,
    ModuleDef,
    ModuleDependency,
    Requirements,
    RodataSegment,
)

_BAR = "//===" + "-" * 110 + "===//"
_BYTES_OF_A_REF = 16
_STRING_PREVIEW = 32
_TYPE_NAMES = {"i": "i32", "I": "i64", "f": "f32", "F": "f64", "r": "!vm.ref<?>"}


def metadata_text(data: Bytes) -> str:
    """Print everything about a module but its code.

    Args:
        data: bytes of the file.
    Raises: FormatError where the bytes are not a module.
    """
    view = memoryview(data)
    module = read_module(view)
    flatbuffer, _ = locate_flatbuffer(view)
    root = FlatBuffer(view[flatbuffer], file_offset=flatbuffer.start).root(
        "BytecodeModuleDef", FILE_IDENTIFIER
    )
    lines = [
        *_interface_lines(module, root),
        *_section_lines(module, root, flatbuffer.stop - flatbuffer.start),
        *_function_lines(module, root),
    ]
    if module.debug_database is not None:
        lines += [
            *header("Debug Information"),
            "// NOTE: debug databases are large and should be stripped in deployed artifacts.",
            "",
            f"Locations: {len(module.debug_database.locations)}",
            "",
        ]
    return "\n".join(lines) + "\n"


def type_name(character: str) -> str:
    """Name of a type in a calling convention."""
    return _TYPE_NAMES[character]


def header(title: str) -> list[str]:
    """Lines above a part."""
    return [_BAR, f"// {title}", _BAR]


def _group(root: Table, field: ModuleField, title: str, lines: list[str]) -> list[str]:
    return [title, *lines, ""] if root.has(field) else []


def _interface_lines(module: ModuleDef, root: Table) -> list[str]:
    requirements = f"Requirements: {_requirements_text(module.requirements)}"
    imports = import_lines(module.imported_functions)
    exports: list[str] = []
    for index, export in enumerate(module.exported_functions):
        signature = module.function_signatures[export.internal_ordinal]
        exports.append(f"  [{index:3}] {export.local_name}{signature_text(signature)}")
        exports += attribute_lines(signature.attrs, 8)
    dependencies = dependency_lines(module.dependencies)
    types = [f"  [{index:3}] {name}" for index, name in enumerate(module.types)]
    return [
        *header(f"@{module.name} : version {module.version}"),
        "",
        *([requirements, ""] if root.has(ModuleField.REQUIREMENTS) else []),
        *_group(root, ModuleField.ATTRS, "Attributes:", attribute_lines(module.attrs, 2)),
        *_group(root, ModuleField.TYPES, "Required Types:", types),
        *_group(root, ModuleField.DEPENDENCIES, "Module Dependencies:", dependencies),
        *_group(root, ModuleField.IMPORTED_FUNCTIONS, "Imported Functions:", imports),
        *_group(root, ModuleField.EXPORTED_FUNCTIONS, "Exported Functions:", exports),
    ]


def import_lines(imports: Sequence[ImportFunction]) -> list[str]:
    """A line for each import, and its attributes."""
    lines: list[str] = []
    for index, function in enumerate(imports):
        optional = "" if function.is_required else "?"
        name = f"{optional}{function.full_name}{signature_text(function.signature)}"
        lines += [f"  [{index:3}] {name}", *attribute_lines(function.signature.attrs, 8)]
    return lines


def dependency_lines(dependencies: Sequence[ModuleDependency]) -> list[str]:
    """A line for each module that must be loaded before."""
    return [
        f"  {d.name}, version >= {d.minimum_version}, {'required' if d.is_required else 'optional'}"
        for d in dependencies
    ]


def _requirements_text(requirements: Requirements) -> str:
    names = [bit.name or "" for bit in (Requirements.EXT_F32, Requirements.EXT_F64) if bit in requirements]
    rest = requirements & ~(Requirements.EXT_F32 | Requirements.EXT_F64)
    return " | ".join([*names, f"{rest.value:08X}"] if rest else names)


def attribute_lines(attrs: Attributes, indent: int) -> list[str]:
    """A line for each attribute."""
    return [f"{' ' * indent}{key}: {value}" for key, value in attrs]


def signature_text(signature: FunctionSignature) -> str:
    """Types that a function takes and gives; "" where it does not say."""
    if not signature.calling_convention:
        return ""
    convention = parse_calling_convention(signature.calling_convention)
    arguments = [
        f"tuple<{', '.join(map(type_name, argument.element))}>..."
        if isinstance(argument, Span)
        else type_name(argument)
        for argument in convention.arguments
    ]
    return f"({', '.join(arguments)}) -> ({', '.join(map(type_name, convention.results))})"


def _section_lines(module: ModuleDef, root: Table, flatbuffer_size: int) -> list[str]:
    lines = [*header("Sections"), ""]
    if root.has(ModuleField.MODULE_STATE):
        total = module.global_bytes_capacity + _BYTES_OF_A_REF * module.global_ref_count
        state = f"{module.global_bytes_capacity} bytes, {module.global_ref_count} refs, ~{total} bytes total"
        lines += ["Module State:", f"  {state}", ""]
    lines.append(f"FlatBuffer: {flatbuffer_size} bytes")
    if root.has(ModuleField.BYTECODE_DATA):
        lines.append(f"  Bytecode: {len(module.bytecode_data)} bytes")
    lines += [f"  .rodata[{i:3}] {_rodata_text(s)}" for i, s in enumerate(module.rodata_segments)]
    lines += [f"  .rwdata[{index:3}] {size} bytes" for index, size in enumerate(module.rwdata_segments)]
    lines.append("")
    external = sum(len(segment.data) for segment in module.rodata_segments if segment.is_external)
    return [*lines, f"External .rodata: ~{external} bytes", ""] if external else lines


def _rodata_text(segment: RodataSegment) -> str:
    size = len(segment.data)
    if segment.is_external:
        start, end = segment.external_offset, segment.external_offset + size
        return f"external {size:8} bytes (offset {start} / {start:X}h to {end:X}h)"
    text = f"embedded {size:8} bytes"
    preview = bytes(segment.data).partition(b"\0")[0]
    if any(byte < 0x20 or byte > 0x7E for byte in preview):
        return text
    more = "..." if len(preview) >= _STRING_PREVIEW else ""
    return f"{text} `{preview[:_STRING_PREVIEW].decode('ascii')}`{more}"


def _function_lines(module: ModuleDef, root: Table) -> list[str]:
    lines = [*header(f"Bytecode : version {module.version}"), ""]
    if not root.has(ModuleField.FUNCTION_DESCRIPTORS):
        return [*lines, ""]
    lines += [
        "  # | Offset   |   Length | Blocks | i32 # | ref # | Requirements | Aliases",
        "----+----------+----------+--------+-------+-------+--------------+-" + "-" * 52,
    ]
    for index, descriptor in enumerate(module.function_descriptors):
        names = [e.local_name for e in module.exported_functions if e.internal_ordinal == index]
        columns = [
            f"{index:3}",
            f"{descriptor.bytecode_offset:08X}",
            f"{descriptor.bytecode_length:8}",
            f"{descriptor.block_count:6}",
            f"{descriptor.i32_register_count:5}",
            f"{descriptor.ref_register_count:5}",
            f"{_requirements_text(descriptor.requirements):12}",
            ", ".join(names),
        ]
        lines.append(" | ".join(columns))
    return [*lines, ""]
