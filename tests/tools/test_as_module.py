"""iree-as-module: directives, ordinals, messages; and the same tables as IREE makes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gossamer.errors import CompileError
from gossamer.format.archive import read_module
from gossamer.format.module_def import Requirements
from gossamer.isa.opcodes import IMPORT_BIT
from gossamer.tools import iree_as_module
from gossamer.tools.assemble.module import assemble_module
from gossamer.vm.link.context import Context
from gossamer.vm.loading import bytecode_module

_SOURCE = """vm.module @example version 3
vm.type !vm.buffer
vm.import optional @other.maybe cconv "0i_i"
vm.rodata[0] = 00FF10
vm.global.i64 private mutable @big = 0 : i64
vm.global.i32 @small
vm.export @sum
vm.export @alias = @sum

vm.func @sum(%i0: i32, %r0: !vm.list<!vm.ref<?>>, %i1: i32) -> (i32) {
^bb0:
  %i2 = vm.call @later(%i0, %i1)
  vm.global.store.i32 %i2, @small
  %i4:5 = vm.global.load.i64 @big
  %i3 = vm.import.resolved @other.maybe
  %r0 = vm.const.ref.rodata 0  // 3b
  vm.cond_br %i3, ^bb1(%i2->%i0), ^bb2()
^bb1:
  vm.return %i0
^bb2:
  vm.return %i2
}
vm.func @later(%i0: i32, %i1: i32) -> (i32) {
  %i2 = vm.const.f32 1.5
  %i0 = vm.add.i32 %i0, %i1
  vm.return %i0
}
"""


def test_tables() -> None:
    module = assemble_module(_SOURCE)

    assert (module.name, module.version, module.types) == ("example", 3, ("!vm.buffer",))
    assert module.requirements == Requirements.EXT_F32
    assert [function.full_name for function in module.imported_functions] == ["other.maybe"]
    assert not module.imported_functions[0].is_required
    assert [(e.local_name, e.internal_ordinal) for e in module.exported_functions] == [
        ("sum", 0),
        ("alias", 0),
    ]
    assert [s.calling_convention for s in module.function_signatures] == ["0iri_i", "0ii_i"]
    assert bytes(module.rodata_segments[0].data) == b"\x00\xff\x10"
    # Small globals come first, each size aligned to itself.
    assert module.global_bytes_capacity == 16
    assert [d.requirements for d in module.function_descriptors] == [0, Requirements.EXT_F32]
    assert all(d.bytecode_offset % 8 == 0 for d in module.function_descriptors)
    assert (IMPORT_BIT | 0).to_bytes(4, "little") in bytes(module.bytecode_data)


def test_result_runs() -> None:
    source = _SOURCE.replace("!vm.list<!vm.ref<?>>", "!vm.buffer")
    context = Context([bytecode_module(assemble_module(source))])

    assert context.lookup("example.alias")(40, None, 2) == 42


def test_registers_of_arguments_count_where_a_loader_asks_for_them() -> None:
    source = """vm.module @m
vm.func @one(%i0: i32) -> () {
  vm.return
}
vm.func @many(%i0: i32, %i1: i32, %r0: !vm.ref<?>, %r1: !vm.ref<?>) -> () {
  vm.return
}"""
    module = assemble_module(source)

    counts = [(d.i32_register_count, d.ref_register_count) for d in module.function_descriptors]
    assert counts == [(0, 0), (2, 2)]
    bytecode_module(module)


@pytest.mark.parametrize(
    ("source", "place", "message"),
    [
        ("", "1:1", "there is no vm.module"),
        ("vm.module @m\n", "2:1", "there is no vm.func"),
        ("vm.func @f() -> () {", "1:1", "expected vm.module first"),
        ("vm.module @m\nvm.bogus", "2:1", "unknown directive"),
        ("vm.module @m\nvm.module @n", "2:1", "there is a vm.module already"),
        ("vm.module @m\nvm.rodata[1] = 00", "2:11", "rodata is declared in order; expected 0"),
        ("vm.module @m\nvm.rodata[0] = 0", "2:16", "one is missing"),
        ("vm.module @m\nvm.global.i32 @g = 1 : i32", "2:20", "globals start as 0"),
        ("vm.module @m\nvm.func @f(%i1: i32) -> () {\n}", "2:12", "expected %i0"),
        ("vm.module @m\nvm.func @f(%i0:1: i32) -> () {\n}", "2:19", "need a pair"),
        ("vm.module @m\nvm.func @f() -> () {\n  vm.return", "2:1", "does not end; expected '}'"),
        (
            "vm.module @m\nvm.func @f() -> () {\n  %i0 = vm.const.i32.zero\n}",
            "2:1",
            "does not end with a return",
        ),
        ("vm.module @m\nvm.export @g\nvm.func @f() -> () {\n  vm.return\n}", "2:11", "no function @g"),
        ("vm.module @m\nvm.func @f() -> () {\n  vm.call @m:7()\n  vm.return\n}", "3:12", "no function 7"),
    ],
)
def test_errors(source: str, place: str, message: str) -> None:
    with pytest.raises(CompileError) as caught:
        assemble_module(source, "file.vmasm")

    diagnostic = caught.value.diagnostics[0]
    assert str(diagnostic.location) == f"file.vmasm:{place}"
    assert message in diagnostic.message


def test_one_line_says_that_it_is_no_assembly() -> None:
    with pytest.raises(CompileError) as caught:
        assemble_module("PK\udc80\n\0\nmore", "m.vmfb")

    assert [str(d.location) for d in caught.value.diagnostics] == ["m.vmfb:1:1"]


def test_every_wrong_line_is_reported() -> None:
    with pytest.raises(CompileError) as caught:
        assemble_module("vm.module @m\nvm.x\nvm.func @f() -> () {\n  vm.y\n  vm.z\n}")

    lines = [d.location.line for d in caught.value.diagnostics if d.location]
    assert lines == [2, 4, 5]


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, output = tmp_path / "m.vmasm", tmp_path / "m.vmfb"
    source.write_text(_SOURCE)

    assert iree_as_module.main([f"--output={output}", str(source)]) == 0
    assert read_module(output.read_bytes()).name == "example"

    source.write_text("vm.module @m\n  vm.bogus")
    assert iree_as_module.main([f"--output={output}", str(source)]) == 1
    assert "m.vmasm:2:3: error: unknown directive" in capsys.readouterr().err
    assert iree_as_module.main([str(source)]) == 1


@pytest.mark.reference
def test_same_as_iree(iree_bin: Path, tmp_path: Path) -> None:
    source = tmp_path / "m.vmasm"
    source.write_text(_SOURCE)
    subprocess.run([iree_bin / "iree-as-module", f"--output={tmp_path / 'theirs.vmfb'}", source], check=True)
    iree_as_module.main([f"--output={tmp_path / 'ours.vmfb'}", str(source)])

    def disassemble(name: str) -> bytes:
        command = [iree_bin / "iree-dump-module", "--output=disassembly", tmp_path / name]
        return subprocess.run(command, check=True, capture_output=True).stdout

    assert disassemble("ours.vmfb") == disassemble("theirs.vmfb")
    ours = read_module((tmp_path / "ours.vmfb").read_bytes())
    theirs = read_module((tmp_path / "theirs.vmfb").read_bytes())
    assert bytes(ours.bytecode_data) == bytes(theirs.bytecode_data)
    assert ours.function_descriptors == theirs.function_descriptors
