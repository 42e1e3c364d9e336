"""The text of `iree.abi.declaration`: a function's signature for people and for link-time checks."""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler.mlir import ir
from gossamer.compiler.signatures.signature import ExecutionModel

_NAME = "iree.abi.name"


def format_declaration(
    name: str,
    model: ExecutionModel,
    function_type: ir.FunctionType,
    argument_attrs: Sequence[ir.DictAttr | None],
    result_attrs: Sequence[ir.DictAttr | None],
) -> str:
    """Write a declaration as IREE 3.13.0 does.

    Args:
        name: without the "@".
        argument_attrs: attributes of each argument; `iree.abi.name` names it, the others are shown.
    """
    kind = "async" if model is ExecutionModel.COARSE_FENCES else "sync"
    arguments = _format_values(function_type.inputs, argument_attrs, "input")
    results = _format_values(function_type.results, result_attrs, "output")
    return f"{kind} func @{name}({arguments}) -> ({results})"


def value_name(prefix: str, index: int, attrs: ir.DictAttr | None) -> str:
    """Name of an argument or result: `iree.abi.name` of its attributes, else the prefix and its index."""
    if attrs is not None and _NAME in attrs:
        return ir.StringAttr(attrs[_NAME]).value
    return f"{prefix}{index}"


def _format_values(types: Sequence[ir.Type], all_attrs: Sequence[ir.DictAttr | None], prefix: str) -> str:
    return ", ".join(
        f"%{value_name(prefix, index, attrs)}: {type}{_format_attrs(attrs)}"
        for index, (type, attrs) in enumerate(zip(types, all_attrs, strict=True))
    )


def _format_attrs(attrs: ir.DictAttr | None) -> str:
    shown = [f"{named.name} = {named.attr}" for named in attrs or () if named.name != _NAME]
    return f" {{{', '.join(shown)}}}" if shown else ""
