"""Translated functions of a module: text and code, which all its states share.

Each function is translated when it is first asked for, or found where an earlier process kept it.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from types import CodeType
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from gossamer.vm.bytecode.decoded import DecodedModule
from gossamer.vm.bytecode.module_records import ModuleRecord
from gossamer.vm.translate.inline_calls import InlineForms
from gossamer.vm.translate.module_facts import ModuleFacts, find_module_facts
from gossamer.vm.translate.python_source import PythonSource, emit_python
from gossamer.vm.translate.stored_translations import StoredTranslations
from gossamer.vm.typed.type_function import type_function
from gossamer.vm.typed.typed_function import TypedFunction

if TYPE_CHECKING:
    from gossamer.vm.bytecode.module import BytecodeModule
    from gossamer.vm.jit.analysis.compilable import CompilableFunction
    from gossamer.vm.jit.native_callable import CompiledFunction


@dataclass(frozen=True, slots=True)
class Translation:
    """A function's text, and what Python made of it."""

    source: PythonSource
    code: CodeType


class ModuleTranslation:
    """What is translated of one module."""

    def __init__(self, module: DecodedModule, record: ModuleRecord | None = None) -> None:
        """Start with nothing translated.

        Args:
            record: with which translations are kept on disk; None where they are not.
        """
        self.module = module
        self._typed: dict[int, TypedFunction] = {}
        self._translations: dict[tuple[int, bool, InlineForms], Translation] = {}
        self._stored = StoredTranslations(record) if record is not None else None
        self._native: dict[int, bool] = {}
        self._native_functions: dict[int, dict[int, CompilableFunction] | None] = {}
        self._compiled: dict[int, CompiledFunction] = {}
        self._compile_lock = Lock()
        if self._stored is not None:
            self._native = self._stored.native
            weakref.finalize(self, self._stored.save)

    @cached_property
    def facts(self) -> ModuleFacts:
        """What follows from all functions together."""
        if self._stored is None:
            return find_module_facts(self.module)
        if self._stored.facts is None:
            facts = find_module_facts(self.module)
            self._stored.facts = (facts.waiting, facts.recursive, facts.looping, facts.uniform_refs)
        return ModuleFacts(self.module, *self._stored.facts)

    def typed(self, ordinal: int) -> TypedFunction:
        """Typed form of a function."""
        if ordinal not in self._typed:
            self._typed[ordinal] = type_function(self.module, self.module.functions[ordinal])
        return self._typed[ordinal]

    def is_native(self, ordinal: int) -> bool:
        """True for a function that native code can do, and does sooner."""
        if ordinal not in self.facts.looping:
            return False
        found = self._native.get(ordinal)
        if found is None:
            found = self._native[ordinal] = self._find_native(ordinal) is not None
        return found

    def compiled(self, ordinal: int) -> CompiledFunction:
        """Native code of a function where `is_native` is True; compiled when it is first asked for."""
        from gossamer.vm.jit.native_callable import compile_function

        with self._compile_lock:
            found = self._compiled.get(ordinal)
            if found is None:
                functions = self._find_native(ordinal)
                assert functions is not None
                found = self._compiled[ordinal] = compile_function(self.module, functions, ordinal)
            return found

    def _find_native(self, ordinal: int) -> dict[int, CompilableFunction] | None:
        """A function and all it calls as the compiler takes them; None where `is_native` is False."""
        if ordinal not in self._native_functions:
            # Why here: it is not needed where an earlier process found out that a function is not native.
            from gossamer.vm.jit.native_callable import worth_compiling

            self._native_functions[ordinal] = worth_compiling(self.module, ordinal)
        return self._native_functions[ordinal]

    def translation(
        self, ordinal: int, is_generator: bool, forms: InlineForms, identity: str | None
    ) -> Translation:
        """Text and code of a function's blocking or generator form.

        Args:
            forms: of the imports that the text is to be bound to.
            identity: of the forms; see `forms_identity`.
        """
        key = (ordinal, is_generator, forms)
        found = self._translations.get(key)
        if found is None:
            found = self._find_stored(ordinal, is_generator, identity)
            if found is None:
                found = self._translate(ordinal, is_generator, forms)
                if self._stored is not None and identity is not None:
                    self._stored.keep((ordinal, is_generator, identity), found.source, found.code)
            self._translations[key] = found
        return found

    def save(self) -> None:
        """Keep on disk what was translated, where that is worth it by now; the rest is kept at the end."""
        if self._stored is not None:
            self._stored.save_if_grown()

    def _find_stored(self, ordinal: int, is_generator: bool, identity: str | None) -> Translation | None:
        if self._stored is None or identity is None:
            return None
        found = self._stored.find((ordinal, is_generator, identity))
        return None if found is None else Translation(*found)

    def _translate(self, ordinal: int, is_generator: bool, forms: InlineForms) -> Translation:
        source = emit_python(self.typed(ordinal), self.facts, forms, is_generator=is_generator)
        # Why: a name may hold any character, Python's file names all but this one.
        filename = f"bytecode {self.module.function_label(ordinal)}".replace("\0", "\\0")
        module_code = compile(source.text, filename, "exec")
        code = next(constant for constant in module_code.co_consts if isinstance(constant, CodeType))
        return Translation(source, code)


_translations: WeakKeyDictionary[BytecodeModule, ModuleTranslation] = WeakKeyDictionary()


def module_translation(module: BytecodeModule) -> ModuleTranslation:
    """The one translation of a module."""
    found = _translations.get(module)
    if found is None:
        found = _translations[module] = ModuleTranslation(module.decoded, module.record)
    return found
