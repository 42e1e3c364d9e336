"""`install()`: from then on `import iree.runtime` means this runtime.

For programs that are not to be changed. Other packages in the namespace `iree` stay what they are;
`gossamer.tools.iree_api.alias.install()` does the same for `iree.compiler`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

import gossamer.runtime as ours

_FUNCTION = "gossamer.runtime.iree_api.function_invoker"


def install() -> None:
    """Take the place of `iree.runtime` and its submodules in this process.

    Raises: ImportError when IREE's own `iree.runtime` is imported already.
    """
    present = sys.modules.get("iree.runtime", ours)
    if present is not ours:
        raise ImportError(f"iree.runtime is imported already, from {present.__file__}", name="iree.runtime")
    setattr(iree_namespace(), "runtime", ours)  # noqa: B010 - the name is not declared anywhere
    sys.modules["iree.runtime"] = ours
    # Why apart: `function` is the name of another submodule of ours.
    for name, target in {**ours.SUBMODULES, "function": _FUNCTION}.items():
        sys.modules[f"iree.runtime.{name}"] = import_module(target)


def iree_namespace() -> ModuleType:
    """The package `iree`, made where nothing of IREE is installed."""
    try:
        return import_module("iree")
    except ModuleNotFoundError:
        package = sys.modules["iree"] = ModuleType("iree", "Namespace of IREE's packages.")
        package.__path__ = []
        return package
