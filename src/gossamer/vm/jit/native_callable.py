"""Native forms of ordinary functions: those that loop over numbers and buffers and call nothing else."""

from __future__ import annotations

from collections.abc import Callable

from gossamer.machine_code.compiled_code import load_native_code
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


def native_callable(
    module: DecodedModule,
    ordinal: int,
    fallback: Callable[..., object],
    find_functions: Callable[[], dict[int, CompilableFunction] | None],
) -> Callable[..., object]:
    """A callable that compiles a function when it is first called.

    Args:
        ordinal: of a function that is worth compiling.
        fallback: the same function in another form.
        find_functions: gives what `worth_compiling` does.
    """
    compiled: list[NativeCall] = []

    def call(*arguments: object) -> object:
        if not compiled:
            functions = find_functions()
            assert functions is not None
            compiled.append(compile_callable(module, functions, ordinal, fallback))
        return compiled[0](*arguments)

    return call


def compile_callable(
    module: DecodedModule,
    functions: dict[int, CompilableFunction],
    ordinal: int,
    fallback: Callable[..., object],
) -> NativeCall:
    """Compile one function with those it calls."""
    function = module.functions[ordinal]
    text = emit_module(functions.values(), [ordinal], lambda text, _: emit_call_entry(text, function))
    loaded = load_native_code(text, external_address)
    address = loaded.address(call_symbol(ordinal))
    allocates = any(map(_allocates, functions.values()))
    return NativeCall(module, function, address, fallback, loaded, allocates=allocates)


def _allocates(function: CompilableFunction) -> bool:
    operations = (operation for block in function.ssa.blocks for operation in block.operations)
    return any(operation.name in ("buffer.alloc", "buffer.clone") for operation in operations)
