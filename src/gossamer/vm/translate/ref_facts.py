"""What is known of ref registers while a function is written: so that nothing is checked twice."""

from __future__ import annotations

from gossamer.vm.objects.buffer import Buffer
from gossamer.vm.typed.expression import Expression, Literal, Local
from gossamer.vm.typed.typed_function import Moves, TypedInstruction

_NULL = type(None)


class RefFacts:
    """Classes of the refs in locals, at one point of a function.

    An entry is a class and whether subclasses are left out; the class of None says that a ref is null.
    """

    __slots__ = ("_classes",)

    def __init__(self) -> None:
        self._classes: dict[Local, tuple[type, bool]] = {}

    def save(self) -> dict[Local, tuple[type, bool]]:
        """What is known now, for `restore`."""
        return dict(self._classes)

    def restore(self, saved: dict[Local, tuple[type, bool]]) -> None:
        """Know what was known before."""
        self._classes = saved

    def clear(self) -> None:
        """Know nothing: other ways lead here as well."""
        self._classes.clear()

    def learn(self, expression: Expression, class_: type, *, is_exact: bool) -> None:
        """Note that a value is an instance of a class."""
        if isinstance(expression, str) and not self.is_instance(expression, class_, is_exact=is_exact):
            self._classes[expression] = (class_, is_exact)

    def is_null(self, expression: Expression) -> bool:
        """True where a ref is known to be null."""
        if isinstance(expression, Literal):
            return expression.value is None
        return isinstance(expression, str) and self._classes.get(expression, (object, False))[0] is _NULL

    def is_instance(self, expression: Expression, class_: type, *, is_exact: bool) -> bool:
        """True where a value is known to be an instance of a class, or of no subclass of it."""
        if not isinstance(expression, str) or expression not in self._classes:
            return False
        known, known_exact = self._classes[expression]
        return (known is class_ and known_exact) if is_exact else issubclass(known, class_)

    def follow(self, instruction: TypedInstruction) -> None:
        """Account for what an instruction writes."""
        for local in instruction.results:
            self._classes.pop(local, None)
        if instruction.name == "const.ref.zero":
            self._classes[instruction.results[0]] = (_NULL, True)
        elif instruction.name == "const.ref.rodata":
            self._classes[instruction.results[0]] = (Buffer, True)
        if instruction.name != "switch.ref":
            for local in instruction.released:
                self._classes[local] = (_NULL, True)

    def follow_moves(self, moves: Moves) -> None:
        """Account for copies made at once."""
        known = {target: self._classes.get(source) for target, source in moves if isinstance(source, str)}
        for target, source in moves:
            found = (_NULL, True) if self.is_null(source) else known.get(target)
            if found is None:
                self._classes.pop(target, None)
            else:
                known[target] = found
        self._classes.update({target: found for target, found in known.items() if found is not None})
