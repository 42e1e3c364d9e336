"""Objects of LLVM IR: compiled by workers, or found on disk as compiled before."""

from __future__ import annotations

from collections.abc import Callable

from gossamer.compiler.target.llvm_cpu.machines import Machine
from gossamer.compiler.target.llvm_cpu.workers import shared_workers
from gossamer.kept_files.store import content_key, load_object, store_object
from gossamer.processor.installed_llvm import installed_llvm

GENERATION = 1
"""Raised whenever the same text is to become other code: what is kept on disk is then not used."""


def start_compiling(text: str, machine: Machine) -> Callable[[], bytes]:
    """Have a module compiled, if it has not been before.

    Returns: what waits for the object; it raises InternalError where LLVM cannot compile the module.
    """
    key = content_key("llvm-cpu", str(GENERATION), installed_llvm() or "", repr(machine), text)
    # Why not with flags of LLVM's: they may ask it to print.
    is_kept = not machine.llvm_options
    stored = load_object(key) if is_kept else None
    if stored is not None:
        return lambda: stored
    pending = shared_workers(machine.llvm_options).submit("compile_object", text, machine)

    def wait() -> bytes:
        compiled = pending.result()
        assert isinstance(compiled, bytes)
        if is_kept:
            store_object(key, compiled)
        return compiled

    return wait
