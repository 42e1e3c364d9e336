"""What a module that every runtime brings offers: its name, version and functions.

Written once for both sides: the compiler declares imports from it, `modules` exports what implements it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gossamer.abi.calling_convention import parse_calling_convention
from gossamer.errors import InternalError


@dataclass(frozen=True, slots=True)
class ModuleFunction:
    """A function of such a module.

    Attributes:
        module: name of the module.
        name: without the module's.
        calling_convention: for example "0rI_r".
        ref_types: types of the results that are refs, in order, where the compiler needs them.
        minimum_version: lowest version of the module that has it.
    """

    module: str
    name: str
    calling_convention: str
    ref_types: tuple[str, ...] = ()
    minimum_version: int = 0

    @property
    def full_name(self) -> str:
        """`module.function`, as imports have it."""
        return f"{self.module}.{self.name}"

    @property
    def result_ref_types(self) -> tuple[str, ...]:
        """Type of each result: of refs as declared, "" for values."""
        types = iter(self.ref_types)
        results = parse_calling_convention(self.calling_convention).results
        return tuple(next(types, "") if character == "r" else "" for character in results)


@dataclass(slots=True)
class ModuleInterface:
    """A module and its functions.

    Attributes:
        version: what importers' minimum versions are compared with.
        functions: by name.
    """

    name: str
    version: int = 0
    functions: dict[str, ModuleFunction] = field(default_factory=dict[str, ModuleFunction])

    def declare(
        self, name: str, calling_convention: str, *ref_types: str, minimum_version: int = 0
    ) -> ModuleFunction:
        """Add a function; see `ModuleFunction` for the arguments.

        Raises: InternalError where there is one of that name.
        """
        if name in self.functions:
            raise InternalError(f"module {self.name!r} declares {name!r} twice")
        function = ModuleFunction(self.name, name, calling_convention, ref_types, minimum_version)
        self.functions[name] = function
        return function
