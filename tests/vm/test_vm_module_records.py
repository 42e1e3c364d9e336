"""Verified modules kept on disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bytecode_programs import Program, imported, moved, r

from gossamer.errors import FormatError
from gossamer.format.archive import read_module, write_module
from gossamer.format.module_def import ModuleDef
from gossamer.isa.encode import Assembler
from gossamer.kept_files.store import CACHE_DIR_VARIABLE, cache_folder
from gossamer.vm.bytecode.decoded import decode_module
from gossamer.vm.bytecode.module import BytecodeModule
from gossamer.vm.bytecode.module_records import ModuleRecord
from gossamer.vm.bytecode.verifier import verify_module
from gossamer.vm.link.context import Context
from gossamer.vm.loading import load_bytecode_module


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_DIR_VARIABLE, str(tmp_path))
    return cache_folder()


def program() -> Program:
    made = Program(
        imports=(imported("host.f", "0iCiD_i", is_required=False),),
        rodata=(b"small", bytes(range(256)) * 300),
        global_bytes=16,
        attrs=(("key", "value"),),
    )

    def body(assembler: Assembler) -> None:
        done = assembler.new_label()
        assembler.emit("const.f64", 0.1, 2)
        assembler.emit("const.ref.rodata", 1, moved(0))
        assembler.emit("buffer.length", r(0), 4)
        assembler.emit("br", done, ((4, 6), (5, 7)))
        assembler.block(done)
        assembler.emit("return", (6,))

    made.function("f", "0i_I", body)
    return made


def file_of(definition: ModuleDef) -> bytes:
    return write_module(definition)


def test_a_record_has_what_reading_and_verifying_give() -> None:
    data = file_of(program().definition())
    module = load_bytecode_module(data, source="f.vmfb")
    record = ModuleRecord(data).load()

    assert record is not None
    expected = read_module(data, with_debug_database=False)
    assert record.definition == expected
    decoded = decode_module(expected)
    assert replace(record, functions=tuple(record.functions)) == decoded == module.decoded
    assert record.functions[-1] is record.functions[0]
    assert record.functions[:] == decoded.functions[:]
    verify_module(record)


def test_a_module_of_a_record_runs() -> None:
    data = file_of(program().definition())
    for _ in range(2):
        context = Context([load_bytecode_module(data, source="f.vmfb")])
        assert context.lookup("m.f")(0) == 256 * 300


def test_bytes_that_come_from_no_file_leave_no_record(folder: Path) -> None:
    load_bytecode_module(file_of(program().definition()))

    assert not folder.exists()


def test_bytes_leave_a_record_where_that_is_asked_for() -> None:
    data = file_of(program().definition())
    load_bytecode_module(data, is_kept=True)

    assert ModuleRecord(data).load() is not None


def test_other_bytes_have_no_record() -> None:
    definition = program().definition()
    data = file_of(definition)
    load_bytecode_module(data, source="f.vmfb")
    other = file_of(replace(definition, version=1))
    shorter = data[:-64]

    assert ModuleRecord(data).load() is not None
    assert ModuleRecord(other).load() is None
    assert ModuleRecord(shorter).load() is None
    assert ModuleRecord(b"no module").load() is None


def test_what_is_refused_leaves_no_record(folder: Path) -> None:
    made = Program()
    made.function("f", "0v_v", lambda assembler: assembler.emit("return", (5,)))
    definition = made.definition()
    descriptor = replace(definition.function_descriptors[0], i32_register_count=0)
    bad = file_of(replace(definition, function_descriptors=(replace(descriptor, block_count=2),)))
    for _ in range(2):
        with pytest.raises(FormatError):
            load_bytecode_module(bad, source="f.vmfb")

    assert not folder.exists()


def test_a_damaged_record_counts_as_absent(folder: Path) -> None:
    data = file_of(program().definition())
    load_bytecode_module(data, source="f.vmfb")
    (path,) = folder.iterdir()
    stored = bytearray(path.read_bytes())
    stored[-1] ^= 1
    path.write_bytes(stored)

    assert ModuleRecord(data).load() is None
    assert isinstance(load_bytecode_module(data, source="f.vmfb"), BytecodeModule)
    assert ModuleRecord(data).load() is not None
