"""Declarations of functions from MLIR: what `iree.abi.declaration` of a file shows."""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.abi.declaration import NAME_ATTR, Declaration, DeclaredValue, ExecutionModel
from gossamer.compiler.mlir import ir


def declare_function(
    name: str,
    model: ExecutionModel,
    function_type: ir.FunctionType,
    argument_attrs: Sequence[ir.DictAttr | None],
    result_attrs: Sequence[ir.DictAttr | None],
) -> Declaration:
    """The declaration that IREE 3.13.0 writes.

    Args:
        name: without the "@".
        argument_attrs: attributes of each argument; `iree.abi.name` names it, the others are shown.
    """
    return Declaration(
        model,
        name,
        _declared_values(function_type.inputs, argument_attrs, "input"),
        _declared_values(function_type.results, result_attrs, "output"),
    )


def value_name(prefix: str, index: int, attrs: ir.DictAttr | None) -> str:
    """Name of an argument or result: `iree.abi.name` of its attributes, else the prefix and its index."""
    if attrs is not None and NAME_ATTR in attrs:
        return ir.StringAttr(attrs[NAME_ATTR]).value
    return f"{prefix}{index}"


def _declared_values(
    types: Sequence[ir.Type], all_attrs: Sequence[ir.DictAttr | None], prefix: str
) -> tuple[DeclaredValue, ...]:
    return tuple(
        DeclaredValue(
            value_name(prefix, index, attrs),
            str(type),
            tuple((named.name, str(named.attr)) for named in attrs or () if named.name != NAME_ATTR),
        )
        for index, (type, attrs) in enumerate(zip(types, all_attrs, strict=True))
    )
