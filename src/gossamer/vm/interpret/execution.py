"""One call into a bytecode module, as the interpreter runs it: a stack of frames and what they share."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import TypeAlias

from gossamer.isa.instruction import OperandValue
from gossamer.isa.opcodes import Opcode
from gossamer.limits.scope import current_scope
from gossamer.vm.bytecode.decoded import DecodedFunction
from gossamer.vm.bytecode.executor import Imports
from gossamer.vm.bytecode.limits import stack_exhausted_error
from gossamer.vm.bytecode.state import BytecodeState
from gossamer.vm.interpret.frame import VALUE_WRITERS, Frame

Pause: TypeAlias = Generator[object, None, None]
"""What an operation returns that may wait: run to its end before the next instruction."""

Handler: TypeAlias = Callable[["Execution", Frame, tuple[OperandValue, ...]], Pause | None]
"""Carries out an operation; the frame's index is already past it."""

Handlers: TypeAlias = Mapping[Opcode, Handler]


class Ready:
    """What a `yield` operation waits for: nothing, but others may run first."""

    def wait(self) -> None:
        """Return at once."""


READY = Ready()


class Execution:
    """A call in progress.

    Attributes:
        state: globals and constants of the module.
        imports: functions that it may call.
        is_resumable: imports may be called in their resumable form.
        scope: of the call, where that bounds the depth; or None.
        stack: frames, innermost last.
        results: of the outermost function, once it has returned.
    """

    __slots__ = ("imports", "is_resumable", "results", "scope", "stack", "state")

    def __init__(self, state: BytecodeState, imports: Imports, *, is_resumable: bool) -> None:
        self.state = state
        self.imports = imports
        self.is_resumable = is_resumable
        scope = current_scope()
        self.scope = scope if scope is not None and scope.bounds_depth else None
        self.stack: list[Frame] = []
        self.results: tuple[object, ...] = ()

    def push(self, function: DecodedFunction) -> Frame:
        """Enter a function; its arguments are to be written to the frame.

        Raises: ResourceExhaustedError where the stack is full.
        """
        if len(self.stack) >= self.state.limits.max_call_depth:
            raise stack_exhausted_error(len(self.stack) + 1)
        if self.scope is not None:
            self.scope.enter_call()
        frame = Frame(function)
        self.stack.append(frame)
        return frame

    def pop(self, results: tuple[object, ...]) -> None:
        """Leave the innermost function and give its results to its caller."""
        kinds = self.stack.pop().function.convention.results
        if self.scope is not None:
            self.scope.leave_call()
        if self.stack:
            self.finish_call(self.stack[-1], kinds, results)
        else:
            self.results = results

    def abandon(self) -> None:
        """Leave all functions that a failure went through."""
        if self.scope is not None and self.stack:
            self.scope.leave_call(len(self.stack))
        self.stack.clear()

    def finish_call(self, frame: Frame, kinds: str, results: Sequence[object]) -> None:
        """Write the results of a call to the caller's registers and let the caller go on."""
        for character, register, value in zip(kinds, frame.pending_results, results, strict=False):
            VALUE_WRITERS[character](frame, register, value)
        if frame.pending_block is not None:
            frame.jump(frame.pending_block)
