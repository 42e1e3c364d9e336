"""The flow phase: optimise, form dispatches, name them, share equal executables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gossamer.compiler.flow.choices import branch_on_choices
from gossamer.compiler.flow.dispatches import form_dispatches
from gossamer.compiler.flow.naming import summarize
from gossamer.compiler.flow.outline import Dispatch
from gossamer.compiler.flow.preprocess import preprocess
from gossamer.compiler.flow.program import FlowProgram
from gossamer.compiler.flow.trace import trace_dispatches
from gossamer.compiler.mlir import ir, run_own_pass, run_passes
from gossamer.compiler.tensor.executable import Executable

_PHASE = "flow"
_NO_WORD = re.compile(r"\W", re.ASCII)
"""What names of kernels do not have: LLVM and linkers take them unquoted."""


def run(module: ir.Module, traced: str = "") -> FlowProgram:
    """Turn a module of tensor functions into host functions and executables.

    Args:
        module: output of the input phase; changed, and part of the result.
        traced: dispatches whose tensors are printed when they run, see `TracedDispatches`.
    Raises: CompileError where a pass fails, or no dispatch is called as `traced` says.
    """
    with module.context:
        preprocess(module)
        formed: list[tuple[ir.Operation, list[Dispatch]]] = []
        run_own_pass(module, "form-dispatches", lambda module: formed.extend(_form_dispatches(module)))
        run_passes(module, "convert-scf-to-cf,canonicalize,cse", phase=_PHASE)
        run_own_pass(module, "branch-on-choices", branch_on_choices)
        executables = _attach_executables(module, formed)
        if traced:
            trace_dispatches(formed, executables, traced)
        return FlowProgram(module, executables)


def _form_dispatches(module: ir.Module) -> Iterator[tuple[ir.Operation, list[Dispatch]]]:
    for view in list(module.body.operations):
        if _has_body(view.operation):
            yield view.operation, form_dispatches(view.operation)


def _has_body(op: ir.Operation) -> bool:
    return op.name == "func.func" and len(op.regions[0].blocks) > 0


def _attach_executables(
    module: ir.Module, formed: list[tuple[ir.Operation, list[Dispatch]]]
) -> dict[str, Executable]:
    """Name the dispatches' functions and put one module for each distinct one into the host module."""
    executables: dict[str, Executable] = {}
    by_text: dict[str, Executable] = {}
    prefixes: set[str] = set()
    for function, dispatches in formed:
        prefix = _NO_WORD.sub("_", ir.StringAttr(function.attributes["sym_name"]).value)
        while prefix in prefixes:
            prefix += "_"
        prefixes.add(prefix)
        for number, dispatch in enumerate(dispatches):
            text = dispatch.function.get_asm()
            executable = by_text.get(text)
            if executable is None:
                executable = _attach(dispatch, f"{prefix}_dispatch_{number}", function, module)
                by_text[text] = executables[executable.name] = executable
            dispatch.op.attributes["executable"] = ir.FlatSymbolRefAttr.get(executable.name)
    return executables


def _attach(dispatch: Dispatch, name: str, before: ir.Operation, module: ir.Module) -> Executable:
    function = dispatch.function
    function.attributes["sym_name"] = ir.StringAttr.get(f"{name}_{summarize(function)}")
    dispatch.executable.attributes["sym_name"] = ir.StringAttr.get(name)
    ir.InsertionPoint(before).insert(dispatch.executable)
    return Executable(name, function, module)
