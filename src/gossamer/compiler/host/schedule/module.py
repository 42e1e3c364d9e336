"""Schedules a whole module: from host functions on tensors to host programs.

In: the host module of the flow phase. Out: a `HostProgram`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gossamer.abi.declaration import ExecutionModel
from gossamer.compiler.host.program.program import Function, HostExecutable, HostProgram
from gossamer.compiler.host.program.steps import HostOp
from gossamer.compiler.host.schedule.analysis.aliasing import is_tensor
from gossamer.compiler.host.schedule.analysis.in_place_state import find_in_place_updates
from gossamer.compiler.host.schedule.analysis.timed_functions import (
    find_called_functions,
    find_timed_functions,
    symbol_name,
)
from gossamer.compiler.host.schedule.boundary import schedule_arguments, schedule_return
from gossamer.compiler.host.schedule.branches import Blocks, declare_blocks, schedule_branch
from gossamer.compiler.host.schedule.calls import (
    TRACE,
    internal_name,
    schedule_call,
    schedule_check,
    schedule_find_import,
    schedule_trace,
)
from gossamer.compiler.host.schedule.global_ops import schedule_load, schedule_store
from gossamer.compiler.host.schedule.hal_ops import HAL_OPS, states_fences
from gossamer.compiler.host.schedule.handover import hand_over_signals
from gossamer.compiler.host.schedule.module_globals import declare_globals, read_globals
from gossamer.compiler.host.schedule.module_state import ConstantBuilder, ModuleState, entry_points
from gossamer.compiler.host.schedule.scheduler import FunctionScheduler
from gossamer.compiler.host.schedule.tensor_ops import TENSOR_OPS, Handler, schedule_bytes, schedule_constant
from gossamer.compiler.mlir import ir
from gossamer.compiler.resources import Resources
from gossamer.compiler.signatures import Signature

INITIALIZER_ATTR = "gossamer.initializer"
"""Marks functions that run when a module is loaded."""

_HANDLERS: dict[str, Handler] = {
    **TENSOR_OPS,
    **HAL_OPS,
    TRACE: schedule_trace,
    "util.buffer.constant": schedule_bytes,
    "func.call": schedule_call,
    "func.return": schedule_return,
    "vm.import.resolved": schedule_find_import,
    "ml_program.global_load": schedule_load,
    "ml_program.global_load_const": schedule_load,
    "ml_program.global_store": schedule_store,
}
_BRANCHES = frozenset({"cf.br", "cf.cond_br", "cf.switch"})


def schedule_program(
    module: ir.Module,
    name: str,
    signatures: Mapping[str, Signature],
    executables: Sequence[HostExecutable],
    *,
    strip_assertions: bool = False,
    resources: Resources | None = None,
) -> HostProgram:
    """Schedule the host functions of a module.

    Args:
        module: of the flow phase.
        name: of the module at run time.
        signatures: of exports and imports, by symbol.
        resources: bytes of constants that the module names.
        executables: every kernel that a dispatch names is in one of them.
    Raises: CompileError at an operation that cannot run on the host.
    """
    operations = [operation.operation for operation in module.body.operations]
    functions = [op for op in operations if op.name == "func.func" and list(op.regions[0].blocks)]
    program = HostProgram(name, tuple(executables))
    state = ModuleState(
        program,
        signatures,
        entry_points(program.executables),
        find_timed_functions(functions, signatures),
        find_in_place_updates(functions, signatures),
        strip_assertions,
        constants=ConstantBuilder(Resources() if resources is None else resources),
    )
    state.globals = read_globals(operations, track_time=state.has_async_exports)
    declare_globals(state)
    called = find_called_functions(functions)
    for op in functions:
        _schedule_forms(state, op, is_called=symbol_name(op) in called)
    program.constants = state.constants.finish()
    return program


def _schedule_forms(state: ModuleState, op: ir.Operation, *, is_called: bool) -> None:
    """Schedule a function as an export, as an initialiser, and for callers inside the module."""
    symbol = symbol_name(op)
    program = state.program
    export = state.signatures.get(symbol)
    if export is not None:
        program.functions.append(_schedule(state, op, symbol, export))
    elif INITIALIZER_ATTR in op.attributes:
        program.functions.append(_schedule_initializer(state, op, symbol))
        program.initializers.append(symbol)
    if is_called:
        program.functions.append(_schedule(state, op, internal_name(symbol), None))


def _schedule_initializer(state: ModuleState, op: ir.Operation, name: str) -> Function:
    # An initialiser is a function whose caller, the VM, expects everything done when it returns.
    signature = Signature(name, False, ExecutionModel.SYNC, (), (), "")
    function = _schedule(state, op, name, signature, runs_once=True)
    function.export = None
    return function


def _schedule(
    state: ModuleState,
    op: ir.Operation,
    name: str,
    export: Signature | None,
    *,
    runs_once: bool = False,
) -> Function:
    scheduler = FunctionScheduler(
        state,
        op,
        name,
        export=export,
        is_async=(export.is_async if export else state.has_async_exports) or states_fences(op),
        is_timed=symbol_name(op) in state.timed_functions,
        runs_once=runs_once,
    )
    schedule_arguments(scheduler)
    blocks = declare_blocks(scheduler)
    for index, block in enumerate(op.regions[0].blocks):
        if index:
            scheduler.enter_block(*blocks[block])
        scheduler.function.blocks.append(scheduler.block)
        _schedule_block(scheduler, block, blocks)
        hand_over_signals(scheduler.block)
    if scheduler.work.lent is not None:
        scheduler.function.lent_bytes = scheduler.work.lent.size.constant
    return scheduler.function


def _schedule_block(scheduler: FunctionScheduler, block: ir.Block, blocks: Blocks) -> None:
    for position, operation in enumerate(block.operations):
        op = operation.operation
        scheduler.current = op
        scheduler.work.position = position
        handler = _HANDLERS.get(op.name)
        if handler is not None:
            handler(scheduler, op)
        elif op.name in _BRANCHES:
            schedule_branch(scheduler, op, blocks)
        elif op.name.startswith("check."):
            schedule_check(scheduler, op)
        elif op.name == "arith.constant" and is_tensor(op.results[0]):
            schedule_constant(scheduler, op)
        elif any(is_tensor(value) for value in (*op.operands, *op.results)):
            raise scheduler.error(f"'{op.name}' on tensors cannot run on the host and is in no dispatch")
        else:
            scheduler.emit(HostOp(op))
