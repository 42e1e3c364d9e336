"""A function bound in a context: what an import receives and what a caller looks up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gossamer.abi.declaration import DECLARATION_ATTR, is_async
from gossamer.vm.link.inline_form import InlineForm
from gossamer.vm.link.module import BoundExports, Export, ResumableCallable


# Why not frozen: loading a module makes dozens, and setting fields of frozen ones takes three times as long.
@dataclass(slots=True, eq=False)
class Function:
    """An export together with the callable of one context; nobody changes it.

    Attributes:
        module_name: module that exports it.
        export: its name, calling convention and reflection.
        callable: blocking form, in the callable ABI (see `vm.link.module`).
        resumable: generator form of a function that may wait, or None.
        inline: usual case of the function as text for translated callers, or None.
        exports: what the callable was bound by. The module's state is not closed while they are held, so
            that whoever calls a function holds it, too.
    """

    module_name: str
    export: Export
    callable: Callable[..., object]
    resumable: ResumableCallable | None = None
    inline: InlineForm | None = None
    exports: BoundExports | None = None

    @property
    def name(self) -> str:
        """Local name."""
        return self.export.name

    @property
    def full_name(self) -> str:
        """`module.function`."""
        return f"{self.module_name}.{self.export.name}"

    @property
    def calling_convention(self) -> str:
        """Calling convention string."""
        return self.export.calling_convention

    @property
    def attrs(self) -> Mapping[str, str]:
        """Reflection attributes."""
        return self.export.attrs

    @property
    def is_async(self) -> bool:
        """True where two fences (wait, signal) follow the declared arguments."""
        return is_async(self.export.attrs)

    @property
    def declaration(self) -> str:
        """The function as its source declares it, or ""."""
        return self.export.attrs.get(DECLARATION_ATTR, "")

    def __call__(self, *arguments: object) -> object:
        """Call the blocking form; arguments and result are in the callable ABI."""
        return self.callable(*arguments)
