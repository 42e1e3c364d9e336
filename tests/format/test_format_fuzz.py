"""Damaged files: `read_module` returns or raises FormatError, soon and in little memory."""

from __future__ import annotations

import random
import struct
import tracemalloc
from pathlib import Path

import pytest

from gossamer.errors import FormatError
from gossamer.format.archive import read_module, write_module
from gossamer.format.module_def import (
    CallSiteLocation,
    DebugDatabase,
    ExportFunction,
    FileLineColLocation,
    FunctionDescriptor,
    FunctionSignature,
    FunctionSourceMap,
    FusedLocation,
    ImportFunction,
    ModuleDef,
    ModuleDependency,
    NameLocation,
    Requirements,
    RodataSegment,
)
from gossamer.isa.decode import decode_function

_MODULE = ModuleDef(
    name="seed",
    attrs=(("key", "value"),),
    types=("i32", "!vm.buffer"),
    dependencies=(ModuleDependency("hal", 7),),
    imported_functions=(ImportFunction("hal.f", FunctionSignature("0rI_r")),),
    exported_functions=(ExportFunction("main", 0),),
    function_signatures=(FunctionSignature("0r_r", (("a", "b"),)),),
    rodata_segments=(RodataSegment(b"embedded"), RodataSegment(b"external", is_external=True)),
    rwdata_segments=(8,),
    global_bytes_capacity=8,
    global_ref_count=1,
    function_descriptors=(FunctionDescriptor(0, 14, Requirements.UNWIND, 1, 1, 1),),
    bytecode_data=bytes.fromhex("79 58 00000080 0000 0000 5A 00 0000"),
    debug_database=DebugDatabase(
        (
            None,
            FileLineColLocation("f.mlir", 1, 2),
            CallSiteLocation(1, 1),
            FusedLocation("m", (1, 2)),
            NameLocation("n", 1),
        ),
        (FunctionSourceMap("main", ((0, 1), (4, 2))),),
    ),
)


def _check(data: bytes) -> FormatError | None:
    """Read a file and decode its functions; returns what is wrong with it, which must say where."""
    try:
        module = read_module(data)
        for descriptor in module.function_descriptors:
            start = descriptor.bytecode_offset
            bytecode = module.bytecode_data[start : start + descriptor.bytecode_length]
            decode_function(bytecode, base_offset=start)
    except FormatError as caught:
        error = caught
    else:
        return None
    assert error.offset is not None
    assert error.table
    return error


@pytest.mark.parametrize("flat", [False, True])
def test_the_seed_is_right(flat: bool) -> None:
    assert _check(write_module(_MODULE, flat=flat)) is None


def test_any_one_byte_may_be_wrong() -> None:
    data = bytearray(write_module(_MODULE, flat=True))
    for position in range(len(data)):
        original = data[position]
        for value in (0, 1, 0x7F, 0x80, 0xFF, original ^ 4):
            data[position] = value
            _check(bytes(data))
        data[position] = original


def test_any_one_word_may_be_wrong() -> None:
    data = write_module(_MODULE, flat=True)
    for position in range(0, len(data) - 3, 4):
        for value in (0, 1, 4, len(data), len(data) - position, 2**31 - 1, 2**31, 2**32 - 4, 2**32 - 1):
            _check(data[:position] + struct.pack("<I", value) + data[position + 4 :])


def test_random_damage() -> None:
    random_source = random.Random(3130)
    seeds = [write_module(_MODULE), write_module(_MODULE, flat=True)]
    for _ in range(3000):
        data = bytearray(random_source.choice(seeds))
        for _ in range(random_source.randrange(1, 4)):
            start, source = random_source.randrange(len(data)), random_source.randrange(len(data))
            length = random_source.randrange(1, 16)
            data[start : start + length] = random_source.choice(
                [random_source.randbytes(length), data[source : source + length], b""]
            )
        _check(bytes(data))


def test_no_claim_of_size_is_believed() -> None:
    data = write_module(_MODULE, flat=True)
    tracemalloc.start()
    try:
        for position in range(0, len(data) - 3, 4):
            _check(data[:position] + struct.pack("<I", 2**31 - 1) + data[position + 4 :])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 1 << 20


@pytest.mark.reference
def test_damaged_files_of_the_reference(abs_vmvx_vmfb: Path) -> None:
    random_source = random.Random(3131)
    seed = abs_vmvx_vmfb.read_bytes()
    for _ in range(500):
        data = bytearray(seed)
        position = random_source.randrange(len(data)) & ~3
        data[position : position + 4] = random_source.randbytes(4)
        _check(bytes(data))
