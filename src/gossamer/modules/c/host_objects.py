"""Objects of modules in C: an address, under the name of a ref type that the module declares.

Each name has a class of its own, so that the VM tells them apart as it does objects of the host.
"""

from __future__ import annotations

import ctypes
from functools import cache

from gossamer.abi.declaration import Declaration
from gossamer.abi.value_type import RefType, parse_value_type, ref_name
from gossamer.errors import InvalidArgumentError
from gossamer.modules.c import handles
from gossamer.modules.c.abi import write_slot
from gossamer.modules.c.destruction import Destruction
from gossamer.modules.c.host_function import POINTER, fallible
from gossamer.vm.objects.ref_types import ref_type_name, register_ref_type

_DESTROY_TYPE = ctypes.CFUNCTYPE(None, POINTER)
_DIALECTS_OF_HOSTS = ("!hal.", "!io_parameters.", "!torch.", "!util.", "!vm.")


class CObject:
    """What an address means, the module knows.

    Attributes:
        address: of the module's memory.
    """

    __slots__ = ("__weakref__", "address")

    def __init__(self, address: int) -> None:
        self.address = address


def declare_types(declaration: Declaration) -> None:
    """Make the ref types known that a function of a module in C takes or returns.

    Objects that modules in Python or elsewhere make of such a type stay theirs; C only hands them on.
    """
    for value in (*declaration.arguments, *declaration.results):
        type = parse_value_type(value.passed_type)
        if isinstance(type, RefType):
            name = ref_name(type.name)
            if not name.startswith(_DIALECTS_OF_HOSTS):
                _class_of(name)


@cache
def _class_of(name: str) -> type[CObject]:
    made = type(name.removeprefix("!"), (CObject,), {"__slots__": ()})
    register_ref_type(name, made)
    return made


@fallible(ctypes.c_char_p, POINTER, POINTER, POINTER)
def object_create(type_name: bytes | None, data: int | None, destroy: int | None, out: int) -> None:
    """Make an object of a type, which the module has declared."""
    name = _own_type(type_name)
    made = _class_of(name)(data or 0)
    if destroy:
        Destruction(made, _DESTROY_TYPE(destroy), made.address)
    write_slot(out, handles.hold(made))


@fallible(POINTER, ctypes.c_char_p, POINTER)
def object_read(handle: int | None, type_name: bytes | None, out: int) -> None:
    """The address of an object of a type."""
    name = _own_type(type_name)
    found = handles.get(handle)
    if not isinstance(found, _class_of(name)):
        raise InvalidArgumentError(f"expected an object of C of type {name}, found {ref_type_name(found)}")
    write_slot(out, found.address)


def _own_type(type_name: bytes | None) -> str:
    name = (type_name or b"").decode(errors="replace")
    if not name.startswith("!") or "." not in name or name.startswith(_DIALECTS_OF_HOSTS):
        raise InvalidArgumentError(f"{name!r} is no type of a module; expected a name such as '!module.type'")
    return name
