"""Native forms of ordinary functions: those that loop over numbers and buffers and call nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gossamer.machine_code.compiled_code import NativeCode, load_native_code
from gossamer.vm.bytecode.decoded import DecodedModule
from gossamer.vm.jit.analysis.compilable import CompilableFunction, compilable_functions, has_loop
from gossamer.vm.jit.emit.callable_entry import NativeCall, call_symbol, emit_call_entry
from gossamer.vm.jit.emit.module_emitter import emit_module
from gossamer.vm.jit.externals import external_address


def worth_compiling(module: DecodedModule, ordinal: int) -> dict[int, CompilableFunction] | None:
    """A function and all it calls, where they can be native and one of them loops; None otherwise."""
    functions = compilable_functions(module, [ordinal])
    if ordinal not in functions or not any(has_loop(function.ssa) for function in functions.values()):
        return None
    return functions


@dataclass(frozen=True, slots=True)
class CompiledFunction:
    """A function in memory; states of its module share it.

    Attributes:
        address: of its entry (see `emit.callable_entry`).
        allocates: it makes buffers.
        code: what the address depends on.
    """

    address: int
    allocates: bool
    code: NativeCode


def native_callable(
    module: DecodedModule,
    ordinal: int,
    fallback: Callable[..., object],
    compiled: Callable[[], CompiledFunction],
) -> Callable[..., object]:
    """A callable of a function that is compiled when it is first called.

    Args:
        ordinal: of a function that is worth compiling.
        fallback: the same function in another form.
        compiled: compiles it, or gives what was compiled before.
    """
    calls: list[NativeCall] = []

    def call(*arguments: object) -> object:
        if not calls:
            found = compiled()
            function = module.functions[ordinal]
            calls.append(
                NativeCall(module, function, found.address, fallback, found.code, allocates=found.allocates)
            )
        return calls[0](*arguments)

    return call


def compile_function(
    module: DecodedModule, functions: dict[int, CompilableFunction], ordinal: int
) -> CompiledFunction:
    """Compile one function with those it calls.

    Args:
        functions: what `worth_compiling` gives for it.
    """
    function = module.functions[ordinal]
    text = emit_module(functions.values(), [ordinal], lambda text, _: emit_call_entry(text, function))
    loaded = load_native_code(text, external_address)
    allocates = any(map(_allocates, functions.values()))
    return CompiledFunction(loaded.address(call_symbol(ordinal)), allocates, loaded)


def _allocates(function: CompilableFunction) -> bool:
    operations = (operation for block in function.ssa.blocks for operation in block.operations)
    return any(operation.name in ("buffer.alloc", "buffer.clone") for operation in operations)
