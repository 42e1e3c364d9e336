"""The entry of a native function that Python calls.

`i32 @call_<ordinal>(arguments..., ptr results, ptr interrupt words)`: f32 as its bits, a buffer as address,
length and state; each result takes 8 bytes, i32 and the bits of f32 sign-extended.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any, cast

from gossamer.errors import StatusCode, status_error
from gossamer.limits.scope import CallScope, current_scope
from gossamer.machine_code.signal_handlers import raised_by_handler, signal_watch
from gossamer.vm.bytecode.decoded import DecodedFunction, DecodedModule
from gossamer.vm.jit.instructions.ref_value import MUTABLE_STATE, PRESENT_BIT
from gossamer.vm.jit.instructions.status import describe_status
from gossamer.vm.jit.instructions.text import FunctionText, ModuleText
from gossamer.vm.numbers.rounding import f32_from_bits, f32_to_bits, f64_from_bits
from gossamer.vm.objects.buffer import Buffer

_ARGUMENT_TYPES: dict[str, tuple[Any, ...]] = {
    "i": (ctypes.c_int32,),
    "I": (ctypes.c_int64,),
    "f": (ctypes.c_int32,),
    "F": (ctypes.c_double,),
    "r": (ctypes.c_void_p, ctypes.c_int64, ctypes.c_int32),
}
_PARAMETERS = {
    "i": ("i32",),
    "I": ("i64",),
    "f": ("i32",),
    "F": ("double",),
    "r": ("ptr", "i64", "i32"),
}
_RESULT_READERS: dict[str, Callable[[int], int | float]] = {
    "i": int,
    "I": int,
    "f": f32_from_bits,
    "F": f64_from_bits,
}


def call_symbol(ordinal: int) -> str:
    """Symbol of the entry of an internal function."""
    return f"call_{ordinal}"


def emit_call_entry(module: ModuleText, function: DecodedFunction) -> str:
    """LLVM function that Python calls."""
    text = FunctionText(module)
    text.start("entry")
    parameters: list[str] = []
    arguments = ["ptr %words"]
    for kind in cast("tuple[str, ...]", function.convention.arguments):
        for type_ in _PARAMETERS[kind]:
            parameters.append(f"{type_} %a{len(parameters)}")
            name = parameters[-1]
            if kind == "f":
                name = f"float {text.value(f'bitcast {name} to float')}"
            arguments.append(name)
    for index in range(len(function.convention.results)):
        arguments.append(f"ptr {text.value(f'getelementptr i64, ptr %results, i64 {index}')}")
    status = text.value(f"call i32 @f{function.ordinal}({', '.join(arguments)})")
    for index, kind in enumerate(function.convention.results):
        if kind in "if":
            slot = text.value(f"getelementptr i64, ptr %results, i64 {index}")
            wide = text.value(f"sext i32 {text.value(f'load i32, ptr {slot}')} to i64")
            text.add(f"store i64 {wide}, ptr {slot}")
    text.add(f"ret i32 {status}")
    signature = ", ".join([*parameters, "ptr %results", "ptr %words"])
    return f"define i32 @{call_symbol(function.ordinal)}({signature}) nounwind {{\n{text.render()}\n}}"


class NativeCall:
    """A native function in the callable ABI."""

    __slots__ = (
        "_allocates",
        "_entry",
        "_fallback",
        "_function",
        "_keepalive",
        "_kinds",
        "_module",
        "_results_type",
    )

    def __init__(
        self,
        module: DecodedModule,
        function: DecodedFunction,
        address: int,
        fallback: Callable[..., object],
        keepalive: object,
        *,
        allocates: bool = False,
    ) -> None:
        """Make a callable.

        Args:
            address: of the entry.
            fallback: takes over where an argument is a ref to something else than a buffer.
            keepalive: what the address depends on.
            allocates: it makes buffers.
        """
        self._module = module
        self._function = function
        self._kinds = cast("tuple[str, ...]", function.convention.arguments)
        types = [type_ for kind in self._kinds for type_ in _ARGUMENT_TYPES[kind]]
        self._entry = ctypes.CFUNCTYPE(ctypes.c_int32, *types, ctypes.c_void_p, ctypes.c_void_p)(address)
        self._results_type = ctypes.c_int64 * max(len(function.convention.results), 1)
        self._fallback = fallback
        self._allocates = allocates
        self._keepalive = keepalive

    def __call__(self, *arguments: object) -> object:
        """Call; Python's lock is released meanwhile."""
        flat = _flatten(self._kinds, arguments)
        scope = current_scope()
        # Why not with a limit of memory: native code does not account for what it allocates.
        if flat is None or (scope is not None and scope.bounds_memory and self._allocates):
            return self._fallback(*arguments)
        results = self._results_type()
        if not signal_watch.is_awake:
            signal_watch.wake()
        status = self._entry(*flat, ctypes.addressof(results), signal_watch.words(scope))
        if status:
            raise self._failure(status, scope)
        kinds = self._function.convention.results
        values = [_RESULT_READERS[kind](results[index]) for index, kind in enumerate(kinds)]
        return (tuple(values) if len(values) > 1 else values[0]) if values else None

    def _failure(self, status: int, scope: CallScope | None) -> BaseException:
        code, message, frame = describe_status(self._module, self._function.ordinal, status)
        if code == StatusCode.CANCELLED:
            stopped = None if scope is None else scope.failure_of_native_code()
            if stopped is not None:
                return stopped.add_frame(frame)
            raised = raised_by_handler(scope)
            if raised is not None:
                return raised
        return status_error(code, message).add_frame(frame)


def _flatten(kinds: Sequence[str], arguments: Sequence[object]) -> list[object] | None:
    flat: list[object] = []
    if len(kinds) != len(arguments):
        return None
    for kind, argument in zip(kinds, arguments, strict=True):
        if kind == "f":
            flat.append(f32_to_bits(cast("float", argument)))
        elif kind != "r":
            flat.append(argument)
        elif argument is None:
            flat += [None, 0, 0]
        elif isinstance(argument, Buffer):
            state = MUTABLE_STATE if argument.is_mutable else PRESENT_BIT
            flat += [argument.address, argument.length, state]
        else:
            return None
    return flat
