"""Attributes of an instance as state: which are data, copies of them, and putting copies back.

A class that wants its own way defines both hooks:

    def __gossamer_snapshot__(self) -> object: ...          a copy of its state that nothing changes later
    def __gossamer_restore__(self, snapshot: object): ...   takes such a copy; it may be given again

A fork then is a new instance that is given a snapshot.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection
from typing import cast

from gossamer.errors import InvalidArgumentError

_SNAPSHOT = "__gossamer_snapshot__"
_RESTORE = "__gossamer_restore__"


def has_hooks(instance: object) -> bool:
    """Whether a class says itself how its state is copied.

    Raises: InvalidArgumentError where it defines only one of the hooks.
    """
    defined = [name for name in (_SNAPSHOT, _RESTORE) if hasattr(type(instance), name)]
    if len(defined) == 1:
        raise InvalidArgumentError(
            f"class {type(instance).__qualname__} defines {defined[0]} alone; "
            f"define {_SNAPSHOT} and {_RESTORE}"
        )
    return bool(defined)


def data_attributes(instance: object, imported: Collection[str]) -> list[str]:
    """Names of the attributes that hold a module's state, of `__dict__` and of `__slots__` alike.

    Args:
        instance: of the module's class.
        imported: names of methods that stand for imports.
    """
    names: list[str] = list(getattr(instance, "__dict__", ()))
    for base in reversed(type(instance).__mro__):
        slots: str | Collection[str] = vars(base).get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            name = f"_{base.__name__.lstrip('_')}{slot}" if _is_mangled(slot) else slot
            if hasattr(instance, name) and name not in names:
                names.append(name)
    return [name for name in names if name not in imported and not name.startswith("__")]


def _is_mangled(name: str) -> bool:
    return name.startswith("__") and not name.endswith("__")


def snapshot(instance: object, imported: Collection[str], module: str) -> object:
    """A copy of an instance's state.

    Args:
        instance: of the module's class.
        imported: names of methods that stand for imports.
        module: its name, for messages.
    Raises: InvalidArgumentError naming the attribute that cannot be copied.
    """
    if has_hooks(instance):
        return cast("Callable[[object], object]", getattr(type(instance), _SNAPSHOT))(instance)
    names = data_attributes(instance, imported)
    return _copied({name: getattr(instance, name) for name in names}, instance, module)


def restore(instance: object, imported: Collection[str], taken: object, module: str) -> None:
    """Put a snapshot back; attributes that came later go.

    Args:
        instance: of the module's class.
        imported: names of methods that stand for imports.
        taken: what `snapshot` gave; it can be used again.
        module: its name, for messages.
    """
    if has_hooks(instance):
        cast("Callable[[object, object], object]", getattr(type(instance), _RESTORE))(instance, taken)
        return
    values = _copied(cast("dict[str, object]", taken), instance, module)
    for name in data_attributes(instance, imported):
        if name not in values:
            delattr(instance, name)
    for name, value in values.items():
        setattr(instance, name, value)


def fork(instance: object, imported: Collection[str], module: str, make: Callable[[], object]) -> object:
    """Another instance with a copy of the state, without import methods.

    Args:
        instance: of the module's class.
        imported: names of methods that stand for imports.
        module: its name, for messages.
        make: makes a new instance, where the class has hooks.
    """
    forked = make() if has_hooks(instance) else type(instance).__new__(type(instance))
    restore(forked, imported, snapshot(instance, imported, module), module)
    return forked


def _copied(values: dict[str, object], instance: object, module: str) -> dict[str, object]:
    try:
        # Why together: attributes that share an object share its copy.
        return copy.deepcopy(values)
    except Exception as error:
        for name, value in values.items():
            try:
                copy.deepcopy(value)
            except Exception as reason:
                raise InvalidArgumentError(
                    f"state of module {module!r} cannot be copied: attribute {name!r} of "
                    f"{type(instance).__qualname__} is a {type(value).__name__}: {reason}; leave it out with "
                    f"{_SNAPSHOT} and {_RESTORE}"
                ) from error
        raise
