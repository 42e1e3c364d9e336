"""Globals whose initial values are parameters: loaded from files when the module is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gossamer.abi.mlir_element_type import element_bits
from gossamer.abi.value_type import TensorType, ValueType
from gossamer.compiler.host.program.program import HostProgram
from gossamer.compiler.host.program.sizes import Size
from gossamer.compiler.host.program.steps import LoadParameters, Step, StoreGlobal
from gossamer.compiler.host.program.values import Resource, Timepoint
from gossamer.compiler.host.schedule.module_state import ModuleGlobal
from gossamer.compiler.mlir import ir, source_location
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError

_PARAMETER = "gossamer.parameter"
"""Attribute of such globals: scope and key."""


def read_parameter(op: ir.Operation, type: ValueType) -> tuple[str, str] | None:
    """Scope and key of the parameter that is the initial value of a global, or None.

    Raises: CompileError unless the global is a tensor of a size known now.
    """
    if _PARAMETER not in op.attributes:
        return None
    # Why bytes: keys need not be UTF-8.
    names = (ir.StringAttr(name).value_bytes for name in ir.ArrayAttr(op.attributes[_PARAMETER]))
    scope, key = (name.decode("utf-8", "surrogateescape") for name in names)
    if not isinstance(type, TensorType) or None in type.shape or element_bits(type.element) is None:
        message = f"a global of type {type} cannot be loaded from parameter '{key}'"
        hint = "parameters are tensors of static shape"
        raise CompileError([Diagnostic(message, source_location(op.location), hint=hint)])
    return scope, key


def load_parameters(variables: Iterable[ModuleGlobal]) -> Iterator[LoadParameters]:
    """Steps that load parameters: one for all of a scope that may be written, one for all others."""
    groups: dict[tuple[str, bool], list[ModuleGlobal]] = {}
    for variable in variables:
        assert variable.parameter is not None
        groups.setdefault((variable.parameter[0], variable.is_mutable), []).append(variable)
    for number, ((scope, is_mutable), members) in enumerate(groups.items()):
        keys = tuple(variable.parameter[1] for variable in members if variable.parameter)
        resources = tuple(Resource(variable.name, _size(variable)) for variable in members)
        yield LoadParameters(scope, keys, resources, is_mutable, Timepoint(f"loaded{number}"))


def parameter_stores(steps: Iterable[Step]) -> list[StoreGlobal]:
    """Steps that have the globals refer to what was loaded."""
    loads = (step for step in steps if isinstance(step, LoadParameters))
    return [StoreGlobal(resource.name, resource) for step in loads for resource in step.results]


def parameter_lengths(program: HostProgram) -> dict[str, int]:
    """Bytes of every parameter that a program loads, by key; of one key in several scopes the longest."""
    lengths: dict[str, int] = {}
    for function in program.functions:
        for step in function.steps():
            if isinstance(step, LoadParameters):
                for key, result in zip(step.keys, step.results, strict=True):
                    lengths[key] = max(lengths.get(key, 0), result.size.constant)
    return lengths


def _size(variable: ModuleGlobal) -> Size:
    assert isinstance(variable.type, TensorType)
    bits = element_bits(variable.type.element) or 0
    for extent in variable.type.shape:
        bits *= extent or 0
    return Size(-(-bits // 8))
