"""Lowerings of `util.string`: texts in byte buffers, made of literals, numbers and other texts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gossamer.compiler import mlir
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.builder import Builder
from gossamer.compiler.vm.conversion import attributes
from gossamer.compiler.vm.conversion.integers import resize
from gossamer.compiler.vm.conversion.scope import Lowered, Lowering, Scope, unsupported

_BUFFER = "!vm.buffer"
_DECIMAL = "__decimal_u64"
"""Function of the module that writes a number."""
_MAX_DIGITS = 20
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{(\d*)\}|[{}]")


def _itoa(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    return [_decimal(scope.builder, *scope.operands(op))]


def _format(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    builder = scope.builder
    arguments = [
        value if value.type.kind is ir.ValueType.REF else _decimal(builder, value)
        for value in scope.operands(op)
    ]
    parts = [
        builder.string(part) if isinstance(part, str) else arguments[part]
        for part in _parts(op, len(arguments))
    ]
    lengths = [builder.op("buffer.length", part) for part in parts]
    total = builder.i64(0)
    for length in lengths:
        total = builder.op("add.i64", total, length)
    result = builder.op("buffer.alloc", total, builder.i32(1), result_ref_type=_BUFFER)
    zero = offset = builder.i64(0)
    for part, length in zip(parts, lengths, strict=True):
        builder.effect("buffer.copy", part, zero, result, offset, length)
        offset = builder.op("add.i64", offset, length)
    return [result]


def _parts(op: mlir.ir.Operation, argument_count: int) -> list[str | int]:
    """Literals and numbers of arguments, in the order of the text."""
    text = attributes.text(op, "format")
    literals, numbers = [""], list[int]()
    are_named: set[bool] = set()
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        literals[-1] += text[end : match.start()]
        end = match.end()
        if match[0] in ("{{", "}}"):
            literals[-1] += match[0][0]
        elif match[1] is None:
            raise unsupported(op, f"'{match[0]}' in {text!r} stands alone", "write it twice, to mean itself")
        else:
            are_named.add(bool(match[1]))
            numbers.append(int(match[1]) if match[1] else len(numbers))
            literals.append("")
    literals[-1] += text[end:]
    if len(are_named) > 1:
        raise unsupported(op, f"{text!r} mixes '{{}}' with numbered arguments", "number all, or none")
    if any(number >= argument_count for number in numbers):
        raise unsupported(op, f"{text!r} names more arguments than the {argument_count} it is given")
    parts: list[str | int] = [literals[0]]
    for number, literal in zip(numbers, literals[1:], strict=True):
        parts += [number, literal]
    return [part for part in parts if part != ""]


def _decimal(builder: Builder, number: ir.Value) -> ir.Value:
    """The decimal digits of a number without sign."""
    if _DECIMAL not in builder.module.functions:
        builder.module.functions[_DECIMAL] = _decimal_function(builder.module)
    (result,) = builder.call(_DECIMAL, resize(builder, number, ir.I64))
    return result


def _decimal_function(module: ir.Module) -> ir.Function:
    """Digits are written from the last one on, at the end of a buffer that holds any number."""
    number, rest, position = ir.Value(ir.I64), ir.Value(ir.I64), ir.Value(ir.I64)
    entry, loop, done = ir.Block([number]), ir.Block([rest, position]), ir.Block()
    builder = Builder(module, entry)
    scratch = builder.op("buffer.alloc", builder.i64(_MAX_DIGITS), builder.i32(1), result_ref_type=_BUFFER)
    builder.br(loop, number, builder.i64(_MAX_DIGITS - 1))
    builder.block = loop
    ten = builder.i64(10)
    digit = builder.op("trunc.i64.i32", builder.op("rem.i64.u", rest, ten))
    character = builder.op("add.i32", digit, builder.i32(ord("0")))
    builder.effect("buffer.store.i8", scratch, position, character)
    following = builder.op("div.i64.u", rest, ten)
    before = builder.op("sub.i64", position, builder.i64(1))
    builder.cond_br(builder.op("cmp.nz.i64", following), loop, [following, before], done, [])
    builder.block = done
    length = builder.op("sub.i64", builder.i64(_MAX_DIGITS), position)
    alignment = builder.i32(1)
    builder.ret(builder.op("buffer.clone", scratch, position, length, alignment, result_ref_type=_BUFFER))
    return ir.Function(_DECIMAL, [ir.ref(_BUFFER)], [entry, loop, done])


LOWERINGS: dict[str, Lowering] = {"util.string.format": _format, "util.string.itoa": _itoa}
