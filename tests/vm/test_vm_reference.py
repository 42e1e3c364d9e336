"""The interpreter beside IREE's own VM on what is easily misread.

All cases are functions of one assembled module, and one process of the reference runs them all. Floats pass
as bits, so that signs of zero and of NaN count.
"""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gossamer.errors import StatusError
from gossamer.vm.loading import load_bytecode_module
from gossamer.vm.numbers.rounding import f32_to_bits, f64_to_bits, round_f32

pytestmark = pytest.mark.reference

HEAD = """\
vm.module @m version 0
vm.type i32
vm.type i64
vm.type i8
vm.type !vm.buffer
vm.type !vm.list<i32>
vm.type !vm.list<i8>
vm.type !vm.opaque
vm.rodata[0] = 000102030405060708090A0B0C0D0E

"""

FLOATS = (0.0, -0.0, 0.5, -0.5, 1.5, 2.5, -3.7, 16777217.0, 3e9, 1e20, -1e20, 1e38, math.nan, math.inf)
WIDE_INTEGERS = (0, 1, -1, (1 << 54) + (1 << 30) + 1, -(1 << 63), (1 << 63) - 1, 0x1_0000_0080_0001)
BITS = {"f32": "i32", "f64": "i64", "i32": "i32", "i64": "i64"}

RUNNER = """
import json, sys
import iree.runtime as runtime

def run(context, function, arguments):
    inputs, outputs = runtime.VmVariantList(len(arguments)), runtime.VmVariantList(1)
    for argument in arguments:
        inputs.push_int(argument)
    try:
        context.invoke(function, inputs, outputs)
    except Exception as error:
        return str(error).split("; ")[0].rpartition(" ")[2]
    return outputs.get_variant(0)

instance = runtime.VmInstance()
module = runtime.VmModule.copy_buffer(instance, open(sys.argv[1], "rb").read())
context = runtime.VmContext(instance, modules=[module])
cases = json.load(sys.stdin)
print(json.dumps([run(context, module.lookup_function(name), arguments) for name, arguments in cases]))
"""


def register(kind: str, ordinal: int) -> str:
    """Register of a type; each argument has a pair of cells to itself."""
    return f"%i{ordinal}:{ordinal + 1}" if kind in ("i64", "f64") else f"%i{ordinal}"


def operation(name: str, sources: tuple[str, ...], target: str) -> str:
    """Function that takes and returns bits, and computes one operation in between."""
    parameters: list[str] = []
    lines: list[str] = []
    cell = 0
    for source in sources:
        cell += cell % 2 if BITS[source] == "i64" else 0
        parameters.append(f"{register(source, cell)}: {BITS[source]}")
        if source != BITS[source]:
            lines.append(
                f"{register(source, cell)} = vm.bitcast.{BITS[source]}.{source} {register(source, cell)}"
            )
        cell += 2 if BITS[source] == "i64" else 1
    operands = ", ".join(parameter.rpartition(": ")[0] for parameter in parameters)
    lines.append(f"{register(target, 8)} = vm.{name} {operands}")
    if target != BITS[target]:
        lines.append(f"{register(target, 8)} = vm.bitcast.{target}.{BITS[target]} {register(target, 8)}")
    lines.append(f"vm.return {register(target, 8)}")
    return function(name, f"({', '.join(parameters)}) -> ({BITS[target]})", *lines)


def function(name: str, signature: str, *lines: str) -> str:
    """A function in the assembler's text."""
    symbol = name.replace(".", "_")
    body = "\n".join(line if line.startswith("^") else f"  {line}" for line in ("^bb0:", *lines))
    return f"vm.export @{symbol}\nvm.func @{symbol}{signature} {{\n{body}\n}}\n\n"


def bits(kind: str, value: float) -> int:
    """Bits of a float, or of an integer as it is."""
    if kind == "f32":
        return f32_to_bits(round_f32(value))
    return f64_to_bits(value) if kind == "f64" else int(value)


UNARY = (
    ("cast.f32.si32", "f32", "i32"),
    ("cast.f32.ui32", "f32", "i32"),
    ("cast.f32.si64", "f32", "i64"),
    ("cast.f32.ui64", "f32", "i64"),
    ("cast.f64.si32", "f64", "i32"),
    ("cast.f64.ui32", "f64", "i32"),
    ("cast.f64.si64", "f64", "i64"),
    ("cast.f64.ui64", "f64", "i64"),
    ("cast.si64.f32", "i64", "f32"),
    ("cast.si64.f64", "i64", "f64"),
    ("cast.ui64.f64", "i64", "f64"),
    ("trunc.f64.f32", "f64", "f32"),
    ("round.f32", "f32", "f32"),
    ("round.f32.even", "f32", "f32"),
    ("round.f64", "f64", "f64"),
    ("round.f64.even", "f64", "f64"),
    ("rsqrt.f32", "f32", "f32"),
    ("exp.f32", "f32", "f32"),
    ("erf.f32", "f32", "f32"),
    ("tanh.f64", "f64", "f64"),
    ("neg.f32", "f32", "f32"),
)
BINARY = (
    ("rem.f32", "f32", "f32"),
    ("rem.f64", "f64", "f64"),
    ("min.f32", "f32", "f32"),
    ("max.f64", "f64", "f64"),
    ("div.f32", "f32", "f32"),
    ("div.f64", "f64", "f64"),
    ("mul.f32", "f32", "f32"),
    ("add.f64", "f64", "f64"),
    ("pow.f32", "f32", "f32"),
    ("cmp.eq.f32.u", "f32", "i32"),
    ("cmp.ne.f32.o", "f32", "i32"),
    ("cmp.lt.f32.u", "f32", "i32"),
    ("cmp.lte.f64.o", "f64", "i32"),
)
# Why: C leaves a float beyond the range of its integer undefined, and compilers differ.
UNDEFINED = {("cast.f64.ui64", value) for value in FLOATS} - {
    ("cast.f64.ui64", value) for value in FLOATS if 0 <= value < 2**63
}

Case = tuple[str, tuple[int, ...]]


def unary_cases() -> list[Case]:
    return [
        (name, (bits(source, value),))
        for name, source, _ in UNARY
        for value in (WIDE_INTEGERS if source == "i64" else FLOATS)
        if (name, value) not in UNDEFINED
    ]


def binary_cases() -> list[Case]:
    return [
        (name, (bits(kind, lhs), bits(kind, rhs)))
        for name, kind, _ in BINARY
        for lhs in FLOATS
        for rhs in FLOATS
    ]


OTHER_FUNCTIONS = (
    function(
        "hash",
        "(%i0:1: i64) -> (i64)",
        "%r0 = vm.const.ref.rodata 0",
        "%i2:3 = vm.const.i64.zero",
        "%i0:1 = vm.buffer.hash %r0, %i2:3, %i0:1",
        "vm.discard.refs %r0",
        "vm.return %i0:1",
    ),
    function(
        "narrow",
        "(%i0: i32, %i1: i32) -> (i32)",
        "%i2 = vm.const.i32 2",
        "%r0 = vm.list.alloc %i2 : !vm.list<i8>",
        "vm.list.resize %r0, %i2",
        "vm.list.set.i32 %r0, %i1, %i0",
        "%i0 = vm.list.get.i32 %r0, %i1",
        "vm.discard.refs %r0",
        "vm.return %i0",
    ),
    function("status", "(%i0: i32) -> (i32)", 'vm.fail %i0, "told to"', "^bb1:", "vm.return %i0"),
)
OTHER_CASES: list[Case] = [
    *[("hash", (length,)) for length in (0, 1, 7, 8, 15, 16, -1)],
    *[("narrow", case) for case in ((300, 0), (200, 1), (1, 2), (1, -1))],
    *[("status", (status,)) for status in (0, 1, 5, 16, 18, 35)],
]


def test_same_results(assemble_vmasm: Callable[..., Path], iree_bin: Path) -> None:
    functions = [
        *[operation(name, (source,), target) for name, source, target in UNARY],
        *[operation(name, (kind, kind), target) for name, kind, target in BINARY],
        *OTHER_FUNCTIONS,
    ]
    cases = [*unary_cases(), *binary_cases(), *OTHER_CASES]
    named = [(name.replace(".", "_"), arguments) for name, arguments in cases]
    module = assemble_vmasm(HEAD + "".join(functions), name="m")

    command = [str(iree_bin / "python"), "-c", RUNNER, str(module)]
    done = subprocess.run(command, input=json.dumps(named), capture_output=True, text=True, check=True)
    theirs = json.loads(done.stdout)

    loaded = load_bytecode_module(module.read_bytes(), executor="interpret")
    exports = loaded.create_state().link(())
    differences = [
        (name, arguments, ours, expected)
        for (name, arguments), expected in zip(named, theirs, strict=True)
        if (ours := call(exports.bind(name), arguments)) != expected
    ]
    assert len(cases) > 2500
    assert not differences


def call(callable_: Callable[..., object], arguments: tuple[int, ...]) -> object:
    """Result, or the name of the status."""
    try:
        return callable_(*arguments)
    except StatusError as error:
        return error.code.name
