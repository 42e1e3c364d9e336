"""What one phase does with tensor operations: code, found by an operation's name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from gossamer.compiler.tensor.operations import OPERATIONS
from gossamer.errors import InternalError

Rule = TypeVar("Rule")


class RuleTable(Generic[Rule]):
    """Functions of one phase for operations that have a row in `operations.OPERATIONS`.

    `@table.of("tensor.cast", "tensor.bitcast")` above a function makes it the rule of these two.
    """

    def __init__(self) -> None:
        self._rules: dict[str, Rule] = {}

    def of(self, *names: str) -> Callable[[Rule], Rule]:
        """A decorator that makes a function the rule of some operations.

        Raises: InternalError where an operation has no row or has a rule already.
        """
        for name in names:
            if name not in OPERATIONS or name in self._rules:
                fault = "two rules" if name in self._rules else "a rule and no row in the table of operations"
                raise InternalError(f"'{name}' has {fault}")

        def register(rule: Rule) -> Rule:
            self._rules.update(dict.fromkeys(names, rule))
            return rule

        return register

    def get(self, name: str) -> Rule | None:
        """The rule of an operation, None where it has none."""
        return self._rules.get(name)

    @property
    def names(self) -> set[str]:
        """Operations that have a rule."""
        return set(self._rules)
