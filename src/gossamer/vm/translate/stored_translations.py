"""Translated functions on disk, so that a process need not translate what an earlier one did.

All functions of a module that are translated so far are kept with its record (see
`vm.bytecode.module_records`), beside the facts of the module that binding them needs: its instructions need
not be looked at. Nothing here ever fails: what cannot be kept is translated again.
"""

from __future__ import annotations

import io
import marshal
import pickle
from collections.abc import Callable, Sequence
from functools import cache, partial
from types import CodeType, FunctionType
from typing import Any, TypeAlias, cast

from gossamer.format.module_def import Bytes
from gossamer.limits.scope import interrupts
from gossamer.vm.bytecode.module_records import ModuleRecord
from gossamer.vm.link.function import Function
from gossamer.vm.translate.global_access import GLOBAL_LOADS, GLOBAL_STORES
from gossamer.vm.translate.python_operations import OPERATIONS
from gossamer.vm.translate.python_source import PythonSource

_OWN_PACKAGE = "gossamer."

TranslationKey: TypeAlias = tuple[int, bool, str]
"""Ordinal of the function, whether it is the generator form, and `forms_identity` of what it is bound to."""

_Facts: TypeAlias = tuple[frozenset[int], frozenset[int], frozenset[int], frozenset[int]]

_Row: TypeAlias = tuple[CodeType, str, bytes, tuple[str, ...], tuple[int, ...]]
"""Code, text, pickled constants, required names, offsets of lines."""


class StoredTranslations:
    """Those of one module.

    Args:
        record: of the module; loaded.

    Attributes:
        facts: sets of `ModuleFacts`, in order; None where they were not found out.
        native: by ordinal, whether native code can do a function, as far as that was found out.
    """

    def __init__(self, record: ModuleRecord) -> None:
        self._record = record
        self.facts: _Facts | None = None
        self.native: dict[int, bool] = {}
        self._rows: dict[TranslationKey, _Row] = {}
        self._add(record.attachment)
        record.attachment = b""
        self._saved_count = len(self._rows)

    def find(self, key: TranslationKey) -> tuple[PythonSource, CodeType] | None:
        """A translated function, if it is there."""
        row = self._rows.get(key)
        if row is None:
            return None
        code, text, constants, required, line_offsets = row
        names = cast("dict[str, object]", _Unpickler(io.BytesIO(constants)).load())
        return PythonSource(text, names, frozenset(required), line_offsets), code

    def keep(self, key: TranslationKey, source: PythonSource, code: CodeType) -> None:
        """Add a translated function, where its constants can be kept; `save` writes it."""
        constants = io.BytesIO()
        try:
            _Pickler(constants).dump(source.constants)
        except (pickle.PicklingError, AttributeError, TypeError, ValueError):
            return
        self._rows[key] = (
            code,
            source.text,
            constants.getvalue(),
            tuple(sorted(source.required)),
            source.line_offsets,
        )

    def save_if_grown(self) -> None:
        """`save`, unless that would write many functions for the sake of few."""
        if len(self._rows) - self._saved_count > self._saved_count // 4:
            self.save()

    def save(self) -> None:
        """Write what was added."""
        if len(self._rows) > self._saved_count:
            self._record.attach(self._merged)
            self._saved_count = len(self._rows)

    def _merged(self, attachment: Bytes) -> bytes:
        # Other states and processes add functions as well.
        self._add(attachment)
        return marshal.dumps((self.facts, self.native, self._rows))

    def _add(self, attachment: Bytes) -> None:
        if attachment:
            self.facts, native, rows = marshal.loads(attachment)
            self.native.update(native)
            self._rows.update(rows)


def forms_identity(imports: Sequence[Function | None]) -> str | None:
    """What tells inline forms of bound imports from others; None where only this process can.

    Forms of the package's own modules are the same wherever its version is; others are not known.
    """
    names: list[str] = []
    for function in imports:
        if function is None or function.inline is None:
            names.append("")
            continue
        implementation: Any = function.callable
        if isinstance(implementation, partial):
            implementation = cast("partial[object]", implementation).func
        module = getattr(implementation, "__module__", None) or ""
        name = getattr(implementation, "__qualname__", "")
        if not name or not module.startswith(_OWN_PACKAGE):
            return None
        names.append(f"{module}.{name}")
    return " ".join(names)


@cache
def _shared_objects() -> dict[str, object]:
    """Objects of the package that text names and that cannot be found by a name of their own."""
    return {
        "interrupts": interrupts,
        **{f"operation {name}": function for name, function in OPERATIONS.items()},
        **{f"load {name}": function for name, function in GLOBAL_LOADS.items()},
        **{f"store {name}": function for name, function in GLOBAL_STORES.items()},
    }


@cache
def _shared_names() -> dict[int, str]:
    return {id(value): name for name, value in _shared_objects().items()}


class _Pickler(pickle.Pickler):
    def persistent_id(self, obj: object) -> str | None:
        """Name of a shared object."""
        return _shared_names().get(id(obj))

    def reducer_override(self, obj: object) -> Any:
        """Functions that the package makes from text say what made them."""
        made_by: tuple[Callable[..., object], tuple[object, ...]] | None = None
        if isinstance(obj, FunctionType):
            made_by = getattr(obj, "made_by", None)
        return NotImplemented if made_by is None else made_by


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, pid: str) -> object:
        """A shared object."""
        return _shared_objects()[pid]
