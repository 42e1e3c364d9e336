"""Flags that are honoured: each with the field of `CompileOptions` that it sets."""

from __future__ import annotations

import re
from typing import NamedTuple

from gossamer.compiler.options import (
    CompileMode,
    ExecutionModel,
    ModuleFormat,
    OutputFormat,
    Phase,
)
from gossamer.tools.compile_flags.flag_rows import (
    GENERAL_GROUP,
    HAL_GROUP,
    INPUT_GROUP,
    LLVMCPU_GROUP,
    MAIN_GROUP,
    PIPELINE_GROUP,
    VM_GROUP,
    choice_flag,
)
from gossamer.tools.compile_flags.inspection import INSPECTION
from gossamer.tools.compile_flags.parameters import PARAMETERS
from gossamer.tools.compile_flags.parser import Flag

_PHASES = {
    Phase.START: "The program as parsed.",
    Phase.INPUT: "The program in the core dialects (linalg, tensor, arith, ...).",
    Phase.ABI: "Signatures of exports and imports read and checked.",
    Phase.PREPROCESSING: "After --iree-preprocessing-pass-pipeline.",
    Phase.GLOBAL_OPTIMIZATION: "No phase of its own here: part of flow.",
    Phase.DISPATCH_CREATION: "No phase of its own here: part of flow.",
    Phase.FLOW: "Optimised and cut into dispatches.",
    Phase.STREAM: "The host program, step by step: memory, submissions, waits, calls.",
    Phase.EXECUTABLE_SOURCES: "No phase of its own here: flow shows the sources of executables.",
    Phase.EXECUTABLE_CONFIGURATIONS: "No phase of its own here: part of executable-targets.",
    Phase.EXECUTABLE_TARGETS: "Executables compiled.",
    Phase.HAL: "The host program as VM functions that call the HAL.",
    Phase.VM: "The same, optimised.",
    Phase.END: "The finished module.",
}

_EXECUTION_MODELS = {
    ExecutionModel.HOST_ONLY: "No device work.",
    ExecutionModel.ASYNC_INTERNAL: "Exported functions return when their results are ready.",
    ExecutionModel.ASYNC_EXTERNAL: "Exported functions take a wait and a signal fence.",
    ExecutionModel.INLINE_STATIC: "Not available.",
    ExecutionModel.INLINE_DYNAMIC: "Not available.",
}


_OUTPUT_FORMATS = {
    OutputFormat.VM_BYTECODE: "A module in VM bytecode (default).",
    OutputFormat.VM_C: "Not available.",
    OutputFormat.VM_ASM: "The module's functions as text.",
}

_MODULE_FORMATS = {
    ModuleFormat.FLATBUFFER_BINARY: "A file that runs (default).",
    ModuleFormat.FLATBUFFER_TEXT: "Its tables as JSON.",
    ModuleFormat.MLIR_TEXT: "Its functions as text.",
    ModuleFormat.ANNOTATED_MLIR_TEXT: "The same, with the registers of each operation.",
}

_COMPILE_MODES = {
    CompileMode.STD: "A whole program (default).",
    CompileMode.VM: "VM functions, as text of the vm dialect.",
    CompileMode.HAL_EXECUTABLE: "One dispatch, as --iree-hal-dump-executable-sources-to writes it.",
    CompileMode.PRECOMPILE: "As --compile-to=preprocessing.",
}


def _opt_level(text: str) -> int:
    level = text.removeprefix("O")
    if level not in ("0", "1", "2", "3"):
        raise ValueError(f"'{text}' value not a valid optimization level, use O0/O1/O2/O3")
    return int(level)


def _opt_level_flag(name: str, help: str) -> Flag:
    return Flag(name, help, PIPELINE_GROUP, "level", convert=_opt_level)


def _phase(name: str, help: str) -> Flag:
    return choice_flag(name, help, _PHASES, GENERAL_GROUP, "phase")


def _backends(name: str, help: str) -> Flag:
    return Flag(name, help, HAL_GROUP, "backends", is_list=True)


class NamedDevice(NamedTuple):
    """A device as `--iree-hal-target-device=` names it: `local`, `local[1]`, `name=local`."""

    kind: str
    name: str
    ordinal: int | None


_DEVICE = re.compile(r"(?:(?P<name>[\w$.-]+)=)?(?P<kind>[\w-]+)(?:\[(?P<ordinal>\d+)\])?")


def _device(text: str) -> NamedDevice:
    match = _DEVICE.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is no device, as local, local[1] and name=local are")
    ordinal = match["ordinal"]
    return NamedDevice(match["kind"], match["name"] or "", None if ordinal is None else int(ordinal))


HONOURED = (
    ("compile_to", _phase("compile-to", "Last phase to run; prints the program after it.")),
    ("compile_from", _phase("compile-from", "Last phase the input has been through already.")),
    (
        "dump_phases_to",
        Flag(
            "dump-compilation-phases-to",
            "Writes the program after each phase to a folder.",
            metavar="folder",
        ),
    ),
    ("compile_mode", choice_flag("compile-mode", "What the input is.", _COMPILE_MODES, MAIN_GROUP, "mode")),
    ("emit_mlir_bytecode", Flag("emit-mlir-bytecode", "Writes MLIR as bytecode, not text.")),
    (
        "is_kept",
        Flag("gossamer-cache", "Takes and leaves modules on disk; see `gossamer cache`. On by default."),
    ),
    ("verify", Flag("verify", "Verifies the program throughout compilation.")),
    (
        "output_format",
        choice_flag("output-format", "Format of the output.", _OUTPUT_FORMATS, MAIN_GROUP, "format"),
    ),
    (
        "target_device",
        Flag(
            "iree-hal-target-device",
            "Device to compile for: local, local[1] for the second that fits, name=local. "
            "Of several, the first does all work.",
            HAL_GROUP,
            "device",
            convert=_device,
            is_list=True,
        ),
    ),
    (
        "default_device",
        Flag(
            "iree-hal-default-device",
            "Which of several devices does all work: its name or its number.",
            HAL_GROUP,
            "device",
        ),
    ),
    (
        "target_backends",
        _backends("iree-hal-local-target-device-backends", "Backends for kernels: vmvx, llvm-cpu."),
    ),
    (
        "target_backends",
        _backends("iree-hal-target-backends", "Older spelling: backends for kernels of a local device."),
    ),
    (
        "execution_model",
        choice_flag(
            "iree-execution-model",
            "Who waits for device work at the module's boundary.",
            _EXECUTION_MODELS,
            PIPELINE_GROUP,
            "model",
        ),
    ),
    (
        "opt_level",
        _opt_level_flag(
            "iree-opt-level", "Optimisation level; from O1 on a program's assertions are dropped."
        ),
    ),
    (
        "global_opt_level",
        _opt_level_flag("iree-global-optimization-opt-level", "The same, and counts before it."),
    ),
    (
        "strip_assertions",
        Flag("iree-opt-strip-assertions", "Drops assertions and checks of arguments.", PIPELINE_GROUP),
    ),
    *PARAMETERS,
    ("input_type", Flag("iree-input-type", "Dialect of the input, none or auto.", INPUT_GROUP, "type")),
    (
        "preprocessing_passes",
        Flag(
            "iree-preprocessing-pass-pipeline",
            "MLIR passes to run before optimisation.",
            "Preprocessing options",
            "pipeline",
        ),
    ),
    (
        "onnx_input_shapes",
        Flag(
            "gossamer-onnx-input-shapes",
            "Shapes of an ONNX model's inputs that it leaves open: NAME=1x3x?.",
            metavar="name=value",
            is_list=True,
        ),
    ),
    (
        "onnx_input_values",
        Flag(
            "gossamer-onnx-input-values",
            "Values of an ONNX model's inputs, which become constants: NAME=16000.",
            metavar="name=value",
            is_list=True,
        ),
    ),
    (
        "zero_fill_elided",
        Flag(
            "iree-util-zero-fill-elided-attrs", "Takes zeros for constants that were left out.", INPUT_GROUP
        ),
    ),
    (
        "module_format",
        choice_flag(
            "iree-vm-bytecode-module-output-format",
            "How a module in VM bytecode is written.",
            _MODULE_FORMATS,
            VM_GROUP,
            "format",
        ),
    ),
    ("polyglot_zip", Flag("iree-vm-emit-polyglot-zip", "Writes modules that are zip files too.", VM_GROUP)),
    (
        "strip_source_map",
        Flag("iree-vm-bytecode-module-strip-source-map", "Leaves source locations out.", VM_GROUP),
    ),
    (
        "llvmcpu_target_triple",
        Flag("iree-llvmcpu-target-triple", "Architecture of native kernels.", LLVMCPU_GROUP, "triple"),
    ),
    (
        "llvmcpu_target_cpus",
        Flag(
            "iree-llvmcpu-target-cpu",
            "Processor of native kernels: host, generic or LLVM's name; several for kernels of each.",
            LLVMCPU_GROUP,
            "names",
            is_list=True,
        ),
    ),
    (
        "llvmcpu_target_features",
        Flag(
            "iree-llvmcpu-target-cpu-features",
            "Features beyond the processor's, or host.",
            LLVMCPU_GROUP,
            "features",
        ),
    ),
    (
        "reassociates_reductions",
        Flag(
            "iree-llvmcpu-reassociate-fp-reductions",
            "Lets sums of floats be made in another order, in kernels of every target. On by default.",
            LLVMCPU_GROUP,
        ),
    ),
    *(
        (
            "skips_roundings",
            Flag(
                f"iree-{target}-skip-intermediate-roundings",
                "Lets sums of small floats be rounded at their end only, in kernels of every target. "
                "On by default.",
                group,
            ),
        )
        for target, group in (("llvmcpu", LLVMCPU_GROUP), ("vmvx", HAL_GROUP))
    ),
    (
        "llvmcpu_link_embedded",
        Flag("iree-llvmcpu-link-embedded", "Kernels are loaded by the HAL, not the system.", LLVMCPU_GROUP),
    ),
    *INSPECTION,
)
"""Each option field with the flag that sets it."""
