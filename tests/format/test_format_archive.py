"""`read_module` and `write_module`: round trips, layout, and what is refused."""

from __future__ import annotations

import io
import mmap
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from gossamer.errors import FormatError, VersionMismatchError
from gossamer.format.archive import locate_flatbuffer, read_module, write_module
from gossamer.format.bytecode_module_schema import FILE_IDENTIFIER
from gossamer.format.flatbuffer_builder import FieldValue, FlatBufferBuilder
from gossamer.format.module_def import (
    ExportFunction,
    FunctionDescriptor,
    FunctionSignature,
    ImportFunction,
    ModuleDef,
    ModuleDependency,
    Requirements,
    RodataSegment,
)
from gossamer.format.zip_entries import read_entries
from strategies import modules

_DESCRIPTOR = FunctionDescriptor(0, 4, Requirements.UNWIND, 1, 2, 3)
_SMALL = ModuleDef(
    name="small",
    version=3,
    types=("i32", "!vm.buffer"),
    imported_functions=(ImportFunction("hal.f", FunctionSignature("0v_v")),),
    exported_functions=(ExportFunction("main", 0),),
    function_signatures=(FunctionSignature("0v_v", (("iree.abi.declaration", "sync func @main()"),)),),
    function_descriptors=(_DESCRIPTOR,),
    bytecode_data=b"\x79\x5a\0\0",
)


def _comparable(module: ModuleDef) -> ModuleDef:
    """The module with plain bytes, and rodata without what only files or only writers have."""
    return replace(
        module,
        rodata_segments=tuple(RodataSegment(bytes(segment.data)) for segment in module.rodata_segments),
        bytecode_data=bytes(module.bytecode_data),
    )


@given(modules())
@settings(deadline=None, max_examples=60)
def test_what_is_written_reads_back(module: ModuleDef) -> None:
    for flat in (False, True):
        assert _comparable(read_module(write_module(module, flat=flat))) == _comparable(module)


@given(modules())
@settings(deadline=None, max_examples=30)
def test_a_file_is_a_zip_of_what_it_has(module: ModuleDef) -> None:
    data = write_module(module)
    archive = zipfile.ZipFile(io.BytesIO(data))
    external = [s for s in read_module(data).rodata_segments if s.is_external]

    assert archive.testzip() is None
    assert [entry.compress_type for entry in archive.infolist()] == [zipfile.ZIP_STORED] * (1 + len(external))
    assert [archive.read(entry) for entry in archive.infolist()[1:]] == [bytes(s.data) for s in external]


def test_entries_are_named_and_aligned_as_the_reference_does() -> None:
    rodata = (
        RodataSegment(b"embedded"),
        RodataSegment(
            b"\x7fELF", mime_type="application/x-elf", name="abs_embedded_elf_x86_64", alignment=16
        ),
        RodataSegment(bytes(4096)),
        RodataSegment(b"\1" * 4096, is_external=False),
        RodataSegment(b"x", is_external=True, name="last", alignment=64),
    )
    data = write_module(replace(_SMALL, rodata_segments=rodata))
    entries = zipfile.ZipFile(io.BytesIO(data)).infolist()
    flatbuffer, base = locate_flatbuffer(memoryview(data))
    read = read_module(data).rodata_segments

    assert [entry.filename for entry in entries] == [
        "module.fb",
        "abs_embedded_elf_x86_64.so",
        "rodata_2.bin",
        "last.bin",
    ]
    assert [segment.is_external for segment in read] == [False, True, True, False, True]
    assert (flatbuffer.start - 4, flatbuffer.stop) == (64, base)
    assert entries[1].header_offset == base
    for segment, original in zip(read, rodata, strict=True):
        assert bytes(segment.data) == original.data
        if segment.is_external:
            assert (base + segment.external_offset) % original.alignment == 0
            assert segment.alignment >= original.alignment
        else:
            assert data.index(bytes(segment.data)) % 16 == 0
    header = struct.unpack_from("<IHHHHHIIIHH", data, 0)
    assert header[:6] == (0x04034B50, 45, 0, 0, 0, 0x21)
    assert header[7:9] == (0xFFFFFFFF, 0xFFFFFFFF)


def test_a_flat_file_starts_with_the_size_of_its_flatbuffer() -> None:
    data = write_module(replace(_SMALL, rodata_segments=(RodataSegment(b"x" * 5000),)), flat=True)
    (size,) = struct.unpack_from("<I", data, 0)
    external = -(-(4 + size) // 64) * 64

    assert data[8:12] == b"IREE"
    assert data[external:] == b"x" * 5000


@pytest.mark.parametrize("kind", ["bytes", "memoryview", "bytearray", "mmap"])
def test_any_buffer_reads_and_is_borrowed(tmp_path: Path, kind: str) -> None:
    data = write_module(_SMALL)
    path = tmp_path / "small.vmfb"
    path.write_bytes(data)
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    buffers = {"bytes": data, "memoryview": memoryview(data), "bytearray": bytearray(data), "mmap": mapped}

    module = read_module(memoryview(buffers[kind]) if kind == "mmap" else buffers[kind])  # type: ignore[arg-type]

    assert isinstance(module.bytecode_data, memoryview)
    assert module.bytecode_data.readonly
    assert _comparable(module) == _comparable(_SMALL)


def test_bytes_after_the_flatbuffer_do_not_matter() -> None:
    data = write_module(_SMALL, flat=True)

    assert read_module(data + b"anything").name == "small"


def test_attachments_travel_with_a_module() -> None:
    module = replace(_SMALL, rodata_segments=(RodataSegment(b"x" * 5000, name="data"),))
    data = write_module(module, attachments={"source.mlirbc": b"ML\xefR", "empty": b""})
    entries = read_entries(memoryview(data))

    assert list(entries) == ["module.fb", "data.bin", "source.mlirbc", "empty"]
    assert (bytes(entries["source.mlirbc"]), bytes(entries["empty"])) == (b"ML\xefR", b"")
    assert bytes(entries["data.bin"]) == b"x" * 5000
    assert data.index(b"ML\xefR") % 64 == 0
    assert _comparable(read_module(data)) == _comparable(module)
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None


def test_attachments_need_a_zip() -> None:
    with pytest.raises(ValueError, match="a flat file has no room for attachments"):
        write_module(_SMALL, flat=True, attachments={"a": b""})
    assert read_entries(memoryview(write_module(_SMALL, flat=True))) == {}
    assert read_entries(memoryview(b"")) == {}


def test_entries_of_damaged_zips_are_refused_or_in_bounds() -> None:
    data = write_module(_SMALL, attachments={"a": b"content"})
    directory = len(data) - 260
    for position in range(directory, len(data)):
        for value in (0, 1, 0x7F, 0x80, 0xFF):
            damaged = bytearray(data)
            damaged[position] = value
            try:
                entries = read_entries(memoryview(damaged))
            except FormatError as caught:
                error = caught
                assert (error.table, error.offset is not None) == ("zip", True)
            else:
                assert all(len(payload) <= len(data) for payload in entries.values())


# What is refused.


def _error(data: bytes) -> FormatError:
    with pytest.raises(FormatError) as caught:
        read_module(data)
    assert caught.value.offset is not None
    assert caught.value.table
    return caught.value


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "less than 16 bytes"),
        (b"PK\3\4" + bytes(8), "less than 16 bytes"),
        (struct.pack("<I", 13) + bytes(12), "prefix is 13 but only 12 available"),
        (struct.pack("<IHHHHHIIIHH", 0x04034B50, 45, 0, 0, 0, 0, 0, 0, 0, 9, 0), "zip header of 39 bytes"),
        (struct.pack("<I", 16) + bytes(16), "file identifier"),
    ],
)
def test_containers_that_are_too_short_are_refused(data: bytes, message: str) -> None:
    assert message in str(_error(data))


def test_every_prefix_of_a_file_is_refused() -> None:
    data = write_module(
        replace(_SMALL, rodata_segments=(RodataSegment(b"end", is_external=True),)), flat=True
    )

    assert read_module(data).name == "small"
    for length in range(len(data)):
        _error(data[:length])


@pytest.mark.parametrize("version", [16 << 16, 18 << 16, 17 << 16 | 1, 0])
def test_other_bytecode_versions_are_refused_with_both(version: int) -> None:
    with pytest.raises(VersionMismatchError) as caught:
        read_module(write_module(replace(_SMALL, bytecode_version=version)))

    assert caught.value.supported == "17.0"
    assert caught.value.found == f"{version >> 16}.{version & 0xFFFF}"


def test_unknown_requirements_are_refused() -> None:
    module = replace(_SMALL, requirements=Requirements(0x10))
    function = replace(_SMALL, function_descriptors=(replace(_DESCRIPTOR, requirements=Requirements(0x80)),))

    assert "unknown requirement bits 0x00000010" in str(_error(write_module(module)))
    error = _error(write_module(function))
    assert "unknown requirement bits 0x00000080" in str(error)
    assert (error.table, error.index) == ("FunctionDescriptor", 0)


@pytest.mark.parametrize(
    ("changes", "table", "index", "message"),
    [
        ({"name": ""}, "BytecodeModuleDef", None, "has no name"),
        ({"types": ("i32", "")}, "TypeDef", 1, "has no name"),
        ({"types": ("i1",)}, "TypeDef", 0, "unknown type 'i1'"),
        ({"types": ("f16",)}, "TypeDef", 0, "unknown type 'f16'"),
        ({"dependencies": (ModuleDependency(""),)}, "ModuleDependencyDef", 0, "has no name"),
        (
            {"imported_functions": (ImportFunction("", FunctionSignature("")),)},
            "ImportFunctionDef",
            0,
            "has no full name",
        ),
        ({"exported_functions": (ExportFunction("", 0),)}, "ExportFunctionDef", 0, "has no local name"),
        ({"exported_functions": (ExportFunction("f", 1),)}, "ExportFunctionDef", 0, "not one of 1 functions"),
        ({"exported_functions": (ExportFunction("f", -1),)}, "ExportFunctionDef", 0, "internal ordinal -1"),
        ({"function_signatures": ()}, "BytecodeModuleDef", None, "0 function signatures but 1 function desc"),
        ({"global_bytes_capacity": -1}, "ModuleStateDef", None, "bytes of globals is negative"),
        ({"global_ref_count": -1}, "ModuleStateDef", None, "count of ref globals is negative"),
        ({"rwdata_segments": (-1,)}, "RwdataSegmentDef", 0, "byte size is negative"),
    ],
)
def test_tables_that_make_no_sense_are_refused(
    changes: dict[str, object], table: str, index: int | None, message: str
) -> None:
    error = _error(write_module(replace(_SMALL, **changes)))  # type: ignore[arg-type]

    assert (error.table, error.index) == (table, index)
    assert message in error.message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bytecode_offset": -1}, "not within 4 bytes"),
        ({"bytecode_offset": 1}, "bytecode of 4 bytes at 1 is not within 4 bytes"),
        ({"bytecode_length": 0}, "not within"),
        ({"bytecode_length": -4}, "not within"),
        ({"bytecode_length": 2**31 - 1}, "not within"),
        ({"block_count": 0}, "block count is 0"),
        ({"i32_register_count": -1}, "register counts -1 and 3 are out of range"),
        ({"ref_register_count": 0x4000}, "register counts 2 and 16384 are out of range"),
    ],
)
def test_function_descriptors_out_of_range_are_refused(changes: dict[str, int], message: str) -> None:
    descriptor = replace(_DESCRIPTOR, **changes)  # type: ignore[arg-type]
    error = _error(write_module(replace(_SMALL, function_descriptors=(descriptor,))))

    assert (error.table, error.index) == ("FunctionDescriptor", 0)
    assert message in error.message


def _with_fields(fields: dict[int, FieldValue], builder: FlatBufferBuilder) -> bytes:
    """A module with a name, a version, and other fields as given."""
    values: list[FieldValue] = [None] * 16
    values[0], values[13] = builder.string("m"), ("I", 17 << 16)
    for index, value in fields.items():
        values[index] = value
    return builder.finish(builder.table(values), FILE_IDENTIFIER)


def test_the_least_module_reads() -> None:
    assert read_module(_with_fields({}, FlatBufferBuilder())) == ModuleDef("m", bytecode_data=memoryview(b""))


def test_external_rodata_past_the_end_is_refused() -> None:
    for offset, length in [(0, 2**40), (2**63, 2**63), (2**64 - 1, 1), (1, 0)]:
        builder = FlatBufferBuilder()
        segment = builder.table([None, None, None, ("Q", offset), ("Q", length)])
        error = _error(_with_fields({9: builder.offset_vector([segment])}, builder))

        assert (error.table, error.index) == ("RodataSegmentDef", 0)
        assert f"external data of {length} bytes at {offset} passes the end" in error.message


def test_an_import_without_signature_reads() -> None:
    builder = FlatBufferBuilder()
    function = builder.table([builder.string("a.b"), None, ("I", 2)])
    module = read_module(_with_fields({6: builder.offset_vector([function])}, builder))

    assert module.imported_functions == (ImportFunction("a.b", FunctionSignature(""), is_required=False),)


def _debug_database(kinds: bytes) -> bytes:
    """A module whose debug database has one location, and the kinds as given."""
    builder = FlatBufferBuilder()
    location = builder.table([builder.string("f"), ("i", 1)])
    database = builder.table([builder.raw_vector(kinds), builder.offset_vector([location])])
    return _with_fields({15: database}, builder)


def test_debug_locations_without_a_kind_are_refused() -> None:
    assert "2 location kinds but 1 locations" in _error(_debug_database(b"\2\2")).message


def test_debug_locations_of_kinds_to_come_are_unknown_places() -> None:
    database = read_module(_debug_database(b"\5")).debug_database

    assert database is not None
    assert database.locations == (None,)


def test_debug_locations_that_do_not_exist_are_refused() -> None:
    builder = FlatBufferBuilder()
    location = builder.table([("i", 0), ("i", 9)])
    database = builder.table([builder.raw_vector(b"\1"), builder.offset_vector([location])])

    assert "refers to location 9 of 1" in _error(_with_fields({15: database}, builder)).message


def test_writing_numbers_that_do_not_fit_is_the_callers_fault() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        write_module(replace(_SMALL, version=-1))
    with pytest.raises(ValueError, match="a function descriptor does not fit"):
        write_module(replace(_SMALL, function_descriptors=(replace(_DESCRIPTOR, block_count=2**15),)))
