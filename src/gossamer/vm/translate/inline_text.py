"""Text of inline forms: conditions that remain to be checked, and what stands where they hold.

Checks of constants are made here, and checks of refs that were made before are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from string import Formatter
from typing import TypeAlias, cast

from gossamer.vm.link.inline_form import Constants, InlineForm, Position
from gossamer.vm.translate.arguments import Groups, argument_text
from gossamer.vm.translate.python_operations import Names, expression_text
from gossamer.vm.translate.ref_facts import RefFacts
from gossamer.vm.typed.expression import Expression, Literal

Argument: TypeAlias = Expression | Groups[Expression]


class _SpanText(list[tuple[str, ...]]):
    """Texts of a span's operands; as a field of a template, the list display."""

    def __format__(self, _format: str) -> str:
        return argument_text(self)


class InlineText:
    """A form on the arguments of one call.

    Args:
        facts: what is known of refs before the call; `learn` adds to it.
    """

    def __init__(
        self, form: InlineForm, arguments: Sequence[Argument], names: Names, facts: RefFacts
    ) -> None:
        specialized = None if form.specialize is None else form.specialize(_constants(arguments))
        self._form = specialized or form
        self._arguments = arguments
        self._names = names
        self._facts = facts
        self._texts = [self._text(argument) for argument in arguments]
        self._objects: dict[str, str] = {}

    @property
    def argument_list(self) -> str:
        """The arguments as a call has them."""
        return ", ".join(f"{text}" for text in self._texts)

    def condition(self) -> str | None:
        """What must hold when the function runs, "" for nothing; None where it cannot hold."""
        form = self._form
        checks = [
            *(self._class_check(position, class_, True) for position, class_ in form.exact.items()),
            *(self._class_check(position, class_, False) for position, class_ in form.instances.items()),
            *(f"{self._text(ref)} is None" for ref in self._refs(form.nulls)),
        ]
        for template in form.conditions:
            folded = self._fold(template)
            if folded is False:
                return None
            if folded is None:
                checks.append(self._fill(template))
        return " and ".join(filter(None, checks))

    def statements(self, results: str, call: str) -> list[str]:
        """Statements for the call.

        Args:
            results: locals that are written, with commas.
            call: text of the call itself.
        """
        condition = self.condition()
        if self._form.value is None or condition is None:
            return [f"{results} = {call}" if results else call]
        if not results:
            return [f"if not ({condition}): {call}"] if condition else []
        value = self._fill(self._form.value)
        return [f"{results} = {value} if {condition} else {call}" if condition else f"{results} = {value}"]

    def learn(self) -> None:
        """Note what is known of the arguments after the call."""
        for classes, is_exact in ((self._form.exact, True), (self._form.instances, False)):
            for position, class_ in classes.items():
                if isinstance(position, int):
                    self._facts.learn(self._operand(position), class_, is_exact=is_exact)

    def _class_check(self, position: Position, class_: type, is_exact: bool) -> str:
        operand = self._operand(position)
        if self._facts.is_instance(operand, class_, is_exact=is_exact):
            return ""
        text, name = self._text(operand), self._names.shared(class_, class_.__name__)
        return f"type({text}) is {name}" if is_exact else f"isinstance({text}, {name})"

    def _refs(self, positions: Sequence[int]) -> list[Expression]:
        refs: list[Expression] = []
        for position in positions:
            argument = self._arguments[position]
            groups = argument if isinstance(argument, list) else [(cast("Expression", argument),)]
            refs += [value for group in groups for value in group if not self._facts.is_null(value)]
        return refs

    def _operand(self, position: Position) -> Expression:
        if isinstance(position, int):
            return cast("Expression", self._arguments[position])
        argument, group, place = position
        return cast("Groups[Expression]", self._arguments[argument])[group][place]

    def _fold(self, template: str) -> bool | None:
        """Value of a condition on constants; None for others."""
        fields = [field for _, field, _, _ in Formatter().parse(template) if field]
        if not all(field.isdecimal() and _is_number(self._arguments[int(field)]) for field in fields):
            return None
        # Safety: the template is a module's own text, and its fields are numbers.
        return bool(eval(self._fill(template), {"__builtins__": {}}))

    def _fill(self, template: str) -> str:
        for name, value in self._form.names.items():
            if name not in self._objects and f"{{{name}}}" in template:
                self._objects[name] = self._names.shared(value, name)
        return template.format(*self._texts, **self._objects)

    def _text(self, argument: Argument) -> str:
        if isinstance(argument, list):
            return cast("str", _SpanText(tuple(map(self._text, group)) for group in argument))
        return expression_text(cast("Expression", argument), self._names)


def _is_number(argument: Argument) -> bool:
    return isinstance(argument, Literal) and isinstance(argument.value, int)


def _constants(arguments: Sequence[Argument]) -> Constants:
    return [
        [tuple(map(_constant, group)) for group in argument]
        if isinstance(argument, list)
        else _constant(cast("Expression", argument))
        for argument in arguments
    ]


def _constant(expression: Expression) -> int | float | None:
    return expression.value if isinstance(expression, Literal) else None
