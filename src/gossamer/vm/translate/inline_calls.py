"""Calls of imports: their usual case as text of the caller where they have an inline form.

Where the case is another, the import is called, which does what is to be done or raises.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, cast

from gossamer.isa.opcodes import IMPORT_BIT
from gossamer.vm.link.inline_form import NO_EVENTS, EventRole, InlineForm
from gossamer.vm.translate.arguments import group_arguments
from gossamer.vm.translate.inline_text import Argument, InlineText
from gossamer.vm.translate.private_events import PrivateEvents, find_private_events
from gossamer.vm.translate.python_operations import Names
from gossamer.vm.translate.ref_facts import RefFacts
from gossamer.vm.typed.access import callee_convention
from gossamer.vm.typed.typed_function import TypedBlock, TypedFunction, TypedInstruction

InlineForms: TypeAlias = tuple[InlineForm | None, ...]
"""Forms of a module's imports as they are bound, by import ordinal."""

_CALL_ONLY = InlineForm(None)


class InlineCalls:
    """Writes the calls of one function.

    Attributes:
        facts: what is known of refs; whoever writes the function keeps them right between calls.
    """

    def __init__(self, function: TypedFunction, forms: InlineForms, names: Names) -> None:
        self._function = function
        self._forms = forms
        self._names = names
        self._events = PrivateEvents(frozenset(), {})
        self.facts = RefFacts()

    def enter_block(self, block: TypedBlock) -> None:
        """Get ready for the calls of a block."""
        self._events = find_private_events(self._function, block, self._event_role)

    def texts(self, instruction: TypedInstruction, call: str) -> list[str]:
        """Statements for a call.

        Args:
            call: text of the call itself.
        """
        results = ", ".join(instruction.results)
        form = self._form(instruction)
        if form is None:
            return [f"{results} = {call}" if results else call]
        inline = InlineText(form, self._arguments(instruction), self._names, self.facts)
        if instruction.offset in self._events.created:
            condition = inline.condition()
            texts = [f"if not ({condition}): {call}"] if condition else []
        elif instruction.offset in self._events.announced:
            texts = self._operation(instruction, form.events or NO_EVENTS)
        else:
            texts = inline.statements(results, call)
        inline.learn()
        return texts

    def follow(self, instruction: TypedInstruction) -> None:
        """Account for an instruction that is written."""
        self.facts.follow(instruction)
        form = self._form(instruction)
        if form is not None and form.result_class is not None:
            for local in instruction.results:
                self.facts.learn(local, form.result_class, is_exact=form.result_is_exact)

    def _operation(self, instruction: TypedInstruction, role: EventRole) -> list[str]:
        """The operation together with the making of its event."""
        assert role.announced is not None
        arguments = self._arguments(instruction)
        del arguments[role.announced]
        operate = self._names.shared(role.operate, f"operate_{self._import_ordinal(instruction)}")
        results = ", ".join([*instruction.results, self._events.announced[instruction.offset]])
        inline = InlineText(role.inline or _CALL_ONLY, arguments, self._names, self.facts)
        texts = inline.statements(results, f"{operate}({inline.argument_list})")
        inline.learn()
        return texts

    def _arguments(self, instruction: TypedInstruction) -> list[Argument]:
        ordinal, segments = cast("tuple[int, tuple[int, ...] | None]", instruction.immediates)
        convention = callee_convention(self._function.module, ordinal)
        return group_arguments(convention, segments, instruction.inputs)

    def _import_ordinal(self, instruction: TypedInstruction) -> int | None:
        if not instruction.name.startswith("call"):
            return None
        ordinal = cast("int", instruction.immediates[0])
        return ordinal & ~IMPORT_BIT if ordinal & IMPORT_BIT else None

    def _form(self, instruction: TypedInstruction) -> InlineForm | None:
        ordinal = self._import_ordinal(instruction)
        return None if ordinal is None else self._forms[ordinal]

    def _event_role(self, instruction: TypedInstruction) -> tuple[EventRole, Sequence[int]]:
        form = self._form(instruction)
        if form is None or form.events is None:
            return NO_EVENTS, range(len(instruction.inputs))
        ordinal, segments = cast("tuple[int, tuple[int, ...] | None]", instruction.immediates)
        convention = callee_convention(self._function.module, ordinal)
        indices = group_arguments(convention, segments, range(len(instruction.inputs)))
        positions: list[int] = []
        for position, group in enumerate(indices):
            count = 1 if isinstance(group, int) else sum(map(len, group))
            positions += [position] * count
        return form.events, positions
