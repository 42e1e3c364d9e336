"""What directives of an assembly file declare, for instructions to name."""

from __future__ import annotations

from dataclasses import dataclass, field

from gossamer.errors import InvalidArgumentError
from gossamer.isa.opcodes import IMPORT_BIT


@dataclass(slots=True)
class ModuleSymbols:
    """Names of a module and their ordinals; implements `AssemblySymbols`.

    Attributes:
        module_name: of the module; functions may be called `module.name` and `module:ordinal`.
        types, imports, functions: names in ordinal order.
        globals: storage size by name, in source order.
        global_bytes, global_refs: storage that instructions name by its place.
    """

    module_name: str = ""
    types: list[str] = field(default_factory=lambda: [])
    imports: list[str] = field(default_factory=lambda: [])
    functions: list[str] = field(default_factory=lambda: [])
    globals: dict[str, int] = field(default_factory=lambda: {})
    global_bytes: int = 0
    global_refs: int = 0

    def type_ordinal(self, name: str) -> int:
        """Ordinal of a type, which is added where it is new; `vm.x` is `!vm.x` where there is one."""
        if name.startswith("vm.") and "!" + name in self.types:
            name = "!" + name
        if name not in self.types:
            self.types.append(name)
        return self.types.index(name)

    def function_ordinal(self, name: str) -> int:
        """Ordinal of an import, or of a function by name or `module:ordinal`.

        Raises: InvalidArgumentError where there is none.
        """
        module, colon, ordinal = name.partition(":")
        if colon:
            if module != self.module_name:
                raise InvalidArgumentError(f"ordinals are of this module: @{self.module_name}:{ordinal}")
            if int(ordinal) >= len(self.functions):
                raise InvalidArgumentError(f"there is no function {ordinal}")
            return int(ordinal)
        if name in self.imports:
            return IMPORT_BIT | self.imports.index(name)
        local_name = name.removeprefix(self.module_name + ".")
        if local_name not in self.functions:
            raise InvalidArgumentError(f"there is no function @{name}")
        return self.functions.index(local_name)

    def global_place(self, name: str, size: int) -> int:
        """Byte offset of a value global.

        Raises: InvalidArgumentError where there is none, or one of another size.
        """
        if name not in self.globals:
            raise InvalidArgumentError(f"there is no global @{name}")
        if self.globals[name] != size:
            raise InvalidArgumentError(f"global @{name} has {self.globals[name]} bytes, not {size}")
        return self._places()[name]

    def use_global(self, place: int, size: int) -> None:
        """Make room for a global that is named by its place."""
        if size:
            self.global_bytes = max(self.global_bytes, place + size)
        else:
            self.global_refs = max(self.global_refs, place + 1)

    @property
    def total_global_bytes(self) -> int:
        """Bytes for all value globals."""
        ends = [place + self.globals[name] for name, place in self._places().items()]
        return max([self.global_bytes, *ends])

    def _places(self) -> dict[str, int]:
        """Byte offsets: small globals first, each size aligned to itself."""
        places: dict[str, int] = {}
        end = 0
        for name, size in sorted(self.globals.items(), key=lambda item: item[1]):
            end = (end + size - 1) & -size
            places[name] = end
            end += size
        return places
