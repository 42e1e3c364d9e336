"""Functions of a module → the text of one LLVM module."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gossamer.vm.jit.analysis.compilable import CompilableFunction
from gossamer.vm.jit.emit.function_emitter import FunctionEmitter
from gossamer.vm.jit.instructions.text import ModuleText


def emit_module(
    functions: Iterable[CompilableFunction],
    entries: Iterable[int],
    emit_entry: Callable[[ModuleText, int], str],
) -> str:
    """Write functions and the entries of some of them.

    Args:
        functions: with everything that they call.
        entries: ordinals of the functions that are called from outside.
        emit_entry: writes the entry of one.
    """
    module = ModuleText()
    texts = [FunctionEmitter(module, function.ssa, function.roles).emit() for function in functions]
    texts += [emit_entry(module, ordinal) for ordinal in entries]
    return module.render(texts)
