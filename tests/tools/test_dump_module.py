"""`iree-dump-module` on modules made here: each output mode, and errors."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gossamer.format.archive import write_module
from gossamer.format.module_def import (
    DebugDatabase,
    ExportFunction,
    FileLineColLocation,
    FunctionDescriptor,
    FunctionSignature,
    FunctionSourceMap,
    ImportFunction,
    ModuleDef,
    ModuleDependency,
    Requirements,
    RodataSegment,
)
from gossamer.tools import iree_dump_module

_MODULE = ModuleDef(
    name="dumped",
    version=2,
    requirements=Requirements.EXT_F32 | Requirements.YIELD,
    attrs=(("author", "tests"),),
    types=("i32", "!vm.buffer"),
    dependencies=(ModuleDependency("hal", 7), ModuleDependency("extra", 0, is_required=False)),
    imported_functions=(
        ImportFunction("hal.f", FunctionSignature("0rCiID_v"), is_required=False),
        ImportFunction("hal.g", FunctionSignature("")),
    ),
    exported_functions=(ExportFunction("main", 0), ExportFunction("alias", 0)),
    function_signatures=(
        FunctionSignature("0iIrf_F", (("iree.abi.declaration", "sync func @main()"),)),
        FunctionSignature("0v_v"),
        FunctionSignature(""),
    ),
    rodata_segments=(
        RodataSegment(b"text"),
        RodataSegment(b"exactly thirty-two characters !!"),
        RodataSegment(b"\x01\x02"),
        RodataSegment(b"", is_external=False),
        RodataSegment(b"cut\0off"),
        RodataSegment(b"outside", is_external=True),
    ),
    rwdata_segments=(12,),
    global_bytes_capacity=8,
    global_ref_count=2,
    function_descriptors=(
        FunctionDescriptor(0, 6, Requirements.EXT_F32, 1, 4, 1),
        FunctionDescriptor(0, 6, Requirements(0), 1, 4, 1),
        FunctionDescriptor(0, 6, Requirements(0), 1, 4, 1),
    ),
    bytecode_data=bytes.fromhex("79 5A 0100 0200"),
    debug_database=DebugDatabase(
        (None, FileLineColLocation("a.mlir", 1, 2)),
        (FunctionSourceMap("first", ()), FunctionSourceMap("helper", ((1, 1),))),
    ),
)


@pytest.fixture
def vmfb(tmp_path: Path) -> Path:
    path = tmp_path / "dumped.vmfb"
    path.write_bytes(write_module(_MODULE))
    return path


def _run(capfd: pytest.CaptureFixture[str], *argv: object) -> tuple[int, str, str]:
    code = iree_dump_module.main([str(argument) for argument in argv])
    output = capfd.readouterr()
    return code, output.out, output.err


def test_metadata(capfd: pytest.CaptureFixture[str], vmfb: Path) -> None:
    code, text, error = _run(capfd, "--output=metadata", vmfb)

    assert (code, error) == (0, "")
    for line in [
        "// @dumped : version 2",
        "Requirements: EXT_F32 | 00000004",
        "  author: tests",
        "  [  1] !vm.buffer",
        "  extra, version >= 0, optional",
        "  [  0] ?hal.f(!vm.ref<?>, tuple<i32, i64>...) -> ()",
        "  [  1] hal.g",
        "  [  1] alias(i32, i64, !vm.ref<?>, f32) -> (f64)",
        "        iree.abi.declaration: sync func @main()",
        "  8 bytes, 2 refs, ~40 bytes total",
        "  .rodata[  0] embedded        4 bytes `text`",
        "  .rodata[  1] embedded       32 bytes `exactly thirty-two characters !!`...",
        "  .rodata[  2] embedded        2 bytes",
        "  .rodata[  3] embedded        0 bytes ``",
        "  .rodata[  4] embedded        7 bytes `cut`",
        "  .rodata[  5] external        7 bytes (offset 80 / 50h to 57h)",
        "  .rwdata[  0] 12 bytes",
        "External .rodata: ~7 bytes",
        "  0 | 00000000 |        6 |      1 |     4 |     1 | EXT_F32      | main, alias",
        "  1 | 00000000 |        6 |      1 |     4 |     1 |              | ",
        "Locations: 2",
    ]:
        assert line in text.splitlines()


def test_disassembly(capfd: pytest.CaptureFixture[str], vmfb: Path) -> None:
    _, text, _ = _run(capfd, "--output=disassembly", vmfb)

    assert text == (
        "vm.module @dumped version 2\n"
        "vm.type i32\n"
        "vm.type !vm.buffer\n"
        'vm.import optional @hal.f cconv "0rCiID_v"\n'
        'vm.import @hal.g cconv ""\n'
        "vm.rodata[0] = 74657874\n"
        f"vm.rodata[1] = {b'exactly thirty-two characters !!'.hex().upper()}\n"
        "vm.rodata[2] = 0102\n"
        "vm.rodata[3] = \n"
        "vm.rodata[4] = 637574006F6666\n"
        "vm.rodata[5] = 6F757473696465\n"
        "\n"
        "vm.export @main\n"
        "vm.export @alias = @main\n"
        "vm.func @main(%i0: i32, %i1:2: i64, %r0: !vm.ref<?>, %i3: f32) -> (f64) {\n"
        "^bb0:\n  vm.return %i2\n}\n"
        "\n"
        "vm.func @helper() -> () {\n^bb0:\n  vm.return %i2\n}\n"
        "\n"
        "vm.func @fn2() -> () {\n^bb0:\n  vm.return %i2\n}\n"
    )


@pytest.mark.parametrize(
    ("function", "header"),
    [("main", "@main"), ("0", "@main"), ("helper", "@helper"), ("2", "@fn2"), ("0x1", "@helper")],
)
def test_one_function(capfd: pytest.CaptureFixture[str], vmfb: Path, function: str, header: str) -> None:
    _, text, _ = _run(capfd, "--output=disassembly", f"--function={function}", "--bytecode_offsets", vmfb)

    assert [line.split("(")[0] for line in text.splitlines() if line.startswith("vm.func")] == [
        f"vm.func {header}"
    ]
    assert "[00000001]  vm.return %i2" in text


def test_all_is_metadata_then_disassembly(capfd: pytest.CaptureFixture[str], vmfb: Path) -> None:
    parts = [_run(capfd, f"--output={mode}", vmfb)[1] for mode in ("all", "metadata", "disassembly")]

    assert parts[0] == f"{parts[1]}\n{parts[2]}"


@pytest.mark.parametrize("flags", [[], ["--pretty"]])
def test_json(capfd: pytest.CaptureFixture[str], vmfb: Path, flags: list[str]) -> None:
    _, text, _ = _run(capfd, "--output=flatbuffer-json", *flags, vmfb)
    tables = json.loads(text)

    assert tables["name"] == "dumped"
    assert tables["requirements"] == "EXT_F32 YIELD"
    assert tables["dependencies"] == [
        {"name": "hal", "minimum_version": 7},
        {"name": "extra", "flags": "OPTIONAL"},
    ]
    assert tables["rodata_segments"][5] == {"external_data_offset": 80, "external_data_length": 7}
    assert tables["function_descriptors"][1]["requirements"] == 0
    assert tables["debug_database"]["location_table_type"] == ["NONE", "FileLineColLocDef"]
    assert tables["debug_database"]["location_table"][1] == {"filename": "a.mlir", "line": 1, "column": 2}


def test_binary_is_the_flatbuffer(vmfb: Path) -> None:
    command = [sys.executable, "-m", "gossamer.tools.iree_dump_module", "--output=flatbuffer-binary", vmfb]
    result = subprocess.run(command, capture_output=True, check=True)

    assert result.stdout[4:8] == b"IREE"
    assert vmfb.read_bytes()[68 : 68 + len(result.stdout)] == result.stdout


def test_errors(capfd: pytest.CaptureFixture[str], vmfb: Path, tmp_path: Path) -> None:
    empty, text = tmp_path / "empty", tmp_path / "text"
    empty.touch()
    text.write_text("this is not a module at all")

    assert _run(capfd) == (1, "", "Syntax: iree-dump-module [--output=...] module.vmfb\n")
    for argv, message in [
        (("--output=zz", vmfb), "INVALID_ARGUMENT; unrecognized --output= flag value 'zz'"),
        ((tmp_path / "none",), f"NOT_FOUND; failed to open file '{tmp_path / 'none'}'"),
        ((tmp_path,), "NOT_FOUND; failed to open file"),
        ((empty,), "INVALID_ARGUMENT; archive at byte 0: FlatBuffer data is not present"),
        ((text,), "INVALID_ARGUMENT; archive at byte 0: FlatBuffer length prefix out of bounds"),
    ]:
        code, output, error = _run(capfd, *argv)
        assert (code, output) == (1, "")
        assert error.startswith(f"iree-dump-module: {message}")


def test_bytecode_that_does_not_decode(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "bad.vmfb"
    path.write_bytes(write_module(replace(_MODULE, bytecode_data=b"\x79\xff\0\0\0\0")))

    code, _, error = _run(capfd, "--output=disassembly", path)

    assert code == 1
    assert "bytecode at byte 1: unknown opcode 0xFF" in error
