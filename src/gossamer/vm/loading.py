"""Modules of bytecode, together with what runs them: the only file of `vm` that knows all executors.

In: the bytes of a `.vmfb`, or tables. Out: modules that a context can load.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from gossamer.format.archive import read_module
from gossamer.format.module_def import Bytes, ModuleDef
from gossamer.vm.bytecode.executor import Executor, Imports, MakeExecutor
from gossamer.vm.bytecode.limits import DEFAULT_LIMITS, Limits
from gossamer.vm.bytecode.module import BytecodeModule
from gossamer.vm.bytecode.module_records import ModuleRecord
from gossamer.vm.bytecode.state import BytecodeState

ExecutorName: TypeAlias = Literal["interpret", "translate"]


def _translator(state: BytecodeState, imports: Imports, /) -> Executor:
    # Why here and below: a process loads what it runs modules with.
    from gossamer.vm.translate.executor import Translator

    return Translator(state, imports)


def _interpreter(state: BytecodeState, imports: Imports, /) -> Executor:
    from gossamer.vm.interpret.interpreter import Interpreter

    return Interpreter(state, imports)


_EXECUTORS: Mapping[ExecutorName, MakeExecutor] = {"translate": _translator, "interpret": _interpreter}


def bytecode_module(
    definition: ModuleDef,
    *,
    executor: ExecutorName = "translate",
    limits: Limits = DEFAULT_LIMITS,
    source: str = "",
) -> BytecodeModule:
    """Decode and verify a module.

    Args:
        definition: as read from a file or made by the compiler.
        executor: what runs it.
        limits: bounds of each call.
        source: file the module came from, for messages.
    Raises: FormatError for anything that executors must be able to rely on.
    """
    return BytecodeModule(definition, _EXECUTORS[executor], limits=limits, source=source)


def load_bytecode_module(
    data: Bytes,
    *,
    executor: ExecutorName = "translate",
    limits: Limits = DEFAULT_LIMITS,
    source: str = "",
    is_kept: bool = False,
) -> BytecodeModule:
    """Read a `.vmfb` and make a module of it.

    Args:
        data: the whole file; kept alive and borrowed from.
        executor: what runs it.
        limits: bounds of each call.
        source: file the module came from, for messages; what is verified is kept on disk for modules that
            come from a file.
        is_kept: keep it on disk without a source too.
    Raises: FormatError where the bytes are not a module that can run.
    """
    record = ModuleRecord(data) if source or is_kept else None
    found = None if record is None else record.load()
    definition = read_module(data, with_debug_database=False) if found is None else found.definition
    module = BytecodeModule(
        definition,
        _EXECUTORS[executor],
        limits=limits,
        source=source,
        verified=found,
        record=record,
    )
    if record is not None and found is None:
        record.store(module.decoded)
    return module
