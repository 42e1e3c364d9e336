"""Keeps what callers see unsigned where kernels compute on integers without sign.

`tensor<3xui8>` becomes `tensor<3xi8>` in lowering; at a function's boundary the type stays as
`iree.abi.encoding`, beside the one that kernels take: `tensor<3xi8> {iree.abi.encoding = tensor<3xui8>}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gossamer.compiler.mlir import ir
from gossamer.compiler.walk import find

ENCODING = "iree.abi.encoding"
_UNSIGNED = re.compile(r"\bui\d+\b|(?<=x)ui\d+\b")
_SIGNLESS = re.compile(r"(?:\b|(?<=x))(?=i\d+\b)")


@dataclass(frozen=True, slots=True)
class UnsignedValues:
    """Which arguments and results of a function are of unsigned integers."""

    arguments: Sequence[bool]
    results: Sequence[bool]


def find_unsigned(module: ir.Module) -> Mapping[str, UnsignedValues]:
    """The unsigned arguments and results of each function that has any, by its name."""
    found: dict[str, UnsignedValues] = {}
    for op in find(module.operation, "func.func"):
        type = _function_type(op)
        values = UnsignedValues(_are_unsigned(type.inputs), _are_unsigned(type.results))
        if any(values.arguments) or any(values.results):
            found[_name(op)] = values
    return found


def write_encodings(module: ir.Module, unsigned: Mapping[str, UnsignedValues]) -> None:
    """Give an encoding to each argument and result that was unsigned before lowering and is not now."""
    for op in find(module.operation, "func.func"):
        values = unsigned.get(_name(op))
        if values is not None:
            type = _function_type(op)
            _write(op, "arg_attrs", type.inputs, values.arguments)
            _write(op, "res_attrs", type.results, values.results)


def _write(op: ir.Operation, name: str, types: Sequence[ir.Type], unsigned: Sequence[bool]) -> None:
    if len(types) != len(unsigned) or not any(unsigned):
        return
    given = ir.ArrayAttr(op.attributes[name]) if name in op.attributes else [ir.DictAttr.get({})] * len(types)
    written: list[ir.Attribute] = []
    for attr, type, was_unsigned in zip(given, types, unsigned, strict=True):
        attrs = {named.name: named.attr for named in ir.DictAttr(attr)}
        encoding = ir.Type.parse(_SIGNLESS.sub("u", str(type))) if was_unsigned else type
        if encoding != type:
            attrs[ENCODING] = ir.TypeAttr.get(encoding)
        written.append(ir.DictAttr.get(attrs))
    op.attributes[name] = ir.ArrayAttr.get(written)


def _are_unsigned(types: Sequence[ir.Type]) -> list[bool]:
    return [_UNSIGNED.search(str(type)) is not None for type in types]


def _function_type(op: ir.Operation) -> ir.FunctionType:
    return ir.FunctionType(ir.TypeAttr(op.attributes["function_type"]).value)


def _name(op: ir.Operation) -> str:
    return ir.StringAttr(op.attributes["sym_name"]).value
