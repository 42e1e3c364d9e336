"""Modules in Python named on command lines: `glue.py`, `glue.py:Glue`, `package.module:Class`."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module, util
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import gossamer
from gossamer.errors import (
    GossamerError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    RaisedError,
)

if TYPE_CHECKING:
    from gossamer.modules.python.module import PythonModule

_PACKAGE = os.path.dirname(gossamer.__file__)
_FILE = re.compile(r"(?P<path>.*\.py)(?::(?P<class_name>[^\W\d]\w*))?", re.DOTALL)
_IMPORTED = re.compile(r"(?P<path>[^\W\d]\w*(?:\.[^\W\d]\w*)*):(?P<class_name>[^\W\d]\w*)")


@dataclass(frozen=True, slots=True)
class PythonLocation:
    """Where a class that is a module is.

    Attributes:
        path: of the file, or the dotted name of what to import.
        class_name: "" for the only module of the file.
        is_file: whether `path` is a file.
    """

    path: str
    class_name: str
    is_file: bool


def parse_python_location(text: str) -> PythonLocation | None:
    """Read what `--module=` says; None where it names no Python.

    A file that is called like a dotted name and a class is no Python: files win.
    """
    if match := _FILE.fullmatch(text):
        return PythonLocation(match["path"], match["class_name"] or "", True)
    if os.path.exists(text):
        return None
    if match := _IMPORTED.fullmatch(text):
        return PythonLocation(match["path"], match["class_name"], False)
    return None


def load_python_module(location: PythonLocation, *, is_allowed: bool) -> PythonModule:
    """Import the code and take the module from it.

    Args:
        location: of a class with `@gossamer.module`.
        is_allowed: whether Python may be loaded at all.
    Raises: PermissionDeniedError where it may not, before any of it runs; NotFoundError where there is no
        such file, module or class; InvalidArgumentError where importing fails or the class is no module.
    """
    from gossamer.modules.python.module import module_of

    if not is_allowed:
        raise PermissionDeniedError(
            f"module '{location.path}' is Python, which may not run here (--allow-python=false)"
        )
    with _import_explained(location.path):
        namespace = _run_file(location.path) if location.is_file else _import(location.path)
    _files.add(namespace.__file__ or "")
    classes = {
        name: found for name, value in vars(namespace).items() if (found := module_of(value)) is not None
    }
    own = {name for name in classes if getattr(namespace, name).__module__ == namespace.__name__}
    name = location.class_name
    if not name:
        if len(own) != 1:
            listed = ", ".join(sorted(own)) or "none"
            raise InvalidArgumentError(
                f"'{location.path}' has {len(own)} classes with @gossamer.module ({listed}); "
                f"--module={location.path}:Class names one"
            )
        (name,) = own
    if name in classes:
        return classes[name]
    if hasattr(namespace, name):
        raise InvalidArgumentError(
            f"'{name}' of '{location.path}' is no module; decorate the class with @gossamer.module(name)"
        )
    listed = ", ".join(sorted(own)) or "no modules"
    raise NotFoundError(f"'{location.path}' has no class '{name}'; it has {listed}")


@contextmanager
def exceptions_explained() -> Generator[None]:
    """Have exceptions of modules in Python be errors of the program, with the line they came from.

    Raises: RaisedError in place of what code of the user raised in the `with` block.
    """
    try:
        yield
    except GossamerError:
        raise
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if frame.filename in _files]
        if not own:
            raise
        raise RaisedError(error, f"{own[-1].filename}:{own[-1].lineno}") from error


_files: set[str] = set()
"""Of the modules in Python that were loaded."""


def _run_file(path: str) -> ModuleType:
    """Run a file as a module, once for each file; it can import what is beside it."""
    full_path = os.path.realpath(path)
    # Why the hash: two files of one name, or one of the name of a library, are to stay apart.
    name = f"{Path(path).stem}-{hashlib.sha256(full_path.encode()).hexdigest()[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    if not os.path.isfile(full_path):
        raise NotFoundError(f"failed to open file '{path}': no such file")
    spec = util.spec_from_file_location(name, full_path)
    assert spec is not None
    assert spec.loader is not None
    namespace = util.module_from_spec(spec)
    _search(os.path.dirname(full_path))
    sys.modules[name] = namespace
    try:
        spec.loader.exec_module(namespace)
    except BaseException:
        del sys.modules[name]
        raise
    return namespace


def _import(name: str) -> ModuleType:
    _search(os.getcwd())
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        raise NotFoundError(f"no Python module '{error.name}' in this folder or the environment") from None


def _search(folder: str) -> None:
    if folder not in sys.path:
        sys.path.insert(0, folder)


@contextmanager
def _import_explained(what: str) -> Generator[None]:
    """Raises: InvalidArgumentError in place of what code of the user raises while it is imported."""
    try:
        yield
    except NotFoundError:
        raise
    except SyntaxError as error:
        place = f"{error.filename}:{error.lineno}"
        raise InvalidArgumentError(
            f"importing '{what}' failed: SyntaxError: {error.msg} ({place})"
        ) from error
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        users = [frame for frame in frames if not frame.filename.startswith(("<frozen ", _PACKAGE))]
        place = f"{users[-1].filename}:{users[-1].lineno}"
        raise InvalidArgumentError(
            f"importing '{what}' failed: {type(error).__name__}: {error} ({place})"
        ) from error
