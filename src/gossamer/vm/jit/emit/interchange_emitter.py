"""Emits an interchanged nest of loops: reductions outside, results inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.vm.jit.analysis.interchange import CountedLoop, Interchange
from gossamer.vm.jit.analysis.variants import Variant
from gossamer.vm.jit.instructions.ref_value import Names
from gossamer.vm.typed.expression import Literal
from gossamer.vm.typed.ssa import Operand, Value

if TYPE_CHECKING:
    from gossamer.vm.jit.emit.function_emitter import FunctionEmitter


class InterchangeEmitter:
    """Emits into the block in progress, whose names are those of the header's parameters."""

    def __init__(self, emitter: FunctionEmitter, variant: Variant, interchange: Interchange) -> None:
        self._emitter = emitter
        self._text = emitter.text
        self._variant = variant
        self._interchange = interchange
        self._aliases = self._find_aliases()

    def emit(self) -> None:
        """Emit the loops; what follows them is the block in progress afterwards."""
        for value in list(self._emitter.names):
            self._name(value, self._emitter.names[value])
        interchange = self._interchange
        self._loops([*interchange.reductions, interchange.results])

    def _find_aliases(self) -> dict[Value, list[Value]]:
        """Parameters inside the loops, by the value that each always holds."""
        aliases: dict[Value, list[Value]] = {}
        values = self._interchange.values
        for index in values.loop.blocks:
            for parameter in values.function.blocks[index].parameters:
                source = values.resolve(parameter)
                if isinstance(source, Literal):
                    self._emitter.names[parameter] = self._emitter.passed_as(parameter, source)
                elif source is not parameter:
                    aliases.setdefault(source, []).append(parameter)
        return aliases

    def _name(self, value: Value, names: Names) -> None:
        self._emitter.names[value] = names
        for alias in self._aliases.get(value, ()):
            self._emitter.names[alias] = names

    def _operand(self, operand: Operand) -> str:
        names = self._emitter.operand(self._interchange.values.resolve(operand))
        assert isinstance(names, str)
        return names

    def _loops(self, loops: list[CountedLoop]) -> None:
        if not loops:
            self._iteration()
            return
        loop, *inner = loops
        text = self._text
        head, body, after = (text.new_label(name) for name in ("head", "body", "after"))
        counter, following = text.new_label("%counter"), text.new_label("%following")
        start = self._operand(loop.counter if loop.start is None else loop.start)
        before = text.label
        text.add(f"br label %{head}")
        text.start(head)
        # The phi's second source is the end of the body, known when that is written.
        phi = len(text.blocks[head])
        text.add("")
        self._name(loop.counter, counter)
        goes_on = text.value(f"icmp slt i64 {counter}, {self._operand(loop.limit)}")
        text.add(f"br i1 {goes_on}, label %{body}, label %{after}")
        text.start(body)
        self._loops(inner)
        if inner:
            # Why not in the innermost: each turn of it stores to a place of its own.
            self._emitter.ask()
        text.add(f"{following} = add i64 {counter}, {loop.step}")
        text.add(f"br label %{head}")
        text.blocks[head][phi] = (
            f"  {counter} = phi i64 [ {start}, %{before} ], [ {following}, %{text.label} ]"
        )
        text.start(after)

    def _iteration(self) -> None:
        """All operations of one iteration of the innermost loop, in the order they had."""
        for loop in (self._interchange.results, *self._interchange.reductions):
            for operation in loop.operations:
                self._emitter.emit_operation(self._variant, operation)
                for result in operation.results:
                    self._name(result, self._emitter.names[result])
