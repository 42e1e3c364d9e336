"""`iree-dump-module` prints byte for byte what the reference's tool prints, on varied modules."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

import gossamer
from gossamer.tools import iree_dump_module
from mlir_samples import ABS_MLIR, ASYNC_FLAGS, LLVM_CPU_FLAGS, PIPELINE_MLIR, VMVX_FLAGS

pytestmark = pytest.mark.reference

_SCALARS = """\
func.func @mixed(%a: i32, %b: i64, %c: f32, %d: i64) -> (i64, f32) {
  %0 = arith.extsi %a : i32 to i64
  %1 = arith.muli %0, %b : i64
  %2 = arith.addi %1, %d : i64
  %3 = math.exp %c : f32
  return %2, %3 : i64, f32
}
func.func @loop(%n: i32) -> i32 {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %sum = scf.for %i = %zero to %n step %one iter_args(%s = %zero) -> i32 : i32 {
    %next = arith.addi %s, %i : i32
    scf.yield %next : i32
  }
  return %sum : i32
}
func.func @pick(%index: index) -> i32 {
  %0 = scf.index_switch %index -> i32
  case 1 { %a = arith.constant 10 : i32
           scf.yield %a : i32 }
  case 4 { %b = arith.constant 40 : i32
           scf.yield %b : i32 }
  default { %c = arith.constant -1 : i32
            scf.yield %c : i32 }
  return %0 : i32
}
"""
_GLOBALS = """\
util.global private mutable @counter = 5 : i64
util.global private mutable @state = dense<1.5> : tensor<4xf32>
func.func @next(%x: tensor<4xf32>) -> (i64, tensor<4xf32>) {
  %c = util.global.load @counter : i64
  %one = arith.constant 1 : i64
  %n = arith.addi %c, %one : i64
  util.global.store %n, @counter : i64
  %s = util.global.load @state : tensor<4xf32>
  %t = arith.addf %s, %x : tensor<4xf32>
  util.global.store %t, @state : tensor<4xf32>
  return %n, %t : i64, tensor<4xf32>
}
"""
_DYNAMIC = """\
func.func @dynamic(%x: tensor<?x8xf32>, %y: tensor<8x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %m = tensor.dim %x, %c0 : tensor<?x8xf32>
  %n = tensor.dim %y, %c1 : tensor<8x?xf32>
  %empty = tensor.empty(%m, %n) : tensor<?x?xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x?xf32>) -> tensor<?x?xf32>
  %0 = linalg.matmul ins(%x, %y : tensor<?x8xf32>, tensor<8x?xf32>)
                     outs(%init : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}
"""
_CONSTANTS = """\
func.func @constants(%x: tensor<2048xi32>) -> tensor<2048xi32> {
  %big = arith.constant dense<"0x%s"> : tensor<2048xi32>
  %0 = arith.addi %x, %big : tensor<2048xi32>
  return %0 : tensor<2048xi32>
}
""".replace("%s", "".join(f"{i % 251:02X}{i % 7:02X}0000" for i in range(2048)))
_REFLECTION = """\
module @described attributes {vm.version = 7 : i32} {
  func.func private @other.scale(%x: tensor<2xf64>, %by: f64) -> tensor<2xf64>
  func.func @f(%x: tensor<2xf64> {iree.abi.output = 0 : index}, %by: f64) -> tensor<2xf64>
      attributes {iree.reflection = {note = "quote \\" and \\\\ and tab \\t end"}} {
    %0 = call @other.scale(%x, %by) : (tensor<2xf64>, f64) -> tensor<2xf64>
    return %0 : tensor<2xf64>
  }
}
"""
_SOURCES = {
    "abs_module": ABS_MLIR,
    "pipeline": PIPELINE_MLIR,
    "scalars": _SCALARS,
    "globals": _GLOBALS,
    "dynamic": _DYNAMIC,
    "constants": _CONSTANTS,
    "reflection": _REFLECTION,
}
_FLAGS = {
    "vmvx": VMVX_FLAGS,
    "llvm-cpu": LLVM_CPU_FLAGS,
    "async": (*VMVX_FLAGS, *ASYNC_FLAGS),
    "stripped": (*LLVM_CPU_FLAGS, "--iree-vm-bytecode-module-strip-source-map=true"),
    "flat": (*VMVX_FLAGS, "--iree-vm-emit-polyglot-zip=false"),
    "f64": (*VMVX_FLAGS, "--iree-input-demote-f64-to-f32=false"),
}
_CASES = [
    ("abs_module", "vmvx"),
    ("abs_module", "llvm-cpu"),
    ("abs_module", "async"),
    ("pipeline", "vmvx"),
    ("pipeline", "async"),
    ("scalars", "vmvx"),
    ("globals", "vmvx"),
    ("globals", "flat"),
    ("dynamic", "stripped"),
    ("constants", "vmvx"),
    ("reflection", "f64"),
]

# Each is one module: directives, then functions.
_VMASM = {
    "arguments": """\
vm.module @arguments version 11
vm.type i32
vm.type !vm.buffer
vm.import optional @other.maybe cconv "0iCrID_r"
vm.rodata[0] = 68656C6C6F0021
vm.rodata[1] =

vm.export @a
vm.export @b = @a
vm.func @a(%i0: i32, %i1:2: i64, %r0: !vm.ref<?>) -> (i64, !vm.ref<?>) {
^bb0:
  %r1 = vm.const.ref.rodata 0
  %i5 = vm.import.resolved @other.maybe
  vm.cond_br %i5, ^bb1(%R0->%r2), ^bb1(%R1->%r2)
^bb1:
  vm.discard.refs %r0, %r1
  vm.return %i2, %R2
}
""",
    "tables": """\
vm.module @tables version 0

vm.func @hidden(%i0: i32) -> () {
^bb0:
  vm.br_table %i0 { default: ^bb1(), 0: ^bb2(%i0->%i1), 1: ^bb1() }
^bb1:
  vm.fail %i0, "no"
^bb2:
  vm.return
}
""",
    "least": "vm.module @least version 2147483647\nvm.func @f() -> () {\n^bb0:\n  vm.return\n}\n",
    "rodata": """\
vm.module @rodata version 1
vm.rodata[0] =
vm.rodata[1] = 00
vm.rodata[2] = 61626364656667686162636465666768616263646566676861626364656667
vm.rodata[3] = 6162636465666768616263646566676861626364656667686162636465666768
vm.rodata[4] = 61620A
vm.func @f() -> () {
^bb0:
  vm.return
}
""",
    "floats": """\
vm.module @floats version 0

vm.export @f
vm.func @f(%i0: f32, %i1: f32) -> (f32, f64) {
^bb0:
  %i2 = vm.const.f32 0.1
  %i2 = vm.fma.f32 %i0, %i1, %i2
  %i4:5 = vm.const.f64 1e-300
  %i6:7 = vm.ext.f32.f64 %i2
  %i4:5 = vm.mul.f64 %i4:5, %i6:7
  %i3 = vm.const.f32 inf
  %i3 = vm.const.f32 -nan
  vm.return %i2, %i4
}
""",
    "globals": """\
vm.module @globals version 0
vm.type !vm.buffer

vm.export @f
vm.func @f() -> (i64) {
^bb0:
  %i0 = vm.const.i32 -2147483648
  vm.global.store.i32 %i0, .rwdata[4]
  %i2:3 = vm.global.load.i64 .rwdata[8]
  %R0 = vm.global.load.ref .refs[2] : !vm.buffer
  vm.global.store.ref %R0, .refs[0] : !vm.buffer
  vm.return %i2
}
""",
    "lists": """\
vm.module @lists version 0
vm.type i32
vm.type !vm.list<i32>
vm.type !vm.opaque

vm.export @f
vm.func @f(%i0: i32) -> (i32) {
^bb0:
  %r0 = vm.list.alloc %i0 : !vm.list<i32>
  %r1 = vm.list.alloc %i0 : !vm.list<!vm.opaque>
  vm.list.set.ref %r1, %i0, %R0
  %r0 = vm.list.get.ref %r1, %i0 : !vm.list<i32>
  %i0 = vm.list.size %r0
  vm.discard.refs %r0, %r1
  vm.return %i0
}
""",
    "calls": """\
vm.module @calls version 0
vm.type i32
vm.import @hal.fence.await cconv "0iICrD_i"
vm.import @hal.devices.get cconv "0i_r"

vm.func @first(%i0: i32) -> (!vm.ref<?>) {
^bb0:
  %r0 = vm.call @hal.devices.get(%i0)
  vm.return %R0
}
vm.export @second
vm.func @second(%i0: i32, %r0: !vm.ref<?>) -> (i32) {
^bb0:
  %r1 = vm.call @calls.first(%i0)
  %i2:3 = vm.const.i64.zero
  vm.discard.refs %r1
  vm.call.variadic.yieldable @hal.fence.await segments[65535, 65535, 1](%i0, %i2, %R0) -> ^bb1(%i1)
^bb1:
  vm.return %i1
}
""",
    "waits": """\
vm.module @waits version 0

vm.export @f
vm.func @f(%i0: i32) -> () {
^bb0:
  vm.yield ^bb1(%i0->%i1)
^bb1:
  vm.break ^bb2()
^bb2:
  vm.cond_break %i0, ^bb3(%i1->%i0)
^bb3:
  vm.return
}
""",
}
_MODES = [
    ["--output=all"],
    ["--output=metadata"],
    ["--output=disassembly", "--bytecode_offsets"],
    ["--output=disassembly", "--function=0"],
    ["--output=flatbuffer-binary"],
    ["--output=flatbuffer-json"],
    ["--output=flatbuffer-json", "--pretty"],
]


def _ours(argv: list[str], monkeypatch: pytest.MonkeyPatch) -> bytes:
    output = BytesIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", TextIOWrapper(output, write_through=True))
        assert iree_dump_module.main(argv) == 0
        data = output.getvalue()
        sys.stdout.detach()
    return data


def _assert_equal_in_all_modes(iree_bin: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for mode in _MODES:
        command = [str(iree_bin / "iree-dump-module"), *mode, str(path)]
        theirs = subprocess.run(command, capture_output=True, check=True).stdout

        assert _ours([*mode, str(path)], monkeypatch) == theirs, mode


@pytest.mark.parametrize(("source", "flags"), _CASES)
def test_compiled_modules(
    iree_bin: Path,
    compile_mlir: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    flags: str,
) -> None:
    path = compile_mlir(_SOURCES[source], *_FLAGS[flags], name=source)

    _assert_equal_in_all_modes(iree_bin, path, monkeypatch)


@pytest.mark.parametrize("name", _VMASM)
def test_assembled_modules(
    iree_bin: Path, assemble_vmasm: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    _assert_equal_in_all_modes(iree_bin, assemble_vmasm(_VMASM[name], name=name), monkeypatch)


@pytest.mark.filterwarnings("ignore::gossamer.compiler.source.CompileWarning")
@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("source", _SOURCES)
def test_modules_of_our_own_compiler(
    iree_bin: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str, asynchronous: bool
) -> None:
    path = tmp_path / f"{source}.vmfb"
    path.write_bytes(gossamer.compile_text(_SOURCES[source], asynchronous=asynchronous))

    _assert_equal_in_all_modes(iree_bin, path, monkeypatch)
