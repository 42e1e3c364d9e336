# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false
# Why: llvmlite has no annotations; everything untyped ends in this file.
"""The door to LLVM for the HAL: IR text in, addresses of native functions out.

llvmlite is imported at the first use: a process that runs no native code never loads it.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import Any, NamedTuple

from gossamer.hal.local.object_cache import cache_key, load_object, store_object

_lock = threading.Lock()
_engines: list[Any] = []


class _Target(NamedTuple):
    machine: Any
    triple: str
    identity: str


@cache
def _target() -> _Target:
    import llvmlite
    from llvmlite import binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    triple = binding.get_process_triple()
    cpu = binding.get_host_cpu_name()
    features = binding.get_host_cpu_features().flatten()
    machine = binding.Target.from_triple(triple).create_target_machine(
        cpu=cpu, features=features, opt=2, reloc="pic", codemodel="small", jit=True
    )
    identity = " ".join((llvmlite.__version__, triple, cpu, features))
    return _Target(machine, triple, identity)


def host_triple() -> str:
    """Target triple of this process, such as `x86_64-unknown-linux-gnu`."""
    return _target().triple


def compile_functions(ir_text: str, names: list[str]) -> dict[str, int]:
    """Compile IR for this machine and load it for the life of the process.

    Args:
        ir_text: a module; externs may only be functions of the C library.
        names: functions wanted.
    Returns: their addresses.
    """
    from llvmlite import binding

    with _lock:
        target = _target()
        key = cache_key("hal runner", target.identity, ir_text)
        contents = load_object(key)
        if contents is None:
            contents = _compile(ir_text, target)
            store_object(key, contents)
        engine = binding.create_mcjit_compiler(binding.parse_assembly(""), target.machine)
        engine.add_object_file(binding.ObjectFileRef.from_data(contents))
        engine.finalize_object()
        # Safety: addresses are valid while the engine exists, so it is kept for ever.
        _engines.append(engine)
        return {name: engine.get_function_address(name) for name in names}


def _compile(ir_text: str, target: _Target) -> bytes:
    from llvmlite import binding

    module = binding.parse_assembly(ir_text)
    module.verify()
    builder = binding.create_pass_builder(
        target.machine, binding.create_pipeline_tuning_options(speed_level=2)
    )
    builder.getModulePassManager().run(module, builder)
    return target.machine.emit_object(module)
