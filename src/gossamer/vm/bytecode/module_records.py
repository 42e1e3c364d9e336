"""Verified modules on disk, so that a file need not be read and verified again while it is the same.

A record has the tables of a module and its decoded instructions; bytecode and constants stay in the file. It
is found by the hash of all of the file that was read for it, and it is as trusted as native code that is kept
in the same folder (see `kept_files.store`): no other user can have written it. There is a fixed
number of places, so records of many modules replace each other.

In: the bytes of a file. Out: its definition and verified functions, or None. Nothing here ever fails.
"""

from __future__ import annotations

import contextlib
import hashlib
import marshal
import struct
from collections.abc import Callable
from typing import Any

from gossamer.abi.calling_convention import parse_calling_convention
from gossamer.errors import FormatError
from gossamer.format.archive import locate_flatbuffer
from gossamer.format.module_def import (
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
from gossamer.kept_files.store import load_object, store_object
from gossamer.source_version import source_version
from gossamer.vm.bytecode.decoded import DecodedModule, exported_ordinals, first_names
from gossamer.vm.bytecode.stored_functions import StoredFunctions, pack_instructions

_PLACES = 1024
_LARGEST_TABLES = 1 << 22
"""Bytes that are hashed each time a file is loaded; a FlatBuffer with more has constants in it."""
_LARGEST_EMBEDDED = 1 << 16
_LENGTH = struct.Struct("<Q")


class ModuleRecord:
    """The place of one file's record.

    Attributes:
        attachment: what `attach` kept, as `load` found it; empty where there was nothing. Who reads it may
            empty it, so that it does not stay in memory beside what was made of it.
    """

    def __init__(self, data: Bytes) -> None:
        """Find the place.

        Args:
            data: the whole file; borrowed.
        """
        view = memoryview(data).cast("B").toreadonly()
        self._digest = b""
        self._place = ""
        self.attachment: Bytes = b""
        with contextlib.suppress(FormatError):
            tables, rodata_offset = locate_flatbuffer(view)
            if tables.stop - tables.start <= _LARGEST_TABLES:
                self._flatbuffer = view[tables]
                self._external = view[min(rodata_offset, len(view)) :]
                digest = hashlib.sha256(source_version().encode())
                digest.update(len(self._external).to_bytes(8, "little"))
                digest.update(view[tables])
                self._digest = digest.digest()
                self._place = f"module-{int.from_bytes(self._digest[:4], 'little') % _PLACES}"

    def load(self) -> DecodedModule | None:
        """The module, if it was stored."""
        stored = self._read()
        if stored is None:
            return None
        contents, self.attachment = stored
        tables, functions = marshal.loads(contents)
        definition = self._definition(tables)
        exports = exported_ordinals(definition)
        names = first_names(exports)
        return DecodedModule(
            definition,
            StoredFunctions(definition, names, functions),
            tuple(
                parse_calling_convention(function.signature.calling_convention)
                for function in definition.imported_functions
            ),
            exports,
            names,
        )

    def store(self, module: DecodedModule) -> None:
        """Keep a verified module, which was read from the file without its debug database."""
        definition = module.definition
        embedded = sum(len(each.data) for each in definition.rodata_segments if not each.is_external)
        if not self._digest or embedded > _LARGEST_EMBEDDED:
            return
        # Why a place: the module of a record borrows from the file as any other does.
        bytecode_start = bytes(self._flatbuffer).find(definition.bytecode_data)
        bytecode = (bytecode_start, len(definition.bytecode_data))
        functions = [pack_instructions(function.instructions) for function in module.functions]
        contents: Any = (_tables(definition, bytecode), functions)
        self._write(marshal.dumps(contents), b"")

    def attach(self, update: Callable[[Bytes], bytes]) -> None:
        """Keep bytes beside the stored module: what `update` makes of those that are there now."""
        stored = self._read()
        if stored is not None:
            contents, attachment = stored
            self._write(contents, update(attachment))

    def _read(self) -> tuple[Bytes, Bytes] | None:
        """The module's contents and the attachment."""
        stored = load_object(self._place) if self._digest else None
        if stored is None or not stored.startswith(self._digest):
            return None
        start = len(self._digest) + _LENGTH.size
        end = start + _LENGTH.unpack_from(stored, len(self._digest))[0]
        view = memoryview(stored)
        return view[start:end], view[end:]

    def _write(self, contents: Bytes, attachment: bytes) -> None:
        parts = (self._digest, _LENGTH.pack(len(contents)), contents, attachment)
        store_object(self._place, b"".join(parts))

    def _definition(self, tables: tuple[Any, ...]) -> ModuleDef:
        heading, dependencies, imports, exports, signatures, rodata, descriptors, rest = tables
        name, version, requirements, attrs, types = heading
        rwdata, global_bytes, global_refs, bytecode_version, (start, length) = rest
        return ModuleDef(
            name=name,
            version=version,
            requirements=Requirements(requirements),
            attrs=attrs,
            types=types,
            dependencies=tuple(ModuleDependency(*row) for row in dependencies),
            imported_functions=tuple(
                ImportFunction(full_name, FunctionSignature(*signature), is_required)
                for full_name, signature, is_required in imports
            ),
            exported_functions=tuple(ExportFunction(*row) for row in exports),
            function_signatures=tuple(FunctionSignature(*row) for row in signatures),
            rodata_segments=tuple(map(self._segment, rodata)),
            rwdata_segments=rwdata,
            global_bytes_capacity=global_bytes,
            global_ref_count=global_refs,
            function_descriptors=tuple(
                FunctionDescriptor(offset, length, Requirements(bits), *counts)
                for offset, length, bits, *counts in descriptors
            ),
            bytecode_version=bytecode_version,
            bytecode_data=self._flatbuffer[start : start + length],
        )

    def _segment(self, row: tuple[bytes | None, int, int, int]) -> RodataSegment:
        data, offset, length, alignment = row
        if data is not None:
            return RodataSegment(data, is_external=False)
        external = self._external[offset : offset + length]
        return RodataSegment(external, is_external=True, external_offset=offset, alignment=alignment)


def _tables(definition: ModuleDef, bytecode: tuple[int, int]) -> tuple[object, ...]:
    heading = (
        *(definition.name, definition.version, int(definition.requirements)),
        *(definition.attrs, definition.types),
    )
    rest = (
        *(definition.rwdata_segments, definition.global_bytes_capacity, definition.global_ref_count),
        *(definition.bytecode_version, bytecode),
    )
    return (
        heading,
        [(each.name, each.minimum_version, each.is_required) for each in definition.dependencies],
        [
            (each.full_name, _signature(each.signature), each.is_required)
            for each in definition.imported_functions
        ],
        [(each.local_name, each.internal_ordinal) for each in definition.exported_functions],
        list(map(_signature, definition.function_signatures)),
        list(map(_segment_row, definition.rodata_segments)),
        list(map(_descriptor_row, definition.function_descriptors)),
        rest,
    )


def _signature(signature: FunctionSignature) -> tuple[object, ...]:
    return signature.calling_convention, signature.attrs


def _segment_row(segment: RodataSegment) -> tuple[object, ...]:
    data = None if segment.is_external else bytes(segment.data)
    return data, segment.external_offset, len(segment.data), segment.alignment


def _descriptor_row(descriptor: FunctionDescriptor) -> tuple[int, ...]:
    return (
        *(descriptor.bytecode_offset, descriptor.bytecode_length, int(descriptor.requirements)),
        *(descriptor.block_count, descriptor.i32_register_count, descriptor.ref_register_count),
    )
