"""f16, bf16 and floats of 8 bits: computed in f32 and rounded after each operation, save in reductions.

A sum of many f16 numbers that was rounded to f16 after each addition would stop growing long before its end.
Reductions therefore carry f32, and compute each step in f32 without rounding in between: their operations are
marked, and conversions to and fro around a marked one go.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from gossamer.compiler.codegen.loop_builder import LoopBuilder
from gossamer.compiler.mlir import ir, run_passes
from gossamer.compiler.walk import find

_MARK = "gossamer.carried"
SMALL_FLOATS = ("f8E5M2", "f8E4M3", "f8E3M4", "f8E4M3FN", "f8E5M2FNUZ", "f8E4M3FNUZ", "f8E4M3B11FNUZ")
_LOWERING = (
    f"arith-emulate-unsupported-floats{{source-types=bf16,f16,{','.join(SMALL_FLOATS)} target-type=f32}},"
    "math-extend-to-supported-types{extra-types= target-type=f32},cse"
)


def is_half(type: ir.Type) -> bool:
    """Whether a type is f16, bf16 or a float of 8 bits."""
    return isinstance(type, ir.F16Type | ir.BF16Type) or str(type) in SMALL_FLOATS


def widen(build: LoopBuilder, value: ir.Value) -> ir.Value:
    """A value as a reduction carries it."""
    if not is_half(value.type):
        return value
    return _cast(build, "arith.extf", value, ir.F32Type.get(build.location.context))


def narrow(build: LoopBuilder, value: ir.Value, type: ir.Type) -> ir.Value:
    """A value that a reduction carries, as its body and its consumers see it.

    Args:
        build: appends the conversion.
        value: carried.
        type: of the reduction's elements.
    """
    return value if value.type == type else _cast(build, "arith.truncf", value, type)


def lower(module: ir.Module, phase: str) -> None:
    """Do the arithmetic of a module in f32; only conversions stay.

    Nothing that folds pairs of conversions may come after.
    """
    run_passes(module, _LOWERING, phase=phase)
    for op in find(module.operation, "arith.extf"):
        rounding = _producer(op.operands[0])
        if rounding is not None and rounding.name == "arith.truncf" and _is_needless(rounding, op):
            op.result.replace_all_uses_with(rounding.operands[0])
    run_passes(module, "cse", phase=phase)


def _is_needless(rounding: ir.Operation, widening: ir.Operation) -> bool:
    rounded = _producer(rounding.operands[0])
    return any(op is not None and _MARK in op.attributes for op in (rounding, widening, rounded))


def _producer(value: ir.Value) -> ir.Operation | None:
    owner = value.owner
    return None if isinstance(owner, ir.Block) else owner.operation


@contextmanager
def unrounded(build: LoopBuilder) -> Generator[None]:
    """Mark the operations on half floats that are appended inside the `with` block."""
    outer = build.on_append
    build.on_append = _mark
    yield
    build.on_append = outer


def _mark(op: ir.Operation) -> None:
    if any(is_half(result.type) for result in op.results):
        op.attributes[_MARK] = ir.UnitAttr.get(op.context)


def _cast(build: LoopBuilder, name: str, value: ir.Value, type: ir.Type) -> ir.Value:
    cast = build.op(name, [value], [type])
    cast.attributes[_MARK] = ir.UnitAttr.get(build.location.context)
    return cast.result
