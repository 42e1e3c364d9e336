"""Usual cases of exported functions as Python text, for callers that are translated to Python.

In: what a module says about its exports. Next: `vm.translate` writes the text where it would write a call.
The function itself stays the definition: the text stands where its conditions hold, a call elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class EventRole:
    """What a function has to do with events: refs such as fences, which are reached once.

    An event that a function makes for one operation, and only waits for afterwards, need not exist where that
    operation is done at once: a null ref is an event that is reached.

    Attributes:
        is_created: the result is a new event that nothing else refers to.
        announced: position of the argument that is reached when the operation is done, or None.
        operate: does the same operation without that argument, and returns (a result before it, where the
            function has one) an event that is reached with the operation, or None where it is done already.
        awaited: positions of arguments, or of spans, for which null and a reached event are the same.
    """

    is_created: bool = False
    announced: int | None = None
    operate: Callable[..., object] | None = None
    awaited: tuple[int, ...] = ()


NO_EVENTS = EventRole()


@dataclass(frozen=True, slots=True, eq=False)
class InlineForm:
    """The usual case of a function.

    Texts refer to arguments as `{0}`, `{1}`, ..., each to be read any number of times, and to objects by the
    names in `names`. A span is a list display.

    Attributes:
        value: expression that gives the result; "" where there is none and nothing is left to do, and None
            where only `events` says something.
        exact: by position, the class whose instance an argument must be, subclasses left out.
        instances: the same, subclasses included.
        nulls: positions of refs, or of spans of refs, that must be null.
        conditions: expressions that must be true as well.
        result_class: class of every result that is no null ref, subclasses left out; or None.
        names: objects that the texts name; names are unique among the modules of a context.
    """

    value: str | None = ""
    exact: Mapping[int, type] = field(default_factory=dict[int, type])
    instances: Mapping[int, type] = field(default_factory=dict[int, type])
    nulls: tuple[int, ...] = ()
    conditions: tuple[str, ...] = ()
    result_class: type | None = None
    names: Mapping[str, object] = field(default_factory=dict[str, object])
    events: EventRole = NO_EVENTS
