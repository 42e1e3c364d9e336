"""Why modules cannot be linked: one class for each reason, with fields, and messages that say what to change.

    StatusError
    ├── NotFoundError
    │   ├── UnknownModuleError          not loaded, or loaded too late
    │   ├── UnknownFunctionError        loaded, but has no such export
    │   └── ModuleVersionError          loaded, but too old
    ├── AlreadyExistsError
    │   └── DuplicateModuleError        two modules of one name
    └── IncompatibleError
        ├── SignatureMismatchError      arguments or results differ
        └── ExecutionModelMismatchError one side passes fences, the other does not

All but `DuplicateModuleError` have `importer` (the module that cannot be loaded) and `module`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from gossamer.abi.declaration import ExecutionModel
from gossamer.errors import AlreadyExistsError, IncompatibleError, NotFoundError

_MAX_NAMES_LISTED = 8


def _did_you_mean(name: str, candidates: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(candidates), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def _listed(names: Iterable[str]) -> str:
    public = sorted(name for name in names if not name.startswith("__"))
    shown = ", ".join(public[:_MAX_NAMES_LISTED])
    rest = len(public) - _MAX_NAMES_LISTED
    return (f"{shown} and {rest} more" if rest > 0 else shown) or "nothing"


class UnknownModuleError(NotFoundError):
    """A module needs another that is not loaded before it.

    Attributes:
        importer: module that cannot be loaded, or "" for a look-up.
        module: module it needs.
        function: function of it that is imported, or "" where only a dependency is declared.
        is_loaded_later: the module is among those to load, but after the importer.
        source: file of the module where it is loaded later, or "".
    """

    def __init__(
        self,
        importer: str,
        module: str,
        *,
        function: str = "",
        is_loaded_later: bool = False,
        source: str = "",
        loaded: Iterable[str] = (),
    ) -> None:
        self.importer = importer
        self.module = module
        self.function = function
        self.is_loaded_later = is_loaded_later
        self.source = source
        need = f"{importer} imports {module}.{function}" if function else f"{importer} depends on {module}"
        if is_loaded_later:
            path = source or f"{module}.vmfb"
            message = f"{need}, but {module} is loaded after {importer}: load {path} first"
        else:
            names = list(loaded)
            hint = _did_you_mean(module, names)
            message = f"no module named {module!r} is loaded (loaded: {_listed(names)}){hint}"
            if importer:
                message = f"{need}, but {message}{'' if hint else ';'} load {module} before {importer}"
        super().__init__(message)


class UnknownFunctionError(NotFoundError):
    """A module imports, or a caller looks up, a function that a loaded module does not export.

    Attributes:
        importer: module that cannot be loaded, or "" for a look-up.
        module: module that is loaded.
        function: what it does not export.
        suggestion: an export with a similar name, or "".
    """

    def __init__(self, importer: str, module: str, function: str, exports: Iterable[str]) -> None:
        names = list(exports)
        near = difflib.get_close_matches(function, names, n=1, cutoff=0.6)
        self.importer = importer
        self.module = module
        self.function = function
        self.suggestion = near[0] if near else ""
        subject = f"{importer} imports {module}.{function}, but {module}" if importer else f"module {module}"
        what = "no such function" if importer else f"no function {function!r}"
        super().__init__(
            f"{subject} exports {what}{_did_you_mean(function, names)}"
            f"{'' if near else ';'} it exports {_listed(names)}"
        )


class ModuleVersionError(NotFoundError):
    """A module is loaded in a version older than another needs.

    Attributes:
        importer: module that cannot be loaded.
        module: module that is too old.
        minimum: version needed.
        found: version loaded.
    """

    def __init__(self, importer: str, module: str, *, minimum: int, found: int) -> None:
        self.importer = importer
        self.module = module
        self.minimum = minimum
        self.found = found
        super().__init__(
            f"{importer} needs {module} in version {minimum} or later, but version {found} is loaded: "
            f"load a newer {module}, or recompile {importer} for version {found}"
        )


class DuplicateModuleError(AlreadyExistsError):
    """Two modules of one name in a context.

    Attributes:
        module: the name.
    """

    def __init__(self, module: str) -> None:
        self.module = module
        super().__init__(
            f"a module named {module!r} is loaded already: leave one out, or rename one in its source"
        )


class SignatureMismatchError(IncompatibleError):
    """An import and its export differ in arguments or results.

    Attributes:
        importer: module that cannot be loaded.
        module: module that exports the function.
        function: the function.
        expected: what the importer was compiled for: a calling convention, or a type.
        found: what the module exports.
        position: such as "argument 1", or "" where the calling conventions differ as a whole.
    """

    def __init__(
        self, importer: str, module: str, function: str, *, expected: str, found: str, position: str = ""
    ) -> None:
        self.importer = importer
        self.module = module
        self.function = function
        self.expected = expected
        self.found = found
        self.position = position
        what = f"{position} of {module}.{function}" if position else f"{module}.{function}"
        super().__init__(
            f"{what} is {found}, but {importer} expects {expected}: "
            f"declare the import in {importer} as {module} exports it, and recompile {importer}"
        )


class ExecutionModelMismatchError(IncompatibleError):
    """One side of an import passes fences (async) and the other does not (sync).

    Attributes:
        importer: module that cannot be loaded.
        module: module that exports the function.
        function: the function.
        expected: model the importer was compiled for.
        found: model of the export.
    """

    def __init__(
        self, importer: str, module: str, function: str, *, expected: ExecutionModel, found: ExecutionModel
    ) -> None:
        self.importer = importer
        self.module = module
        self.function = function
        self.expected = expected
        self.found = found
        if found is ExecutionModel.COARSE_FENCES:
            message = (
                f"{module}.{function} is asynchronous, "
                f"but {importer} calls it synchronously: annotate the import with "
                f'iree.abi.model = "coarse-fences", '
                f"or recompile {module} for the execution model sync"
            )
        else:
            message = (
                f"{module}.{function} is synchronous, but {importer} passes fences to it: "
                f"recompile {module} for the execution model async-external, "
                f'or {importer} with iree.abi.model = "sync" on the import'
            )
        super().__init__(message)
