"""What a context can load: one protocol for bytecode, Python and native modules.

Callable ABI
    A bound function is a Python callable taking one positional argument for each argument of its calling
    convention. i32 and i64 are signed Python ints, f32 a float already rounded to f32, f64 a float,
    refs any object or None. A span is a list: of values where a group has one (`CrD`), of tuples
    where it has more (`CiirIID`). It returns None for no result, the value for one, a tuple for more.
    It blocks until done.

Resumable ABI
    A function that may wait can have a second form: a generator function with the same arguments that
    yields an object whenever it would block (call its `wait()`, or resume it later) and returns what
    the blocking form returns.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast, runtime_checkable

from gossamer.format.module_def import ImportFunction, ModuleDependency
from gossamer.vm.link.inline_form import InlineForm
from gossamer.vm.objects.ref_types import copy_ref

if TYPE_CHECKING:
    from gossamer.vm.link.function import Function

ResumableCallable: TypeAlias = Callable[..., Generator[object, None, object]]


@dataclass(frozen=True, slots=True)
class Export:
    """A function others may call.

    Attributes:
        name: local to the module; may contain dots.
        calling_convention: as in `isa.calling_convention`; compared byte for byte when linking.
        attrs: reflection: `iree.abi.declaration`, `iree.abi.model` and others.
    """

    name: str
    calling_convention: str
    attrs: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class GlobalAccess:
    """A global variable of a module's state.

    Attributes:
        name: local to the module.
        type: as declared, such as `tensor<4xf32>`; the storage type where no declaration is recorded.
        storage_type: `i32`, `i64`, `f32`, `f64`, or a ref type such as `!hal.buffer`.
        get: read the present value.
        set: replace it; raises InvalidArgumentError on a value of another type.
        is_mutable: programs may change it; others have it from their initialiser on.
        dims: of the dynamic dimensions of a tensor, in order, where the module says where it keeps them.
    """

    name: str
    type: str
    storage_type: str
    get: Callable[[], object]
    set: Callable[[object], None]
    is_mutable: bool = True
    dims: tuple[GlobalAccess, ...] = ()


class BoundExports(Protocol):
    """Exports of a module in one context, over what its imports are at one time.

    Nothing here changes: other imports take other exports (see `vm.link.linkage`). Classes that name this one
    as a base inherit the methods that have a body.
    """

    def bind(self, export: str) -> Callable[..., object]:
        """Callable of an export, in the callable ABI; the same object every time."""
        ...

    def bind_once(self, export: str) -> Callable[..., object]:
        """Callable of an export that is called once, such as an initialiser."""
        return self.bind(export)

    def bind_resumable(self, export: str) -> ResumableCallable | None:
        """Resumable form of an export that may wait, or None where there is only the blocking form."""
        return None

    def inline_form(self, export: str) -> InlineForm | None:
        """Usual case of an export as text for translated callers, or None where there is only the call."""
        return None

    def activate(self) -> None:
        """Be the exports whose imports the module calls by itself, as from a thread of its own.

        Calls of exports call the imports that these exports were made with, whichever are active.
        """


@runtime_checkable
class ModuleState(Protocol):
    """What one context holds for one module: its globals.

    Classes that name this one as a base inherit the methods that have a body.
    """

    def link(self, imports: Sequence[Function | None]) -> BoundExports:
        """Exports over imports. The state is the same for all exports that are made of it.

        Args:
            imports: by import ordinal; None for an optional one that nobody offers.
        """
        ...

    def globals(self) -> Mapping[str, GlobalAccess]:
        """Globals that can be seen and set, by local name."""
        ...

    def snapshot(self) -> object:
        """Copy of the globals, for `restore`; opaque to others."""
        memo: dict[int, object] = {}
        return {name: copy_ref(access.get(), memo) for name, access in self.globals().items()}

    def restore(self, snapshot: object) -> None:
        """Put a snapshot back; it can be used again."""
        memo: dict[int, object] = {}
        accesses = self.globals()
        for name, value in cast("dict[str, object]", snapshot).items():
            accesses[name].set(copy_ref(value, memo))

    def fork(self) -> ModuleState:
        """Copy with globals of its own."""
        ...

    def close(self) -> None:
        """Release what the state holds; nothing is called on it afterwards."""
        ...


@runtime_checkable
class Module(Protocol):
    """A module that a context can load; it holds no state of its own and may be shared by contexts."""

    @property
    def name(self) -> str:
        """Name that importers use; at most one module of a name is loaded in a context."""
        ...

    @property
    def version(self) -> int:
        """Compared with the minimum version that a dependency asks."""
        ...

    @property
    def dependencies(self) -> Sequence[ModuleDependency]:
        """Modules to load before this one."""
        ...

    @property
    def imports(self) -> Sequence[ImportFunction]:
        """Functions of other modules, by import ordinal."""
        ...

    @property
    def exports(self) -> Mapping[str, Export]:
        """Functions others may call, by local name."""
        ...

    def create_state(self) -> ModuleState:
        """Make the state for one context; globals are zero and null."""
        ...
