"""Ref types: the names modules use, and the Python classes of the objects behind them.

The VM knows its own two (`!vm.buffer`, `!vm.list`). Others register theirs, so that the VM need not know
them: `register_ref_type("!hal.buffer", Buffer)`. A name may be known before its class is: a module's type
table is accepted by name, and an object is checked against the class when it turns up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from gossamer.errors import FormatError, InvalidArgumentError

VALUE_TYPE_NAMES = ("i8", "i16", "i32", "i64", "f32", "f64")
VARIANT_TYPE_NAMES = ("!vm.opaque",)

_KNOWN_REF_NAMES = (
    "!vm.buffer",
    "!vm.list",
    "!hal.allocator",
    "!hal.buffer",
    "!hal.buffer_view",
    "!hal.channel",
    "!hal.command_buffer",
    "!hal.device",
    "!hal.event",
    "!hal.executable",
    "!hal.fence",
    "!hal.file",
    "!hal.semaphore",
)


@runtime_checkable
class Forkable(Protocol):
    """A ref whose contents change in place, so that a forked or saved state needs a copy of it."""

    def fork_copy(self, memo: dict[int, object]) -> object:
        """Copy; use `copy_ref` with the same memo for refs inside."""
        ...


def copy_ref(value: object, memo: dict[int, object]) -> object:
    """Copy a ref for another state; what is not `Forkable` is shared.

    Args:
        value: any ref or null.
        memo: copies made so far by `id` of the original, so that refs that were one stay one.
    """
    if not isinstance(value, Forkable):
        return value
    key = id(value)
    if key not in memo:
        memo[key] = value.fork_copy(memo)
    return memo[key]


@dataclass(slots=True)
class RefType:
    """A ref type; one object for each name.

    Attributes:
        name: such as `!hal.buffer`; `!vm.opaque` stands for any ref.
        classes: what its objects are instances of; empty until somebody registers.
    """

    name: str
    classes: tuple[type, ...] = field(default=())

    def accepts(self, value: object) -> bool:
        """True for an object of this type and for null."""
        return value is None or isinstance(value, self.classes)

    def check(self, value: object) -> object:
        """Return value if it is of this type or null; raise InvalidArgumentError otherwise."""
        if value is None or isinstance(value, self.classes):
            return value
        raise InvalidArgumentError(
            f"source ref type mismatch: expected {self.name}, found {ref_type_name(value)}"
        )


OPAQUE = RefType("!vm.opaque", (object,))
_ref_types: dict[str, RefType] = {name: RefType(name) for name in _KNOWN_REF_NAMES}


def register_ref_type(name: str, *classes: type) -> RefType:
    """Say which classes the objects of a ref type have; a second call adds classes.

    Args:
        name: with the leading `!`, such as `!hal.buffer`.
        classes: their instances, subclasses included, are refs of this type.
    """
    if not name.startswith("!"):
        raise InvalidArgumentError(f"ref type name {name!r} does not start with '!'")
    ref_type = _ref_types.setdefault(name, RefType(name))
    ref_type.classes = tuple(dict.fromkeys((*ref_type.classes, *classes)))
    return ref_type


def ref_type(name: str) -> RefType:
    """Ref type of a name; every `!vm.list<...>` is the one list type.

    Raises: FormatError when nobody knows the name.
    """
    if name in VARIANT_TYPE_NAMES:
        return OPAQUE
    if name.startswith("!vm.list"):
        return _ref_types["!vm.list"]
    found = _ref_types.get(name)
    if found is None:
        raise FormatError(
            f"type {name!r} is not registered: load the module that declares it before this one",
            table="types",
        )
    return found


def is_value_type(name: str) -> bool:
    """True for i8 to i64, f32 and f64."""
    return name in VALUE_TYPE_NAMES


def ref_type_name(value: object) -> str:
    """Name of the ref type that an object belongs to; the Python class where none is registered."""
    if value is None:
        return "null"
    for candidate in _ref_types.values():
        # Why not object: a type that admits anything is no name of anything.
        if object not in candidate.classes and isinstance(value, candidate.classes):
            return candidate.name
    return type(value).__qualname__
