"""Our own ways to run a module's functions: interpreted, translated to Python, compiled to native code."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from conformance_reference import Calls, Outcome, Tables

from gossamer.errors import StatusError
from gossamer.machine_code.compiled_code import load_native_code
from gossamer.vm.bytecode.decoded import DecodedModule
from gossamer.vm.bytecode.limits import DEFAULT_LIMITS
from gossamer.vm.bytecode.module import BytecodeModule
from gossamer.vm.interpret.interpreter import Interpreter
from gossamer.vm.jit.analysis.compilable import compilable_functions
from gossamer.vm.jit.emit.callable_entry import NativeCall, call_symbol, emit_call_entry
from gossamer.vm.jit.emit.module_emitter import emit_module
from gossamer.vm.jit.externals import external_address
from gossamer.vm.link.function import Function
from gossamer.vm.link.module import Export
from gossamer.vm.objects.buffer import Buffer
from gossamer.vm.translate import Translator

Functions = Mapping[str, Callable[..., object]]

# What the conformance module imports, for null fences and one device.
_HAL: dict[str, Callable[..., object]] = {
    "hal.devices.count": lambda: 1,
    "hal.fence.join": lambda flags, fences: next((fence for fence in fences if fence is not None), None),
    "hal.fence.await": lambda timeout, flags, fences: 0,
}


def imports_of(module: BytecodeModule) -> list[Function | None]:
    """The imports that there are."""
    found: list[Function | None] = []
    for imported in module.imports:
        function = _HAL.get(imported.full_name)
        name = imported.full_name.partition(".")[2]
        export = Export(name, imported.signature.calling_convention)
        found.append(None if function is None else Function("hal", export, function))
    return found


def interpreted(module: BytecodeModule) -> Functions:
    """Every export in the interpreter."""
    executor = Interpreter(module.create_state(), imports_of(module))
    return {name: executor.bind(ordinal) for name, ordinal in module.decoded.exports.items()}


def translated(module: BytecodeModule) -> Functions:
    """Every export as Python text."""
    state = module.create_state()
    # Why: with limits on its steps a module is interpreted.
    state.limits = DEFAULT_LIMITS
    executor = Translator(state, imports_of(module), is_native=False)
    return {name: executor.bind(ordinal) for name, ordinal in module.decoded.exports.items()}


def native(module: DecodedModule) -> Functions:
    """Every export that native code can do; compiled in one piece."""
    functions = compilable_functions(module, module.exports.values())
    exports = {name: ordinal for name, ordinal in module.exports.items() if ordinal in functions}
    text = emit_module(
        functions.values(),
        sorted(set(exports.values())),
        lambda text, ordinal: emit_call_entry(text, module.functions[ordinal]),
    )
    loaded = load_native_code(text, external_address)

    def refuse(*arguments: object) -> object:
        raise AssertionError(f"native code refuses {arguments}")

    return {
        name: NativeCall(
            module, module.functions[ordinal], loaded.address(call_symbol(ordinal)), refuse, loaded
        )
        for name, ordinal in exports.items()
    }


def run_call(function: Callable[..., object], arguments: tuple[int, ...]) -> Outcome:
    """Result of a call, or the name of the status it fails with."""
    try:
        result = function(*arguments)
    except StatusError as error:
        return error.code.name
    assert result is None or isinstance(result, int)
    return result


def run_calls(functions: Functions, calls: Calls) -> list[Outcome]:
    """Results of calls, in order."""
    return [run_call(functions[name], arguments) for name, arguments in calls]


def run_tables(functions: Functions, tables: Tables) -> list[str]:
    """Outputs of tables, as hexadecimal text."""
    outputs: list[str] = []
    for name, table, length in tables:
        source, target = Buffer.wrap(table), Buffer.allocate(length)
        functions[name](source, target)
        outputs.append(bytes(target.data).hex())
    return outputs
