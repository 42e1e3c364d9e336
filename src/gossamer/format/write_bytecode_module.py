"""`ModuleDef` → FlatBuffer of a bytecode module."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from gossamer.format.bytecode_module_schema import (
    BYTECODE_LOCATION,
    FILE_IDENTIFIER,
    FUNCTION_DESCRIPTOR,
    LocationKind,
    Presence,
)
from gossamer.format.flatbuffer_builder import FlatBufferBuilder, Offset
from gossamer.format.module_def import (
    Attributes,
    CallSiteLocation,
    DebugDatabase,
    DebugLocation,
    FileLineColLocation,
    FunctionSignature,
    FusedLocation,
    ImportFunction,
    ModuleDef,
    NameLocation,
)

_EMBEDDED_ALIGNMENT = 16


def write_bytecode_module(module: ModuleDef, external_offsets: Mapping[int, int]) -> bytes:
    """Write the FlatBuffer of a module, its size before it.

    Args:
        external_offsets: for each rodata segment (by index) that is kept outside the FlatBuffer, where it
            is past the end of it.
    Raises: ValueError where a number does not fit its field.
    """
    embedded = sum(len(s.data) for i, s in enumerate(module.rodata_segments) if i not in external_offsets)
    builder = FlatBufferBuilder(len(module.bytecode_data) + embedded + 4096)
    # Why: written back to front, so metadata, wanted first when a file is mapped, comes last here.
    debug_database = _debug_database(builder, module.debug_database)
    bytecode = builder.raw_vector(module.bytecode_data, alignment=_EMBEDDED_ALIGNMENT)
    rodata = builder.optional_offset_vector(_rodata_segments(builder, module, external_offsets))
    descriptors = builder.raw_vector(_descriptors(module), FUNCTION_DESCRIPTOR.size, 4)
    state = None
    if module.global_bytes_capacity or module.global_ref_count:
        state = builder.table([("i", module.global_bytes_capacity), ("i", module.global_ref_count)])
    root = builder.table(
        [
            builder.string(module.name),
            ("I", module.version),
            ("I", module.requirements),
            _attrs(builder, module.attrs),
            builder.optional_offset_vector([builder.table([builder.string(t)]) for t in module.types]),
            builder.optional_offset_vector(_dependencies(builder, module)),
            builder.optional_offset_vector([_import(builder, i) for i in module.imported_functions]),
            builder.optional_offset_vector(
                [
                    builder.table([builder.string(e.local_name), ("i", e.internal_ordinal)])
                    for e in module.exported_functions
                ]
            ),
            builder.offset_vector([_signature(builder, s) for s in module.function_signatures]),
            rodata,
            builder.optional_offset_vector([builder.table([("i", size)]) for size in module.rwdata_segments]),
            state,
            descriptors,
            ("I", module.bytecode_version),
            bytecode,
            debug_database,
        ]
    )
    return builder.finish(root, FILE_IDENTIFIER)


def _attrs(builder: FlatBufferBuilder, attrs: Attributes) -> Offset | None:
    return builder.optional_offset_vector(
        [builder.table([builder.string(key), builder.string(value)]) for key, value in attrs]
    )


def _signature(builder: FlatBufferBuilder, signature: FunctionSignature) -> Offset:
    convention = builder.optional_string(signature.calling_convention)
    return builder.table([convention, _attrs(builder, signature.attrs)])


def _presence(is_required: bool) -> tuple[str, int]:
    return ("I", Presence.REQUIRED if is_required else Presence.OPTIONAL)


def _dependencies(builder: FlatBufferBuilder, module: ModuleDef) -> list[Offset]:
    return [
        builder.table([builder.string(d.name), ("I", d.minimum_version), _presence(d.is_required)])
        for d in module.dependencies
    ]


def _import(builder: FlatBufferBuilder, function: ImportFunction) -> Offset:
    signature = _signature(builder, function.signature)
    return builder.table([builder.string(function.full_name), signature, _presence(function.is_required)])


def _rodata_segments(
    builder: FlatBufferBuilder, module: ModuleDef, external_offsets: Mapping[int, int]
) -> list[Offset]:
    offsets: list[Offset] = []
    for index, segment in enumerate(module.rodata_segments):
        if index in external_offsets:
            location = ("Q", external_offsets[index])
            fields = [None, None, None, location, ("Q", len(segment.data))]
        else:
            fields = [None, None, builder.raw_vector(segment.data, alignment=_EMBEDDED_ALIGNMENT)]
        offsets.append(builder.table(fields))
    return offsets


def _descriptors(module: ModuleDef) -> bytes:
    try:
        return b"".join(
            FUNCTION_DESCRIPTOR.pack(
                d.bytecode_offset,
                d.bytecode_length,
                d.requirements,
                0,
                d.block_count,
                d.i32_register_count,
                d.ref_register_count,
            )
            for d in module.function_descriptors
        )
    except struct.error as error:
        raise ValueError(f"a function descriptor does not fit: {error}") from None


def _debug_database(builder: FlatBufferBuilder, database: DebugDatabase | None) -> Offset | None:
    if database is None:
        return None
    functions = [
        builder.table(
            [
                builder.string(function.local_name),
                builder.raw_vector(
                    b"".join(BYTECODE_LOCATION.pack(*pair) for pair in function.locations),
                    BYTECODE_LOCATION.size,
                    4,
                ),
            ]
        )
        for function in database.functions
    ]
    written = [_location(builder, location) for location in database.locations]
    kinds = builder.raw_vector(bytes(kind for kind, _ in written))
    locations = builder.offset_vector([offset for _, offset in written])
    return builder.table([kinds, locations, builder.offset_vector(functions)])


def _location(builder: FlatBufferBuilder, location: DebugLocation) -> tuple[LocationKind, Offset | None]:
    match location:
        case None:
            return LocationKind.NONE, None
        case CallSiteLocation():
            return LocationKind.CALL_SITE, builder.table([("i", location.callee), ("i", location.caller)])
        case FileLineColLocation():
            fields = [builder.string(location.filename), ("i", location.line), ("i", location.column)]
            return LocationKind.FILE_LINE_COL, builder.table(fields)
        case FusedLocation():
            packed = struct.pack(f"<{len(location.locations)}i", *location.locations)
            children = builder.raw_vector(packed, 4, 4)
            metadata = builder.optional_string(location.metadata)
            return LocationKind.FUSED, builder.table([metadata, children])
        case NameLocation():
            fields = [builder.string(location.name), ("i", location.child)]
            return LocationKind.NAME, builder.table(fields)
