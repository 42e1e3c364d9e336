"""Modules implemented by Python functions in the callable ABI: `hal`, `vmvx`, `check` and their like.

A `FunctionTable` collects what implements the functions of an interface (see `abi.module_interface`):

    functions = FunctionTable(HAL)

    @functions.export("buffer.length")
    def buffer_length(buffer: Buffer) -> int: ...

Functions take and return what `vm.link.module` says a callable does. One that needs the state of its context
is added with `export_with_state` and takes the state first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, TypeVar

from gossamer.abi.module_interface import ModuleInterface
from gossamer.errors import InvalidArgumentError, NotFoundError, StatusError
from gossamer.format.module_def import ImportFunction, ModuleDependency
from gossamer.vm.link.function import Function
from gossamer.vm.link.inline_form import InlineForm
from gossamer.vm.link.module import BoundExports, Export, GlobalAccess, ModuleState, ResumableCallable
from gossamer.vm.objects.buffer import Buffer
from gossamer.vm.objects.ref_types import ref_type_name

_F = TypeVar("_F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class NativeFunction:
    """A function of a native module.

    Attributes:
        export: name and calling convention.
        callable: in the callable ABI; takes the state first where `takes_state`.
        resumable: generator form of a function that may wait, or None; never takes the state.
        inline: usual case as text, or None.
    """

    export: Export
    callable: Callable[..., object]
    takes_state: bool = False
    resumable: ResumableCallable | None = None
    inline: InlineForm | None = None


class FunctionTable:
    """What implements an interface, by name; complete before a module is made of it."""

    def __init__(self, interface: ModuleInterface, *tables: FunctionTable) -> None:
        """Start with the functions of other tables."""
        self.interface = interface
        self.functions: dict[str, NativeFunction] = {}
        for table in tables:
            self.functions.update(table.functions)

    @cached_property
    def exports(self) -> Mapping[str, Export]:
        """What each function is called as."""
        return {name: function.export for name, function in self.functions.items()}

    def export(
        self,
        name: str,
        *,
        resumable: ResumableCallable | None = None,
        inline: InlineForm | None = None,
    ) -> Callable[[_F], _F]:
        """Add a function without state; the interface declares `name`."""

        def add(function: _F) -> _F:
            export = self._export(name)
            self.functions[name] = NativeFunction(export, function, resumable=resumable, inline=inline)
            return function

        return add

    def export_with_state(self, name: str) -> Callable[[_F], _F]:
        """Add a function that takes the state of the calling context first."""

        def add(function: _F) -> _F:
            self.functions[name] = NativeFunction(self._export(name), function, takes_state=True)
            return function

        return add

    def _export(self, name: str) -> Export:
        return Export(name, self.interface.functions[name].calling_convention)


class NativeModule:
    """A module of such functions; it imports nothing.

    Attributes:
        name, version: what importers ask for.
        exports: by name.
        dependencies, imports: none.
    """

    def __init__(self, functions: FunctionTable, *, create_state: Callable[[], object] | None = None) -> None:
        self.name = functions.interface.name
        self.version = functions.interface.version
        self.functions: Mapping[str, NativeFunction] = functions.functions
        self.exports = functions.exports
        self.dependencies: tuple[ModuleDependency, ...] = ()
        self.imports: tuple[ImportFunction, ...] = ()
        self._create_state = create_state

    def __repr__(self) -> str:
        return f"<module {self.name} version {self.version} with {len(self.exports)} functions>"

    def create_state(self) -> NativeState:
        """Make the state for one context."""
        return NativeState(self, self._create_state() if self._create_state else None)


class NativeState(ModuleState):
    """What one context holds for a native module.

    Attributes:
        state: the first argument of functions that take it.
    """

    def __init__(self, module: NativeModule, state: object) -> None:
        self._module = module
        self.state = state

    def link(self, imports: Sequence[Function | None] = ()) -> NativeExports:
        """The functions; native modules have no imports."""
        del imports
        return NativeExports(self._module, self.state)

    def globals(self) -> Mapping[str, GlobalAccess]:
        """Native modules show no globals."""
        return {}

    def fork(self) -> NativeState:
        """State for another context: it shares what the module was made with."""
        return self._module.create_state()

    def close(self) -> None:
        """Drop the state."""
        self.state = None


class NativeExports(BoundExports):
    """Functions of a native module in one context."""

    def __init__(self, module: NativeModule, state: object) -> None:
        self._module = module
        self._state = state
        self._bound: dict[str, Callable[..., object]] = {}

    def bind(self, export: str) -> Callable[..., object]:
        """Callable of an export; the same object every time."""
        bound = self._bound.get(export)
        if bound is None:
            function = self._function(export)
            bound = partial(function.callable, self._state) if function.takes_state else function.callable
            self._bound[export] = bound
        return bound

    def bind_resumable(self, export: str) -> ResumableCallable | None:
        """Generator form of an export that may wait, or None."""
        return self._function(export).resumable

    def inline_form(self, export: str) -> InlineForm | None:
        """Usual case of an export as text, or None."""
        return self._function(export).inline

    def _function(self, export: str) -> NativeFunction:
        function = self._module.functions.get(export)
        if function is None:
            raise NotFoundError(f"module {self._module.name!r} exports no function {export!r}")
        return function


def wrong_ref(value: object, expected: str) -> StatusError:
    """Error for a ref argument that is null or of another type than asked for."""
    error = InvalidArgumentError("ref is null" if value is None else "ref type mismatch")
    return error.annotate(f"expected {expected}, found {ref_type_name(value)}")


def string_argument(buffer: object) -> str:
    """Text of a `!vm.buffer` argument.

    Raises: InvalidArgumentError when it is another ref or not UTF-8.
    """
    if type(buffer) is not Buffer:
        raise wrong_ref(buffer, "!vm.buffer")
    try:
        return str(buffer.data, "utf-8")
    except UnicodeDecodeError as error:
        raise InvalidArgumentError("string argument is not UTF-8") from error


def check_refs(values: Iterable[object], expected: type, name: str) -> None:
    """Raise InvalidArgumentError unless every value is null or an instance of a class."""
    for value in values:
        if value is not None and not isinstance(value, expected):
            raise wrong_ref(value, name)
