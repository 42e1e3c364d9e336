"""`PyModuleInterface`: modules in Python as IREE's binding spells them.

Calling conventions are written by hand and refs arrive as `VmRef`; `gossamer.module` reads annotations
instead.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from gossamer.abi.calling_convention import CallingConvention, parse_calling_convention
from gossamer.errors import FailedPreconditionError, InvalidArgumentError, StatusError, UnknownError
from gossamer.format.module_def import ImportFunction, ModuleDependency
from gossamer.runtime.iree_api.refs import VmRef, unwrap
from gossamer.runtime.iree_api.vm.module import VmModule
from gossamer.vm.link.function import Function
from gossamer.vm.link.module import BoundExports, Export, GlobalAccess, ModuleState
from gossamer.vm.objects.values import TYPES_BY_CHARACTER, to_value


class PyModuleInterface:
    """Describes a module; `create` makes it.

    Args:
        module_name: what importers call it.
        ctor: called with this interface once a context; what it returns is the first argument of every
            export called there.
    """

    def __init__(self, module_name: str, ctor: Callable[[PyModuleInterface], Any]) -> None:
        self._name = module_name
        self._ctor = ctor
        self._exports: dict[str, tuple[str, Callable[..., Any]]] = {}
        self._module: weakref.ref[_InterfaceModule] | None = None

    def export(self, name: str, cconv: str, callable: Callable[..., Any]) -> None:
        """Add a function.

        Raises: RuntimeError after `create`; ValueError on a bad calling convention.
        """
        if self._module is not None:
            raise FailedPreconditionError("cannot add exports: the module is created already")
        parse_calling_convention(cconv)
        self._exports[name] = (cconv, callable)

    def create(self) -> VmModule:
        """Make the module; once only."""
        if self._module is not None:
            raise FailedPreconditionError("the module is created already")
        module = _InterfaceModule(self._name, self._ctor, self, dict(self._exports))
        self._module = weakref.ref(module)
        return VmModule(module)

    @property
    def initialized(self) -> bool:
        """True once the module was made."""
        return self._module is not None

    @property
    def destroyed(self) -> bool:
        """True when nothing refers to the module any more."""
        return self._module is not None and self._module() is None

    def __repr__(self) -> str:
        state = "DESTROYED" if self.destroyed else "initialized" if self.initialized else "UNINITIALIZED"
        return f"<iree.runtime.PyModuleInterface '{self._name}' ({state})>"


class _InterfaceModule:
    """The module of an interface."""

    version = 0
    dependencies: Sequence[ModuleDependency] = ()
    imports: Sequence[ImportFunction] = ()

    def __init__(
        self,
        name: str,
        ctor: Callable[[PyModuleInterface], Any],
        interface: PyModuleInterface,
        functions: Mapping[str, tuple[str, Callable[..., Any]]],
    ) -> None:
        self.name = name
        self.functions = functions
        self.exports: Mapping[str, Export] = {
            exported: Export(exported, convention) for exported, (convention, _) in functions.items()
        }
        self._ctor = ctor
        self._interface = interface

    def create_state(self) -> _InterfaceState:
        """Call the constructor for one context."""
        return _InterfaceState(self.functions, self._ctor(self._interface))


class _InterfaceState(ModuleState):
    """What the constructor returned, in one context."""

    def __init__(self, functions: Mapping[str, tuple[str, Callable[..., Any]]], instance: object) -> None:
        self._functions = functions
        self._instance = instance

    def link(self, imports: Sequence[Function | None]) -> _InterfaceExports:
        """The functions; there are no imports."""
        del imports
        return _InterfaceExports(self._functions, self._instance)

    def globals(self) -> Mapping[str, GlobalAccess]:
        """What the instance holds is its own."""
        return {}

    def fork(self) -> ModuleState:
        """State of this kind cannot be copied. Raises: RuntimeError."""
        raise FailedPreconditionError("the state of a PyModuleInterface module cannot be copied")

    def close(self) -> None:
        """Let go of the instance."""
        self._instance = None


class _InterfaceExports(BoundExports):
    """Functions of an interface on what the constructor returned."""

    def __init__(self, functions: Mapping[str, tuple[str, Callable[..., Any]]], instance: object) -> None:
        self._functions = functions
        self._instance = instance
        self._bound: dict[str, Callable[..., object]] = {}

    def bind(self, export: str) -> Callable[..., object]:
        """Callable of an export, in the callable ABI."""
        found = self._bound.get(export)
        if found is None:
            convention, function = self._functions[export]
            found = _bind(parse_calling_convention(convention), function, self._instance)
            self._bound[export] = found
        return found


def _bind(
    convention: CallingConvention, function: Callable[..., Any], instance: object
) -> Callable[..., object]:
    def call(*arguments: object) -> object:
        wrapped = [
            VmRef(value) if kind == "r" else value
            for kind, value in zip(convention.arguments, arguments, strict=True)
        ]
        try:
            returned = function(instance, *wrapped)
        except StatusError:
            raise
        except Exception as error:
            # Spec: the reference turns a Python exception into a status whose text begins with its class.
            raise UnknownError(f"{type(error).__name__}: {error}") from error
        return _results(convention.results, returned)

    return call


def _results(kinds: str, returned: Any) -> object:
    if not kinds:
        return None
    if len(kinds) == 1 and not isinstance(returned, tuple):
        returned = (returned,)
    values: tuple[object, ...] = tuple(cast("Iterable[object]", returned))
    if len(values) != len(kinds):
        raise InvalidArgumentError(f"function returned {len(values)} results, declared {len(kinds)}")
    converted = tuple(
        to_value(value, TYPES_BY_CHARACTER[kind]) if kind in TYPES_BY_CHARACTER else unwrap(value)
        for kind, value in zip(kinds, values, strict=True)
    )
    return converted[0] if len(converted) == 1 else converted
