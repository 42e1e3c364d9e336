"""Arguments that the functions of a corpus are called with, as data that both runtimes can build from.

In: a good module. Out: for each export a list of rows: `["i", 3]`, `["view", shape, dtype, element type]`,
`["wait"]`, `["fence"]`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gossamer.abi.calling_convention import Span, parse_calling_convention
from gossamer.abi.element_type import FLOAT_32
from gossamer.runtime.signature import read_signature
from gossamer.vm.link.function import Function
from gossamer.vm.link.module import Export, Module

Plan = list[list[Any]]

_SCALARS = {"i": 3, "I": 3, "f": 1.5, "F": 1.5}
_UNKNOWN_TENSOR: list[Any] = ["view", [16], "float32", FLOAT_32]


def plan_arguments(module: Module) -> dict[str, Plan]:
    """Arguments for each export, by name."""
    return {name: _plan(module.name, export) for name, export in module.exports.items()}


def _plan(module_name: str, export: Export) -> Plan:
    function = Function(module_name, export, lambda: None)
    inputs = read_signature(function).inputs
    plan: Plan = []
    for description in inputs:
        if description.shape is not None and description.dtype is not None:
            shape = [16 if size is None else size for size in description.shape]
            plan.append(["view", shape, description.dtype.name, description.element_type])
        elif description.kind in _SCALARS:
            plan.append([description.kind, _SCALARS[description.kind]])
        else:
            plan.append(_UNKNOWN_TENSOR)
    return plan + ([["wait"], ["fence"]] if function.is_async else [])


def plan_unknown(convention: str) -> Plan:
    """Arguments for a calling convention that no good module has."""
    arguments: Sequence[str | Span] = parse_calling_convention(convention).arguments
    return [
        ["span"]
        if isinstance(argument, Span)
        else _UNKNOWN_TENSOR
        if argument == "r"
        else [argument, _SCALARS[argument]]
        for argument in arguments
    ]
