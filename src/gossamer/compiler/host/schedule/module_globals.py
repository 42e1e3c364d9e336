"""Globals of the program: what the VM keeps for each, and how they get their initial values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gossamer.abi.mlir_element_type import element_bits
from gossamer.abi.ref_types import BUFFER, FENCE
from gossamer.abi.value_type import TensorType
from gossamer.compiler.constant_bytes import dense_bytes, splat_pattern
from gossamer.compiler.host.program.commands import Command, Copy, Fill
from gossamer.compiler.host.program.program import Block, Function, HostGlobal, Return
from gossamer.compiler.host.program.sizes import Size
from gossamer.compiler.host.program.steps import (
    Allocate,
    Await,
    Execute,
    LoadParameters,
    StoreGlobal,
    Subspan,
)
from gossamer.compiler.host.program.values import Resource, Timepoint, whole
from gossamer.compiler.host.schedule.module_state import ModuleGlobal, ModuleState
from gossamer.compiler.host.schedule.parameters import load_parameters, parameter_stores, read_parameter
from gossamer.compiler.mlir import ir, source_location
from gossamer.compiler.signatures.read import abi_type
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError

_SET_ONCE = "gossamer.immutable"
"""Marks globals that only initialisers store to."""
INITIALIZER = "__init_globals"
"""Function that puts initial values in place."""


def read_globals(operations: Iterable[ir.Operation], *, track_time: bool) -> dict[str, ModuleGlobal]:
    """Read the `ml_program.global`s of a module, by symbol.

    Args:
        track_time: functions may return before what they stored is ready.
    """
    found: dict[str, ModuleGlobal] = {}
    for op in operations:
        if op.name == "ml_program.global":
            variable = _read_global(op, track_time=track_time)
            found[variable.name] = variable
    return found


def _read_global(op: ir.Operation, *, track_time: bool) -> ModuleGlobal:
    name = ir.StringAttr(op.attributes["sym_name"]).value
    type = abi_type(ir.TypeAttr(op.attributes["type"]).value, op)
    is_mutable = "is_mutable" in op.attributes and _SET_ONCE not in op.attributes
    initial = op.attributes.get("value", None)
    if initial is not None and "extern" in str(initial)[:20]:
        raise _error(op, f"global '@{name}' has its value elsewhere, which is not supported")
    dims: dict[int, str] = {}
    timepoint = ""
    parameter = read_parameter(op, type)
    if isinstance(type, TensorType):
        dims = {index: f"{name}$dim{index}" for index, extent in enumerate(type.shape) if extent is None}
        timepoint = f"{name}$timepoint" if is_mutable and track_time else ""
    return ModuleGlobal(name, type, is_mutable, dims, timepoint, op, initial, parameter)


def declare_globals(state: ModuleState) -> None:
    """Give each global what the VM keeps for it, and initial values by a function that runs first."""
    initializer = Function(INITIALIZER, None, [Block("entry")])
    block = initializer.blocks[0]
    program = state.program
    commands: list[Command] = []
    parameters: list[ModuleGlobal] = []
    for variable in state.globals.values():
        if not isinstance(variable.type, TensorType):
            program.globals[variable.name] = HostGlobal(
                variable.name,
                variable.type.name,
                _number(variable.initial),
                str(variable.type),
                variable.is_mutable,
            )
            continue
        program.globals[variable.name] = HostGlobal(
            variable.name,
            BUFFER,
            None,
            str(variable.type),
            variable.is_mutable,
            tuple(variable.dims.values()),
        )
        extents = _initial_extents(variable)
        for index, name in variable.dims.items():
            program.globals[name] = HostGlobal(name, "index", extents.get(index, 0))
        if variable.timepoint:
            program.globals[variable.timepoint] = HostGlobal(variable.timepoint, FENCE)
        if variable.parameter is not None:
            parameters.append(variable)
        elif variable.initial is not None:
            commands.extend(_initial_contents(state, variable, block))
        elif variable.is_mutable and not variable.dims:
            commands.append(_zeros(variable, block))
    work: list[LoadParameters | Execute] = list(load_parameters(parameters))
    if commands:
        work.append(Execute((tuple(commands),), (), Timepoint("done")))
    if work:
        stores = [step for step in block.steps if isinstance(step, StoreGlobal)]
        block.steps = [step for step in block.steps if not isinstance(step, StoreGlobal)]
        block.steps += [*work, Await(tuple(step.signal for step in work)), *stores]
        block.steps += parameter_stores(work)
    if block.steps:
        block.terminator = Return(())
        program.functions.append(initializer)
        program.initializers.append(INITIALIZER)


def _initial_contents(state: ModuleState, variable: ModuleGlobal, block: Block) -> list[Copy | Fill]:
    """Have a global refer to its initial value; a mutable one to a copy that is its own."""
    assert isinstance(variable.type, TensorType)
    assert variable.initial is not None
    type = ir.ShapedType(variable.initial.type)
    count = 1
    for extent in type.shape:
        count *= extent
    pattern = splat_pattern(variable.initial, variable.type.element)
    if pattern is not None:
        resource = Resource(variable.name, Size(count * len(pattern)))
        block.steps += [Allocate(resource), StoreGlobal(variable.name, resource)]
        return [Fill(whole(resource), int.from_bytes(pattern, "little"), len(pattern))]
    data = dense_bytes(variable.initial, variable.type.element, count, variable.op, state.constants.resources)
    source = state.constants.add_bytes(data)
    resource = Resource(variable.name, Size(len(data)))
    if not variable.is_mutable:
        block.steps += [Subspan(source, resource), StoreGlobal(variable.name, resource)]
        return []
    block.steps += [Allocate(resource), StoreGlobal(variable.name, resource)]
    return [Copy(source, whole(resource))]


def _zeros(variable: ModuleGlobal, block: Block) -> Fill:
    """Have a global without an initial value refer to zeros of its own."""
    assert isinstance(variable.type, TensorType)
    bits = element_bits(variable.type.element)
    if bits is None:
        raise _error(variable.op, f"tensors of {variable.type.element} cannot be stored on a device")
    count = 1
    for extent in variable.type.shape:
        count *= extent or 0
    resource = Resource(variable.name, Size(-(-count * bits // 8)))
    block.steps += [Allocate(resource), StoreGlobal(variable.name, resource)]
    return Fill(whole(resource), 0, 1)


def _initial_extents(variable: ModuleGlobal) -> Mapping[int, int]:
    if variable.initial is None:
        return {}
    return dict(enumerate(ir.ShapedType(variable.initial.type).shape))


def _number(initial: ir.Attribute | None) -> int | float | None:
    if isinstance(initial, ir.IntegerAttr | ir.FloatAttr | ir.BoolAttr):
        return initial.value
    return None


def _error(op: ir.Operation, message: str) -> CompileError:
    return CompileError([Diagnostic(message, source_location(op.location))])
