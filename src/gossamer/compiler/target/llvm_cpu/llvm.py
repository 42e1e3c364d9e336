# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false
# Why: llvmlite has no type annotations. Nothing untyped leaves this file.
"""The compiler's one door to LLVM (llvmlite): text of IR → object bytes, for any architecture.

Imported in workers only: LLVM may end the process that it finds a fault in.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import llvmlite.binding as llvm

from gossamer.compiler.target.llvm_cpu.machines import Machine


@cache
def _initialize() -> None:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()


@cache
def _target_machine(machine: Machine) -> llvm.TargetMachine:
    _initialize()
    return llvm.Target.from_triple(machine.triple).create_target_machine(
        cpu=machine.cpu,
        features=machine.features,
        opt=3,
        reloc="pic",
        codemodel=machine.code_model,
        jit=False,
        abiname=machine.abi,
    )


def set_options(options: Sequence[str]) -> None:
    """Set flags of LLVM's own for this process; what is wrong with them, LLVM prints to stderr."""
    if options:
        _initialize()
    for option in options:
        llvm.set_option("LLVM", option)


def host_cpu() -> tuple[str, str]:
    """Name and features of this machine's processor, as LLVM spells them."""
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


def compile_object(text: str, machine: Machine) -> bytes:
    """Optimise a module and make an ELF object of it.

    Raises: RuntimeError where LLVM finds the text wrong.
    """
    return _target_machine(machine).emit_object(_optimized(text, machine))


def compilation_stages(kernels: Sequence[str], builtins: Sequence[str], machine: Machine) -> dict[str, bytes]:
    """What modules are on their way to objects, as one module, by suffix of file.

    Raises: RuntimeError where LLVM finds a text wrong.
    """
    target = _target_machine(machine)
    optimized = _linked([_optimized(text, machine) for text in (*kernels, *builtins)])
    stages = {
        "codegen": _linked(list(map(llvm.parse_assembly, kernels))),
        "linked": _linked(list(map(llvm.parse_assembly, (*kernels, *builtins)))),
        "optimized": optimized,
    }
    texts = {f"{stage}.ll": str(module).encode() for stage, module in stages.items()}
    bitcode = {f"{stage}.bc": module.as_bitcode() for stage, module in stages.items()}
    assembly = target.emit_assembly(optimized).encode()
    return {**texts, **bitcode, "s": assembly, "o": target.emit_object(optimized)}


def _linked(modules: list[llvm.ModuleRef]) -> llvm.ModuleRef:
    first, *others = modules
    for module in others:
        first.link_in(module)
    return first


def _optimized(text: str, machine: Machine) -> llvm.ModuleRef:
    target = _target_machine(machine)
    module = llvm.parse_assembly(text)
    module.triple = machine.triple
    module.data_layout = str(target.target_data)
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = True
    options.slp_vectorization = True
    options.loop_interleaving = True
    options.loop_unrolling = True
    builder = llvm.create_pass_builder(target, options)
    builder.getModulePassManager().run(module, builder)
    return module
