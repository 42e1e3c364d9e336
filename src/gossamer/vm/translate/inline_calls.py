"""Calls of imports that have an inline form: their usual case as text of the caller.

Checks of constants are made here, checks of refs that were made before are left out, and what remains is one
condition. Where it does not hold the import is called, which does what is to be done or raises.
"""

from __future__ import annotations

from collections.abc import Sequence
from string import Formatter
from typing import cast

from gossamer.isa.opcodes import IMPORT_BIT
from gossamer.vm.inline_form import NO_EVENTS, EventRole, InlineForm
from gossamer.vm.translate.access import callee_convention
from gossamer.vm.translate.arguments import Groups, argument_text, group_arguments
from gossamer.vm.translate.expression import Expression, Literal
from gossamer.vm.translate.private_events import PrivateEvents, find_private_events
from gossamer.vm.translate.python_operations import Names, expression_text
from gossamer.vm.translate.ref_facts import RefFacts
from gossamer.vm.translate.typed_function import TypedBlock, TypedFunction, TypedInstruction

InlineForms = tuple[InlineForm | None, ...]
"""Forms of a module's imports as they are bound, by import ordinal."""

_Argument = Expression | Groups[Expression]


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
        """Statements for the call of an import.

        Args:
            call: text of the call itself.
        """
        form = self._form(instruction)
        if form is None:
            return [f"{', '.join(instruction.results)} = {call}" if instruction.results else call]
        arguments = self._arguments(instruction)
        if instruction.offset in self._events.announced:
            texts = [self._operation(instruction, form, arguments)]
        else:
            conditions = self._conditions(form, arguments)
            texts = self._usual_case(instruction, form, arguments, conditions, call)
        for classes, is_exact in ((form.exact, True), (form.instances, False)):
            for position, class_ in classes.items():
                self.facts.learn(cast("Expression", arguments[position]), class_, is_exact=is_exact)
        return texts

    def follow(self, instruction: TypedInstruction) -> None:
        """Account for an instruction that is written."""
        self.facts.follow(instruction)
        form = self._form(instruction)
        if form is not None and form.result_class is not None:
            for local in instruction.results:
                self.facts.learn(local, form.result_class, is_exact=True)

    def _usual_case(
        self,
        instruction: TypedInstruction,
        form: InlineForm,
        arguments: Sequence[_Argument],
        conditions: list[str] | None,
        call: str,
    ) -> list[str]:
        results = ", ".join(instruction.results)
        condition = " and ".join(conditions or ())
        if instruction.offset in self._events.created:
            return [f"if not ({condition}): {call}"] if condition else []
        if form.value is None or conditions is None:
            return [f"{results} = {call}" if results else call]
        self._names.constants.update(form.names)
        if not results:
            return [f"if not ({condition}): {call}"] if condition else []
        value = form.value.format(*map(self._text, arguments))
        return [f"{results} = {value} if {condition} else {call}" if condition else f"{results} = {value}"]

    def _operation(
        self, instruction: TypedInstruction, form: InlineForm, arguments: Sequence[_Argument]
    ) -> str:
        """The operation together with the making of its event."""
        role = form.events
        assert role.announced is not None
        operate = self._names.named(f"operate_{self._import_ordinal(instruction)}", role.operate)
        texts = [self._text(argument) for argument in arguments]
        del texts[role.announced]
        results = [*instruction.results, self._events.announced[instruction.offset]]
        return f"{', '.join(results)} = {operate}({', '.join(texts)})"

    def _conditions(self, form: InlineForm, arguments: Sequence[_Argument]) -> list[str] | None:
        """What must hold when the function runs; None where it cannot."""
        conditions: list[str] = []
        for position, class_ in form.exact.items():
            value = cast("Expression", arguments[position])
            if not self.facts.is_instance(value, class_, is_exact=True):
                conditions.append(f"type({self._text(value)}) is {self._class(class_)}")
        for position, class_ in form.instances.items():
            value = cast("Expression", arguments[position])
            if not self.facts.is_instance(value, class_, is_exact=False):
                conditions.append(f"isinstance({self._text(value)}, {self._class(class_)})")
        for position in form.nulls:
            conditions += [
                f"{self._text(ref)} is None"
                for ref in _operands(arguments[position])
                if not self.facts.is_null(ref)
            ]
        for template in form.conditions:
            folded = self._fold(template, arguments)
            if folded is False:
                return None
            if folded is None:
                conditions.append(template.format(*map(self._text, arguments)))
        return conditions

    def _fold(self, template: str, arguments: Sequence[_Argument]) -> bool | None:
        """Value of a condition on constants; None for others."""
        positions = [int(field) for _, field, _, _ in Formatter().parse(template) if field]
        values = [arguments[position] for position in positions]
        if not all(isinstance(value, Literal) and isinstance(value.value, int) for value in values):
            return None
        # Safety: the template is a module's own text, and literals are numbers.
        return bool(eval(template.format(*map(self._text, arguments)), {"__builtins__": {}}))

    def _text(self, argument: _Argument) -> str:
        if isinstance(argument, list):
            return argument_text([tuple(map(self._text, group)) for group in argument])
        return expression_text(cast("Expression", argument), self._names)

    def _class(self, class_: type) -> str:
        return self._names.named(f"{class_.__module__}.{class_.__qualname__}".replace(".", "_"), class_)

    def _arguments(self, instruction: TypedInstruction) -> list[_Argument]:
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
        if form is None:
            return NO_EVENTS, range(len(instruction.inputs))
        ordinal, segments = cast("tuple[int, tuple[int, ...] | None]", instruction.immediates)
        convention = callee_convention(self._function.module, ordinal)
        indices = group_arguments(convention, segments, range(len(instruction.inputs)))
        positions: list[int] = []
        for position, group in enumerate(indices):
            count = 1 if isinstance(group, int) else sum(map(len, group))
            positions += [position] * count
        return form.events, positions


def _operands(argument: _Argument) -> list[Expression]:
    if isinstance(argument, list):
        return [value for group in argument for value in group]
    return [cast("Expression", argument)]
