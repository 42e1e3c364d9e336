"""`install()`: from then on `import iree.compiler` means this compiler.

MLIR's own packages (`ir`, `passmanager`, `dialects`, `extras`) are those of the MLIR that compiles here.
IREE's dialects have no classes of Python in it: their operations are made by name, `ir.Operation.create`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from gossamer.runtime.iree_alias import iree_namespace

_ROOT = "iree.compiler"
_OURS = "gossamer.tools.iree_api"
_MLIR = "torch_mlir"

_NAMES = {
    _ROOT: f"{_OURS}.package",
    f"{_ROOT}.api": f"{_OURS}.api",
    f"{_ROOT}.api.ctypes_dl": f"{_OURS}.api",
    f"{_ROOT}.tools": f"{_OURS}.tools",
    f"{_ROOT}.tools.core": f"{_OURS}.tools",
    f"{_ROOT}.tools.binaries": f"{_OURS}.tools",
    f"{_ROOT}.tools.debugging": f"{_OURS}.saved_files",
    f"{_ROOT}.tools.ir_tool": f"{_OURS}.ir_tool",
    f"{_ROOT}.tools.ir_tool.__main__": f"{_OURS}.ir_tool.__main__",
    f"{_ROOT}.tools.import_onnx": f"{_OURS}.import_onnx",
    f"{_ROOT}.tools.import_onnx.__main__": f"{_OURS}.import_onnx.__main__",
    f"{_ROOT}.ir": f"{_MLIR}.ir",
    f"{_ROOT}.passmanager": f"{_MLIR}.passmanager",
    f"{_ROOT}.dialects": f"{_MLIR}.dialects",
    f"{_ROOT}.extras": f"{_MLIR}.extras",
    f"{_ROOT}._mlir_libs": f"{_MLIR}._mlir_libs",
}
_WHOLE = (f"{_ROOT}.dialects.", f"{_ROOT}.extras.", f"{_ROOT}._mlir_libs.")
"""Packages whose submodules are those of MLIR's package of the same name, whatever they are."""


class _Alias(Loader):
    """Gives a module that is imported under another name."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(self._target)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # Why: importing it under this name has given it another specification, and it stays what it was.
        module.__spec__ = self._spec


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        found = _NAMES.get(fullname)
        if found is None and fullname.startswith(_WHOLE):
            found = fullname.replace(_ROOT, _MLIR, 1)
        return ModuleSpec(fullname, _Alias(found), is_package=True) if found else None


_finder = _Finder()


def install() -> None:
    """Take the place of `iree.compiler` and its submodules in this process; again is harmless.

    Raises: ImportError when IREE's own `iree.compiler` is imported already, or without `gossamer[compiler]`.
    """
    present = sys.modules.get(_ROOT)
    if present is not None and present.__name__ != _NAMES[_ROOT]:
        raise ImportError(f"iree.compiler is imported already, from {present.__file__}", name=_ROOT)
    # Why here: it fails where there is no MLIR, before anything has changed.
    ours = import_module(_NAMES[_ROOT])
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
    iree_namespace()
    sys.modules[_ROOT] = ours
    for name, target in _NAMES.items():
        if target.startswith(_OURS):
            # Why: `from iree.compiler.tools import core` looks for an attribute of what stands for `tools`.
            parent, _, leaf = name.rpartition(".")
            setattr(import_module(_NAMES.get(parent, "iree")), leaf, import_module(target))
