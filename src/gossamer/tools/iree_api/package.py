"""What stands for the package `iree.compiler`: the names of its `tools`, and its submodules."""

from importlib import import_module
from types import ModuleType

from gossamer.tools.iree_api import api, tools
from gossamer.tools.iree_api import tools as core
from gossamer.tools.iree_api.tools import (
    DEFAULT_TESTING_BACKENDS,
    DEFAULT_TESTING_DRIVER,
    CompilerOptions,
    CompilerToolError,
    InputType,
    OutputFormat,
    TempFileSaver,
    compile_file,
    compile_str,
    query_available_targets,
)

__all__ = [
    "DEFAULT_TESTING_BACKENDS",
    "DEFAULT_TESTING_DRIVER",
    "CompilerOptions",
    "CompilerToolError",
    "InputType",
    "OutputFormat",
    "TempFileSaver",
    "api",
    "compile_file",
    "compile_str",
    "core",
    "query_available_targets",
    "tools",
]

__path__: list[str] = []
"""It is a package for whoever imports its submodules; `alias` finds them."""


_OF_MLIR = ("dialects", "extras", "ir", "passmanager", "_mlir_libs")


def __getattr__(name: str) -> ModuleType:
    if name not in _OF_MLIR:
        raise AttributeError(f"module 'iree.compiler' has no attribute {name!r}")
    return import_module(f"torch_mlir.{name}")
