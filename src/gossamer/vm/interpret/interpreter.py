"""The reference interpreter: the definition of what bytecode means.

It is written to be read, not to be fast; `vm.translate` is fast and is tested against it. Frames are kept in
a list of its own, so bytecode that recurses without end meets a limit and not Python's.

Differences from IREE 3.13.0, all where that one traps, corrupts memory or loses bits:
    division by zero    InvalidArgumentError, for integers
    switch.i64          gives the whole 64 bits of a case
    fail                with a multiple of 32 goes on, as with 0; there it fails with a status that reads OK
    yield               by itself lets the call go on, in the blocking form at once
    backtraces          show every frame, with the offset of the instruction itself

Thread safety: calls of one state may run in several threads at a time. Each has frames of its own; globals
are shared without a lock, as between threads in IREE, and single loads and stores of them are atomic.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import cast
from weakref import WeakValueDictionary

from gossamer.errors import InvalidArgumentError, ResourceExhaustedError, StatusError
from gossamer.limits.scope import check_limits, interrupts
from gossamer.vm.bytecode.decoded import DecodedFunction
from gossamer.vm.bytecode.executor import Imports
from gossamer.vm.bytecode.limits import StepMeter, stack_exhausted_error
from gossamer.vm.bytecode.state import BytecodeState
from gossamer.vm.interpret.execution import Execution
from gossamer.vm.interpret.frame import VALUE_WRITERS, Tracer, entry_registers
from gossamer.vm.interpret.ops import HANDLERS
from gossamer.vm.link.module import ResumableCallable
from gossamer.vm.objects.values import TYPES_BY_CHARACTER, to_value


class Interpreter:
    """Executes the functions of one state, instruction by instruction."""

    def __init__(
        self, state: BytecodeState, imports: Imports = (), /, *, tracer: Tracer | None = None
    ) -> None:
        """Make an interpreter.

        Args:
            imports: functions that instructions may call.
            tracer: called before each instruction, or None.
        """
        self._state = state
        self._imports = imports
        self._tracer = tracer
        # Why weak: they hold the interpreter, which would hold its imports until Python looks for circles.
        self._bound: WeakValueDictionary[int, Callable[..., object]] = WeakValueDictionary()
        self._bound_resumable: WeakValueDictionary[int, ResumableCallable] = WeakValueDictionary()

    def bind(self, ordinal: int) -> Callable[..., object]:
        """Blocking form of an internal function."""
        bound = self._bound.get(ordinal)
        if bound is None:
            bound = self._bound[ordinal] = partial(self._call, self._state.module.decoded.functions[ordinal])
        return bound

    def bind_once(self, ordinal: int) -> Callable[..., object]:
        """The same: nothing is made ready."""
        return self.bind(ordinal)

    def bind_resumable(self, ordinal: int) -> ResumableCallable:
        """Generator form of an internal function."""
        bound = self._bound_resumable.get(ordinal)
        if bound is None:
            function = self._state.module.decoded.functions[ordinal]
            bound = self._bound_resumable[ordinal] = partial(self._start, function)
        return bound

    def _call(self, function: DecodedFunction, *arguments: object) -> object:
        execution = self._enter(function, arguments, is_resumable=False)
        # Nothing to wait for: imports were called in their blocking form.
        for _ in self._run(execution):
            pass
        return _results(execution)

    def _start(self, function: DecodedFunction, *arguments: object) -> Generator[object, None, object]:
        execution = self._enter(function, arguments, is_resumable=True)
        yield from self._run(execution)
        return _results(execution)

    def _enter(
        self, function: DecodedFunction, arguments: tuple[object, ...], *, is_resumable: bool
    ) -> Execution:
        convention = function.convention
        label = self._state.module.decoded.function_label(function.ordinal)
        if convention.is_variadic:
            raise InvalidArgumentError(f"{label} takes a span; only imports can")
        kinds = "".join(cast("tuple[str, ...]", convention.arguments))
        if len(arguments) != len(kinds):
            raise InvalidArgumentError(f"{label} takes {len(kinds)} arguments, {len(arguments)} given")
        values = [
            argument if kind == "r" else to_value(argument, TYPES_BY_CHARACTER[kind])
            for kind, argument in zip(kinds, arguments, strict=True)
        ]
        execution = Execution(self._state, self._imports, is_resumable=is_resumable)
        frame = execution.push(function)
        for kind, register, value in zip(kinds, entry_registers(kinds), values, strict=True):
            VALUE_WRITERS[kind](frame, register, value)
        return execution

    def _run(self, execution: Execution) -> Generator[object, None, None]:
        limits = self._state.limits
        meter = StepMeter(limits) if limits.is_metered else None
        stack = execution.stack
        trace = self._tracer
        try:
            while stack:
                frame = stack[-1]
                before = frame.index
                instruction = frame.function.instructions[before]
                frame.index += 1
                if meter is not None:
                    meter.step()
                if trace is not None:
                    trace(frame, instruction)
                pause = HANDLERS[instruction.opcode](execution, frame, instruction.operands)
                if pause is not None:
                    yield from pause
                if interrupts[0] and (frame.index <= before or not stack or stack[-1] is not frame):
                    check_limits()
        except StatusError as error:
            self._add_frames(error, execution)
            raise
        except RecursionError:
            error = stack_exhausted_error(len(stack))
            self._add_frames(error, execution)
            raise error from None
        except MemoryError as cause:
            error = ResourceExhaustedError("out of memory")
            self._add_frames(error, execution)
            raise error from cause
        except Exception as error:
            for line in self._frame_lines(execution):
                error.add_note(f"in {line}")
            raise
        finally:
            execution.abandon()

    def _add_frames(self, error: StatusError, execution: Execution) -> None:
        for line in self._frame_lines(execution):
            error.add_frame(line)

    def _frame_lines(self, execution: Execution) -> list[str]:
        decoded = self._state.module.decoded
        return [
            f"bytecode {decoded.function_label(frame.function.ordinal)}:{frame.program_counter()}"
            for frame in reversed(execution.stack)
        ]


def _results(execution: Execution) -> object:
    results = execution.results
    if len(results) > 1:
        return results
    return results[0] if results else None
