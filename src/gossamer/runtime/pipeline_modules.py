"""Functions of the modules of a pipeline, by name.

pipeline.modules["speech.v2"]           a module: its functions are attributes and items, and it is
                                        callable where it has one function only
pipeline.modules["speech.v2"].functions the functions alone: no name of ours hides one of theirs
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gossamer.errors import InvalidArgumentError, NotFoundError, UnknownKeyError
from gossamer.hal.device import Device
from gossamer.runtime.function import PipelineFunction
from gossamer.runtime.limited_call import CallRules
from gossamer.vm.link.context import Context
from gossamer.vm.link.link_errors import UnknownFunctionError
from gossamer.vm.link.module import Module


class FunctionTable:
    """Functions of a context, made when they are first asked for."""

    def __init__(self, context: Context, device: Device, rules: CallRules) -> None:
        """Make a table without functions.

        Args:
            context: whose functions they are.
            device: takes inputs.
            rules: of each call.
        """
        self._context = context
        self._device = device
        self._rules = rules
        self._found: dict[tuple[str, str], PipelineFunction] = {}

    def find(self, module_name: str, name: str) -> PipelineFunction:
        """A function that its module exports; the same object every time."""
        found = self._found.get((module_name, name))
        if found is None:
            found = PipelineFunction(self._context, module_name, name, self._device.allocator, self._rules)
            self._found[module_name, name] = found
        return found

    def follow(self) -> None:
        """Have all look for what they call now, so that none keeps a module that was replaced."""
        for names, function in list(self._found.items()):
            try:
                function.current()
            except UnknownFunctionError:
                del self._found[names]


class Functions:
    """The functions of a module as attributes and items; whatever they are called, each is reached."""

    def __init__(self, module: PipelineModule) -> None:
        self.__module = module

    def __getitem__(self, name: str) -> PipelineFunction:
        return self.__module[name]

    def __getattr__(self, name: str) -> PipelineFunction:
        # Why: Python asks objects for special methods that they need not have.
        if name.startswith("__"):
            raise AttributeError(name)
        return function_attribute(self.__module, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.__module)

    def __len__(self) -> int:
        return len(self.__module)

    def __contains__(self, name: object) -> bool:
        return name in self.__module

    def __dir__(self) -> list[str]:
        return list(self)

    def __repr__(self) -> str:
        return f"<Functions of {self.__module.name}: {', '.join(self)}>"


class PipelineModule(Mapping[str, PipelineFunction]):
    """Functions of one module of a pipeline, as attributes and by name; see the module's docstring."""

    def __init__(self, context: Context, module: Module, table: FunctionTable) -> None:
        self._context = context
        self._module = module
        self._table = table

    @property
    def name(self) -> str:
        """The module's name."""
        return self._module.name

    @property
    def functions(self) -> Functions:
        """The functions alone, where one has the name of something else here: `module.functions.name(x)`."""
        return Functions(self)

    @property
    def module(self) -> Module:
        """The loaded module; once the context is closed, the one that was loaded last."""
        linked = self._context.linkage.modules.get(self._module.name)
        if linked is not None:
            self._module = linked.module
        return self._module

    def __getitem__(self, name: str) -> PipelineFunction:
        if name not in self.module.exports:
            raise NotFoundError(
                f"module {self.name!r} has no function {name!r}; it has {', '.join(self) or 'none'}"
            )
        return self._table.find(self.name, name)

    def __getattr__(self, name: str) -> PipelineFunction:
        if name.startswith("_"):
            raise AttributeError(name)
        return function_attribute(self, name)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call the only public function, or of several that which is called `main`.

        Raises: InvalidArgumentError where there is neither; what `PipelineFunction.__call__` raises.
        """
        names = list(self)
        if len(names) != 1 and "main" not in names:
            raise InvalidArgumentError(
                f"module {self.name!r} has {len(names)} functions ({', '.join(names)}) and none is called "
                f"main: call one by name, as in pipeline.{names[0] if names else 'run'}(...)"
            )
        return self[names[0] if len(names) == 1 else "main"](*arguments, **keywords)

    def __iter__(self) -> Iterator[str]:
        return iter([name for name in self.module.exports if is_public(name)])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *self})

    def __repr__(self) -> str:
        return f"<PipelineModule {self.name}: {', '.join(self)}>"


def function_attribute(module: PipelineModule, name: str) -> PipelineFunction:
    """A function of a module, for `__getattr__`. Raises: AttributeError."""
    try:
        return module[name]
    except NotFoundError as error:
        raise AttributeError(error.message) from None


class PipelineModules(dict[str, PipelineModule]):
    """Modules of a pipeline by name, in load order."""

    def __missing__(self, name: str) -> PipelineModule:
        raise UnknownKeyError(f"no module {name!r} in this pipeline; it has {', '.join(self)}")


def is_public(name: str) -> bool:
    """True for exports that users call; `__init` and the like, and names with `$`, are for the system."""
    return not name.startswith("__") and "$" not in name
