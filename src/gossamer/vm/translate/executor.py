"""Executes a module's functions as Python functions compiled from their typed form.

Text and code objects belong to the module and are shared by its states. Each executor makes functions of
its own, whose global names are imports, globals and other functions: what a name stands for never changes,
so that a call through it costs no more than any call in Python. Other imports take another executor
(see `vm.link.linkage`).
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator
from functools import partial
from threading import RLock
from types import FunctionType
from typing import TYPE_CHECKING, cast

from gossamer.errors import NotFoundError
from gossamer.machine_code.compiled_code import is_native_code_enabled
from gossamer.vm.bytecode.decoded import DecodedModule
from gossamer.vm.bytecode.executor import Imports
from gossamer.vm.interpret.execution import READY
from gossamer.vm.link.module import ResumableCallable
from gossamer.vm.translate.failure import failure, locate
from gossamer.vm.translate.module_translation import module_translation
from gossamer.vm.translate.stored_translations import forms_identity
from gossamer.vm.typed.call_graph import is_soon_done

if TYPE_CHECKING:
    from gossamer.vm.bytecode.state import BytecodeState


class _TextLoader:
    """Where Python's tracebacks find the text of a translated function."""

    def __init__(self, text: str) -> None:
        self._text = text

    def get_source(self, _name: str) -> str:
        """The text; `linecache` asks for it."""
        return self._text


class Translator:
    """Executor of a state (see `vm.bytecode.executor`)."""

    def __init__(
        self, state: BytecodeState, imports: Imports = (), /, *, is_native: bool | None = None
    ) -> None:
        """Start with nothing translated.

        Args:
            imports: functions that translated ones may call.
            is_native: run loops over numbers and buffers as native code; by default where that is possible.
        """
        self._state = state
        self._is_native = is_native_code_enabled() if is_native is None else is_native
        self._lock = RLock()
        self._translation = module_translation(state.module)
        self._imports = imports
        self._forms = tuple(None if imported is None else imported.inline for imported in imports)
        self._forms_identity = forms_identity(imports) if state.module.record else None
        self._common = _common_names(state, imports)
        self._functions: dict[tuple[int, bool], Callable[..., object]] = {}

    def bind(self, ordinal: int) -> Callable[..., object]:
        """Blocking form of a function; functions it calls are translated with it."""
        bound = self._bind(ordinal, is_generator=False)
        self._translation.save()
        return bound

    def bind_once(self, ordinal: int) -> Callable[..., object]:
        """Blocking form of a function that is called once, interpreted where that is done sooner.

        Where the module was loaded before, it is translated and kept: it may well be loaded again.
        """
        is_kept = self._state.module.is_from_record and self._forms_identity is not None
        if not is_kept and is_soon_done(self._translation.module, ordinal):
            return self._interpret(ordinal, is_generator=False)
        return self.bind(ordinal)

    def bind_resumable(self, ordinal: int) -> ResumableCallable | None:
        """Generator form of a function that may wait, or None; translated when it is first called."""
        if ordinal not in self._translation.facts.waiting:
            return None

        def resumable(*arguments: object) -> object:
            bound = self._bind(ordinal, is_generator=True)
            self._translation.save()
            return bound(*arguments)

        return cast("ResumableCallable", resumable)

    def _bind(self, ordinal: int, *, is_generator: bool) -> Callable[..., object]:
        with self._lock:
            found = self._functions.get((ordinal, is_generator))
            if found is None and self._needs_interpreter(ordinal):
                found = self._functions[ordinal, is_generator] = self._interpret(ordinal, is_generator)
            return found or self._link(ordinal, is_generator)

    def _native(self, ordinal: int, translated: Callable[..., object]) -> Callable[..., object]:
        from gossamer.vm.jit.native_callable import native_callable

        compiled = partial(self._translation.compiled, ordinal)
        return native_callable(self._translation.module, ordinal, translated, compiled)

    def _needs_interpreter(self, ordinal: int) -> bool:
        """Why: only the interpreter counts steps, and can recurse deeper than Python does."""
        return self._state.limits.is_metered or ordinal in self._translation.facts.recursive

    def _interpret(self, ordinal: int, is_generator: bool) -> Callable[..., object]:
        from gossamer.vm.interpret.interpreter import Interpreter

        interpreter = Interpreter(self._state, self._imports)
        return interpreter.bind_resumable(ordinal) if is_generator else interpreter.bind(ordinal)

    def _link(self, ordinal: int, is_generator: bool) -> Callable[..., object]:
        translation = self._translation.translation(ordinal, is_generator, self._forms, self._forms_identity)
        label = self._translation.module.function_label(ordinal)
        names: dict[str, object] = {
            "__builtins__": builtins.__dict__,
            "__name__": label,
            "__loader__": _TextLoader(translation.source.text),
            **translation.source.constants,
        }
        names["located"] = locate(label, translation.source.line_offsets)
        name = self._translation.module.names.get(ordinal, f"function_{ordinal}")
        made = FunctionType(translation.code, names, name)
        # Why now: functions may call each other in circles.
        self._functions[ordinal, is_generator] = made
        for required in translation.source.required:
            names[required] = self._resolve(required)
        if self._is_native and not is_generator and self._translation.is_native(ordinal):
            native = self._native(ordinal, made)
            self._functions[ordinal, is_generator] = native
            return native
        return made

    def _resolve(self, name: str) -> object:
        if name in self._common:
            return self._common[name]
        role, _, number = name.rpartition("_")
        ordinal = int(number)
        if role == "type":
            return self._state.module.types[ordinal]
        if role == "function":
            return self._bind(ordinal, is_generator=False)
        if role == "resumable_function":
            return self._bind(ordinal, is_generator=True)
        imported = self._imports[ordinal]
        if imported is None:
            return _missing_import(self._translation.module, ordinal)
        if role == "import":
            return imported.callable
        assert role == "resumable_import"
        return imported.resumable or _as_resumable(imported.callable)


def _common_names(state: BytecodeState, imports: Imports) -> dict[str, object]:
    values = state.storage.values
    return {
        "globals_i": values.view("i"),
        "globals_q": values.view("q"),
        "global_values": values,
        "global_refs": state.storage.refs,
        "rodata": state.rodata,
        "imports_resolved": tuple(int(function is not None) for function in imports),
        "failure": failure,
        "READY": READY,
    }


def _missing_import(module: DecodedModule, ordinal: int) -> Callable[..., object]:
    name = module.definition.imported_functions[ordinal].full_name

    def call_missing(*arguments: object) -> object:
        raise NotFoundError(f"optional import {name!r} is called, but no loaded module exports it")

    return call_missing


def _as_resumable(function: Callable[..., object]) -> ResumableCallable:
    def resumable(*arguments: object) -> Iterator[object]:
        return function(*arguments)
        yield

    return cast("ResumableCallable", resumable)
