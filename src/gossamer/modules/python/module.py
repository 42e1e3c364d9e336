"""Modules written in Python: a class with annotated methods that programs call, and that calls programs.

    @module("tracker")
    class Tracker:
        def __init__(self) -> None:
            self.seen = 0

        @imports("detector.run")
        def detect(self, image: Annotated[np.ndarray, "?x?xf32"]) -> Annotated[np.ndarray, "?x4xf32"]: ...

        @export
        def track(self, image: Annotated[np.ndarray, "?x?xf32"]) -> Annotated[np.ndarray, "?x4xf32"]:
            self.seen += 1
            return self.detect(image)

Each context that loads the module has an instance of the class: attributes are the module's state there.
Arguments are read-only NumPy arrays over the program's memory, valid until the method returns; results are
copied. An exception raised in a method reaches the caller of the program as itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar, overload
from weakref import WeakValueDictionary

from gossamer.errors import InvalidArgumentError, NotFoundError
from gossamer.format.module_def import FunctionSignature, ImportFunction, ModuleDependency
from gossamer.modules.python import attributes
from gossamer.modules.python.calls import bind_export, import_method
from gossamer.modules.python.linked_calls import ImportMethods
from gossamer.modules.python.signature import Signature, read_signature
from gossamer.vm.link.function import Function
from gossamer.vm.link.module import BoundExports, Export, GlobalAccess, ModuleState

_C = TypeVar("_C", bound=type)
_F = TypeVar("_F", bound=Callable[..., Any])
_MODULE_ATTRIBUTE = "__gossamer_module__"
_EXPORT_ATTRIBUTE = "__gossamer_export__"
_IMPORT_ATTRIBUTE = "__gossamer_import__"


@overload
def export(function: _F) -> _F: ...
@overload
def export(*, name: str) -> Callable[[_F], _F]: ...
def export(function: _F | None = None, *, name: str = "") -> _F | Callable[[_F], _F]:
    """Mark a method as a function that programs may call.

    Args:
        name: exported name; the method's own by default.
    """

    def mark(marked: _F) -> _F:
        setattr(marked, _EXPORT_ATTRIBUTE, name or marked.__name__)
        return marked

    return mark if function is None else mark(function)


def imports(full_name: str, *, optional: bool = False, minimum_version: int = 0) -> Callable[[_F], _F]:
    """Mark a method without a body as a function of a module that is loaded before this one.

    Args:
        full_name: "module.function".
        optional: do not fail where it is missing; calling it raises NotFoundError then.
        minimum_version: lowest version of the other module.
    """
    module_name, _, function_name = full_name.partition(".")
    if not module_name or not function_name:
        raise InvalidArgumentError(f"import {full_name!r} is not of the form 'module.function'")

    def mark(marked: _F) -> _F:
        setattr(marked, _IMPORT_ATTRIBUTE, (full_name, optional, minimum_version))
        return marked

    return mark


def module(name: str, *, version: int = 0) -> Callable[[_C], _C]:
    """Make a class usable as a module: pass the class itself wherever a module is taken.

    Args:
        name: what importers call it.
        version: compared with the minimum version importers ask for.
    Raises: InvalidArgumentError where a method's annotations cannot be read.
    """

    def decorate(cls: _C) -> _C:
        setattr(cls, _MODULE_ATTRIBUTE, PythonModule(cls, name=name, version=version))
        return cls

    return decorate


def python_module(cls: type, *arguments: object, **keywords: object) -> PythonModule:
    """Module of a decorated class whose instances are made with these arguments.

    Raises: InvalidArgumentError when the class is not decorated.
    """
    found = module_of(cls)
    if found is None:
        raise InvalidArgumentError(f"class {cls.__qualname__} is not decorated with `module`")
    return PythonModule(cls, name=found.name, version=found.version, make=lambda: cls(*arguments, **keywords))


def module_of(candidate: object) -> PythonModule | None:
    """Module of a decorated class; None for anything else."""
    return getattr(candidate, _MODULE_ATTRIBUTE, None) if isinstance(candidate, type) else None


class PythonModule:
    """A module whose functions are methods of a class; see the module's docstring.

    Attributes:
        name, version: what importers ask for.
        dependencies, imports, exports: as every module has them (see `vm.link.module`).
        import_names: attributes of the class that stand for imports.
        make: makes an instance.
    """

    def __init__(
        self, cls: type, *, name: str, version: int = 0, make: Callable[[], object] | None = None
    ) -> None:
        self.name = name
        self.version = version
        self.make: Callable[[], object] = make or cls
        self.export_methods: dict[str, tuple[str, Signature]] = {}
        self.import_methods: list[tuple[str, Signature]] = []
        self.imports: list[ImportFunction] = []
        minimum_versions: dict[str, int] = {}
        required: set[str] = set()
        for attribute, method in _methods(cls):
            where = f"{cls.__qualname__}.{attribute}"
            if hasattr(method, _EXPORT_ATTRIBUTE):
                exported: str = getattr(method, _EXPORT_ATTRIBUTE)
                self.export_methods[exported] = (
                    attribute,
                    read_signature(method, exported, where, f"{name}.{exported}"),
                )
            elif hasattr(method, _IMPORT_ATTRIBUTE):
                full_name, optional, minimum_version = getattr(method, _IMPORT_ATTRIBUTE)
                signature = read_signature(method, full_name, where, full_name)
                self.import_methods.append((attribute, signature))
                self.imports.append(_import_function(full_name, signature, optional))
                other = full_name.partition(".")[0]
                minimum_versions[other] = max(minimum_version, minimum_versions.get(other, 0))
                if not optional:
                    required.add(other)
        self.dependencies: list[ModuleDependency] = [
            ModuleDependency(other, minimum, is_required=other in required)
            for other, minimum in minimum_versions.items()
        ]
        self.import_names = frozenset(attribute for attribute, _ in self.import_methods)
        self.exports: dict[str, Export] = {
            exported: Export(exported, signature.calling_convention, signature.attrs)
            for exported, (_, signature) in self.export_methods.items()
        }

    def create_state(self) -> PythonModuleState:
        """Make an instance of the class for one context."""
        return PythonModuleState(self, self.make())

    def __repr__(self) -> str:
        return f"<PythonModule {self.name} version {self.version}>"


def _methods(cls: type) -> list[tuple[str, Callable[..., Any]]]:
    found: dict[str, Callable[..., Any]] = {}
    for base in reversed(cls.__mro__):
        found.update({name: value for name, value in vars(base).items() if callable(value)})
    return list(found.items())


def _import_function(full_name: str, signature: Signature, optional: bool) -> ImportFunction:
    attrs = tuple(signature.attrs.items())
    return ImportFunction(
        full_name, FunctionSignature(signature.calling_convention, attrs), is_required=not optional
    )


class PythonModuleState(ModuleState):
    """An instance of the class in one context."""

    def __init__(self, module: PythonModule, instance: object) -> None:
        self._module = module
        self._methods = ImportMethods()
        self.instance = instance
        for ordinal, (attribute, signature) in enumerate(module.import_methods):
            method = import_method(signature, partial(self._methods.find, ordinal))
            try:
                setattr(instance, attribute, method)
            except AttributeError:
                raise InvalidArgumentError(
                    f"class {type(instance).__qualname__} has __slots__ and imports {signature.name}, which "
                    "needs a place in each instance; add '__dict__' to its __slots__"
                ) from None

    def link(self, imports: Sequence[Function | None]) -> PythonExports:
        """The instance's exports, which call these imports."""
        return PythonExports(self._module, self.instance, self._methods, imports)

    def globals(self) -> Mapping[str, GlobalAccess]:
        """Attributes of the instance that are data, by name."""
        return {
            name: GlobalAccess(name, "", "", _getter(self.instance, name), _setter(self.instance, name))
            for name in attributes.data_attributes(self.instance, self._module.import_names)
        }

    def snapshot(self) -> object:
        """Deep copy of the attributes that are data, or what the hook of the class gives."""
        return attributes.snapshot(self.instance, self._module.import_names, self._module.name)

    def restore(self, snapshot: object) -> None:
        """Put a snapshot back; it can be used again. Attributes that were first set after it go."""
        attributes.restore(self.instance, self._module.import_names, snapshot, self._module.name)

    def fork(self) -> PythonModuleState:
        """Copy with a deep copy of the instance; its import methods are its own."""
        module = self._module
        forked = attributes.fork(self.instance, module.import_names, module.name, module.make)
        return PythonModuleState(module, forked)

    def close(self) -> None:
        """Call the instance's own `close`, if it has one."""
        close = getattr(self.instance, "close", None)
        if callable(close):
            close()


class PythonExports(BoundExports):
    """Exports of an instance, over what its imports are at one time."""

    def __init__(
        self,
        module: PythonModule,
        instance: object,
        methods: ImportMethods,
        imports: Sequence[Function | None],
    ) -> None:
        self._module = module
        self._instance = instance
        self._methods = methods
        self._imports = imports
        # Why weak: they hold the exports, which would outlive their last call until Python looks for circles.
        self._callables: WeakValueDictionary[str, Callable[..., object]] = WeakValueDictionary()

    def bind(self, export: str) -> Callable[..., object]:
        """Callable of an export, in the callable ABI; the same object as long as it is held."""
        found = self._callables.get(export)
        if found is None:
            if export not in self._module.export_methods:
                raise NotFoundError(f"module {self._module.name!r} exports no function {export!r}")
            attribute, signature = self._module.export_methods[export]
            found = bind_export(signature, getattr(self._instance, attribute))
            if self._imports or signature.is_coroutine:
                found = self._methods.entered(self._imports, found, self)
            self._callables[export] = found
        return found

    def activate(self) -> None:
        """Have threads of the instance call these imports."""
        self._methods.active = self._imports


def _getter(instance: object, name: str) -> Callable[[], object]:
    return lambda: getattr(instance, name)


def _setter(instance: object, name: str) -> Callable[[object], None]:
    return lambda value: setattr(instance, name, value)


__all__: Sequence[str] = (
    "PythonModule",
    "PythonModuleState",
    "export",
    "imports",
    "module",
    "module_of",
    "python_module",
)
