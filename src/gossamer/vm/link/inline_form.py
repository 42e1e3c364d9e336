"""Usual cases of exported functions as Python text, for callers that are translated to Python.

In: what a module says about its exports. Next: `vm.translate` writes the text where it would write a call.
The function itself stays the definition: the text stands where its conditions hold, a call elsewhere.

    the form of a function      InlineForm("{0}.length", exact={0: Buffer}, conditions=("{1} <= 99",))

    bytecode                    %i2 = vm.call @m.length(%r0, %i1)

    without the form            i2 = import_3(r0, i1)
    with it                     i2 = r0.length if type(r0) is Buffer and i1 <= 99 else import_3(r0, i1)
    where i1 is a constant 5    i2 = r0.length if type(r0) is Buffer else import_3(r0, 5)
    after another such call     i2 = r0.length                               r0 is known to be a `Buffer`

Forms are those of the functions that a caller was linked to. Callers of a module that is replaced are linked
anew, and their text is written anew where the forms differ (see `linkage`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Constant: TypeAlias = "int | float | None"
"""A number that an argument is known to be; None where it is not known."""

Constants: TypeAlias = "Sequence[Constant | Sequence[tuple[Constant, ...]]]"
"""What is known of each argument; groups of a span are tuples."""

Position: TypeAlias = "int | tuple[int, int, int]"
"""An argument; or an operand of a span: argument, group, place in the group."""


@dataclass(frozen=True, slots=True, eq=False)
class InlineForm:
    """The usual case of a function.

    Templates refer to arguments as `{0}`, `{1}`, ..., each to be read any number of times, and to objects by
    their names in `names`, as `{Buffer}`. A span is a list display, its operands are `{5[0][1]}` and so on.

    Attributes:
        value: template of the result; "" where there is none and nothing is left to do, and None where the
            form only says something about arguments and events.
        exact: by position, the class whose instance an argument must be, subclasses left out; the function
            raises for others, but need not for operands of spans.
        instances: the same, subclasses included.
        nulls: positions of refs, or of spans of refs, that must be null.
        conditions: templates of expressions that must be true as well.
        result_class: class of every result, or None.
        result_is_exact: subclasses of `result_class` are left out.
        names: objects that the templates name.
        events: what the function has to do with events.
        specialize: gives the form for calls with these constants, or None to keep this one.
    """

    value: str | None = ""
    exact: Mapping[Position, type] = field(default_factory=dict[Position, type])
    instances: Mapping[Position, type] = field(default_factory=dict[Position, type])
    nulls: tuple[int, ...] = ()
    conditions: tuple[str, ...] = ()
    result_class: type | None = None
    result_is_exact: bool = True
    names: Mapping[str, object] = field(default_factory=dict[str, object])
    events: EventRole | None = None
    specialize: Callable[[Constants], InlineForm | None] | None = None


@dataclass(frozen=True, slots=True)
class EventRole:
    """What a function has to do with events: refs such as fences, which are reached once.

    An event that a function makes for one operation, and only waits for afterwards, need not exist where that
    operation is done at once: a null ref is an event that is reached.

        bytecode                        text

        %r1 = call create(...)          (what is left to check of `create`)
        call work(..., %r1)             r1 = operate(...)                   None where the work is done by now
        %i0 = call wait([%r1])          i0 = 0 if r1 is None else import_7([r1])

    Attributes:
        is_created: the result is a new event that nothing else refers to.
        announced: position of the argument that is reached when the operation is done, or None.
        operate: does the same operation without that argument, and returns (a result before it, where the
            function has one) an event that is reached with the operation, or None where it is done already.
        inline: form of `operate`.
        awaited: positions of arguments, or of spans, for which null and a reached event are the same.
        is_join: the result is an event that is reached with those of `awaited`, or null where none is left.
    """

    is_created: bool = False
    announced: int | None = None
    operate: Callable[..., object] | None = None
    inline: InlineForm | None = None
    awaited: tuple[int, ...] = ()
    is_join: bool = False


NO_EVENTS = EventRole()
