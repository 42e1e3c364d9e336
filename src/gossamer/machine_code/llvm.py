# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false
# Why: llvmlite has no type annotations. Nothing untyped leaves this file.
"""The runtime's one door to LLVM (llvmlite): text of IR → object bytes.

Imported only when something is to be compiled. LLVM is initialised once for the process. On machines whose
objects `link` does not know, LLVM loads them too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache

import llvmlite.binding as llvm

from gossamer.errors import InternalError
from gossamer.format.elf_object import read_elf_object

_lock = threading.Lock()


@cache
def _initialize() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    llvm.initialize_native_asmparser()


@cache
def _target_machine() -> llvm.TargetMachine:
    return _create_target_machine()


def _create_target_machine() -> llvm.TargetMachine:
    _initialize()
    # Why ELF everywhere: what reads the objects reads ELF.
    triple = llvm.get_process_triple()
    if "elf" not in triple and "linux" not in triple:
        triple += "-elf"
    cpu, features = llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    return llvm.Target.from_triple(triple).create_target_machine(
        cpu=cpu, features=features, opt=3, reloc="pic", codemodel="small", jit=True
    )


def host_cpu() -> str:
    """Triple, name and features of this machine's processor, as LLVM spells them."""
    features = llvm.get_host_cpu_features().flatten()
    return f"{llvm.get_process_triple()} {llvm.get_host_cpu_name()} {features}"


def compile_object(text: str) -> bytes:
    """Optimise a module and make an ELF object of it.

    Raises: InternalError when LLVM finds the text wrong, which is a fault of the emitter.
    """
    with _lock:
        module = _optimized(text)
        return _target_machine().emit_object(module)


def optimized_text(text: str) -> str:
    """The module after optimisation, as text; for people and tests."""
    with _lock:
        return str(_optimized(text))


def assembly_text(text: str) -> str:
    """The machine code of a module, as assembly; for people and tests."""
    with _lock:
        return _target_machine().emit_assembly(_optimized(text))


def _optimized(text: str) -> llvm.ModuleRef:
    machine = _target_machine()
    try:
        module = llvm.parse_assembly(text)
        module.verify()
    except RuntimeError as error:
        raise InternalError(f"LLVM rejects the code made for it: {error}") from error
    module.triple = machine.triple
    module.data_layout = str(machine.target_data)
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = True
    options.slp_vectorization = False
    options.loop_interleaving = True
    options.loop_unrolling = True
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return module


class LlvmCode:
    """Code of an object that LLVM loaded; it stays as long as this lives."""

    def __init__(self, data: bytes, find_function: Callable[[str], int | None]) -> None:
        """Load and link an object; see `LoadedCode`.

        Raises: InternalError for a symbol without an address: LLVM itself would end the process.
        """
        symbols = read_elf_object(data).symbols
        undefined = {symbol.name for symbol in symbols if symbol.is_global and not symbol.section}
        with _lock:
            for symbol in sorted(undefined):
                address = find_function(symbol)
                if not address:
                    raise InternalError(f"native code needs the symbol {symbol!r}, which has no address")
                llvm.add_symbol(symbol, address)
            machine = _create_target_machine()
            self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
            self._engine.add_object_file(llvm.ObjectFileRef.from_data(data))
            self._engine.finalize_object()

    def find(self, symbol: str) -> int:
        """Address of a function; 0 where the object has no such symbol."""
        with _lock:
            return int(self._engine.get_function_address(symbol))

    def address(self, symbol: str) -> int:
        """Address of a function.

        Raises: InternalError where the object has no such symbol.
        """
        address = self.find(symbol)
        if not address:
            raise InternalError(f"native code has no symbol {symbol!r}")
        return address
