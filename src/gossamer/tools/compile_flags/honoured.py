"""Flags that are honoured: each with the field of `CompileOptions` that it sets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple, TypeVar

from gossamer.compiler.options import (
    CompileMode,
    ExecutionModel,
    ModuleFormat,
    OutputFormat,
    Phase,
    StatisticsDisplay,
    StatisticsFormat,
)
from gossamer.tools.compile_flags.parser import Flag

EnumType = TypeVar("EnumType", bound=Enum)

_GENERAL_GROUP = "General options"
_FLOW_GROUP = "Debugging of dispatches"
HAL_GROUP = "IREE HAL executable target options"
_LLVMCPU_GROUP = "IREE LLVMCPU target options"
INPUT_GROUP = "IREE options for controlling the input transformations to apply"
MAIN_GROUP = "IREE Main Options"
_PARAMETER_GROUP = "IREE parameter options"
_PIPELINE_GROUP = "IREE global pipeline options controlling the entire compilation flow"
_VM_GROUP = "IREE VM bytecode options"

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
    ModuleFormat.ANNOTATED_MLIR_TEXT: "Not available.",
}

_DISPLAYS = {
    StatisticsDisplay.LIST: "Each pass once, by name.",
    StatisticsDisplay.PIPELINE: "In the order of their runs (default).",
}
_STATISTICS_FORMATS = {
    StatisticsFormat.PRETTY: "For people.",
    StatisticsFormat.VERBOSE: "The same, and the host program.",
    StatisticsFormat.CSV: "Comma separated values.",
    StatisticsFormat.JSON: "JSON.",
}
_COMPILE_MODES = {
    CompileMode.STD: "A whole program (default).",
    CompileMode.VM: "Not available.",
    CompileMode.HAL_EXECUTABLE: "One dispatch, as --iree-hal-dump-executable-sources-to writes it.",
    CompileMode.PRECOMPILE: "As --compile-to=preprocessing.",
}


def _opt_level(text: str) -> int:
    level = text.removeprefix("O")
    if level not in ("0", "1", "2", "3"):
        raise ValueError(f"'{text}' value not a valid optimization level, use O0/O1/O2/O3")
    return int(level)


def _opt_level_flag(name: str, help: str) -> Flag:
    return Flag(name, help, _PIPELINE_GROUP, "level", convert=_opt_level)


def _choice(name: str, help: str, texts: Mapping[EnumType, str], group: str, metavar: str) -> Flag:
    choices = {str(value.value): text for value, text in texts.items()}
    return Flag(name, help, group, metavar, choices, type(next(iter(texts))))


def _phase(name: str, help: str) -> Flag:
    return _choice(name, help, _PHASES, _GENERAL_GROUP, "phase")


def _backends(name: str, help: str) -> Flag:
    return Flag(name, help, HAL_GROUP, "backends", is_list=True)


def _passes(name: str, help: str) -> Flag:
    return Flag(name, help, _GENERAL_GROUP, "passes", is_list=True)


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


def _executable_dump(kind: str, help: str) -> tuple[str, Flag]:
    flag = f"iree-hal-dump-executable-{kind}-to"
    return f"dump_executable_{kind}_to", Flag(flag, help, HAL_GROUP, "folder")


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
    ("compile_mode", _choice("compile-mode", "What the input is.", _COMPILE_MODES, MAIN_GROUP, "mode")),
    ("emit_mlir_bytecode", Flag("emit-mlir-bytecode", "Writes MLIR as bytecode, not text.")),
    (
        "is_kept",
        Flag("gossamer-cache", "Takes and leaves modules on disk; see `gossamer cache`. On by default."),
    ),
    ("verify", Flag("verify", "Verifies the program throughout compilation.")),
    (
        "output_format",
        _choice("output-format", "Format of the output.", _OUTPUT_FORMATS, MAIN_GROUP, "format"),
    ),
    (
        "target_device",
        Flag(
            "iree-hal-target-device",
            "Device to compile for: local, local[1] for the second that fits, name=local. "
            "Of several, work is done on the first.",
            HAL_GROUP,
            "device",
            convert=_device,
            is_list=True,
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
        _choice(
            "iree-execution-model",
            "Who waits for device work at the module's boundary.",
            _EXECUTION_MODELS,
            _PIPELINE_GROUP,
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
        Flag("iree-opt-strip-assertions", "Drops assertions and checks of arguments.", _PIPELINE_GROUP),
    ),
    (
        "parameter_splat",
        Flag("iree-opt-splat-parameters", "Older spelling.", _PARAMETER_GROUP, "filename"),
    ),
    (
        "parameter_splat",
        Flag(
            "iree-parameter-splat",
            "Writes an .irpa file with zeros for every parameter the program loads.",
            _PARAMETER_GROUP,
            "filename",
        ),
    ),
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
            is_list=True,
        ),
    ),
    (
        "onnx_input_values",
        Flag(
            "gossamer-onnx-input-values",
            "Values of an ONNX model's inputs, which become constants: NAME=16000.",
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
        _choice(
            "iree-vm-bytecode-module-output-format",
            "How a module in VM bytecode is written.",
            _MODULE_FORMATS,
            _VM_GROUP,
            "format",
        ),
    ),
    ("polyglot_zip", Flag("iree-vm-emit-polyglot-zip", "Writes modules that are zip files too.", _VM_GROUP)),
    (
        "strip_source_map",
        Flag("iree-vm-bytecode-module-strip-source-map", "Leaves source locations out.", _VM_GROUP),
    ),
    (
        "llvmcpu_target_triple",
        Flag("iree-llvmcpu-target-triple", "Architecture of native kernels.", _LLVMCPU_GROUP, "triple"),
    ),
    (
        "llvmcpu_target_cpus",
        Flag(
            "iree-llvmcpu-target-cpu",
            "Processor of native kernels: host, generic or LLVM's name; several for kernels of each.",
            _LLVMCPU_GROUP,
            "names",
            is_list=True,
        ),
    ),
    (
        "llvmcpu_target_features",
        Flag(
            "iree-llvmcpu-target-cpu-features",
            "Features beyond the processor's, or host.",
            _LLVMCPU_GROUP,
            "features",
        ),
    ),
    (
        "reassociates_reductions",
        Flag(
            "iree-llvmcpu-reassociate-fp-reductions",
            "Lets sums of floats be made in another order, in kernels of every target. On by default.",
            _LLVMCPU_GROUP,
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
        for target, group in (("llvmcpu", _LLVMCPU_GROUP), ("vmvx", HAL_GROUP))
    ),
    (
        "llvmcpu_link_embedded",
        Flag("iree-llvmcpu-link-embedded", "Kernels are loaded by the HAL, not the system.", _LLVMCPU_GROUP),
    ),
    (
        "trace_dispatches",
        Flag(
            "iree-flow-trace-dispatch",
            "Prints tensors of @function:number, or of an executable by name, when it runs.",
            _FLOW_GROUP,
            "dispatch",
        ),
    ),
    (
        "trace_all_dispatches",
        Flag(
            "iree-flow-trace-dispatch-tensors",
            "Prints what every dispatch gets and gives when it runs.",
            _FLOW_GROUP,
        ),
    ),
    (
        "dump_dispatch_graph",
        Flag("iree-flow-dump-dispatch-graph", "Draws which dispatch takes what from which.", _FLOW_GROUP),
    ),
    (
        "dump_dispatch_graph_file",
        Flag(
            "iree-flow-dump-dispatch-graph-output-file",
            "File for the drawing; one that ends in .svg needs Graphviz.",
            _FLOW_GROUP,
            "filename",
        ),
    ),
    (
        "export_benchmarks",
        Flag(
            "iree-flow-export-benchmark-funcs",
            "Exports functions to measure by in place of the program's.",
            _FLOW_GROUP,
        ),
    ),
    _executable_dump("files", "Writes all that the other flags of its kind do."),
    _executable_dump("sources", "Writes each dispatch before its code."),
    _executable_dump("configurations", "Writes each dispatch with what was decided about its kernel."),
    _executable_dump("benchmarks", "Writes a program for each dispatch that only measures it."),
    _executable_dump("intermediates", "Writes LLVM IR, assembly and objects of native kernels."),
    _executable_dump("binaries", "Writes executables."),
    ("print_ir_before_all", Flag("mlir-print-ir-before-all", "Prints the program before each pass.")),
    ("print_ir_after_all", Flag("mlir-print-ir-after-all", "Prints the program after each pass.")),
    ("print_ir_after_change", Flag("mlir-print-ir-after-change", "Prints only where a pass changed it.")),
    ("print_ir_after_failure", Flag("mlir-print-ir-after-failure", "Prints the program if a pass fails.")),
    ("print_ir_after", _passes("mlir-print-ir-after", "Prints the program after these passes.")),
    ("print_ir_before", _passes("mlir-print-ir-before", "Prints the program before these passes.")),
    ("print_pass_statistics", Flag("mlir-pass-statistics", "Reports what each pass did, in numbers.")),
    (
        "pass_statistics_display",
        _choice(
            "mlir-pass-statistics-display",
            "How passes are listed in that report.",
            _DISPLAYS,
            _GENERAL_GROUP,
            "display",
        ),
    ),
    (
        "dump_statistics_format",
        _choice(
            "iree-scheduling-dump-statistics-format",
            "Writes numbers about the host program: memory, submissions, dispatches.",
            _STATISTICS_FORMATS,
            _PIPELINE_GROUP,
            "format",
        ),
    ),
    (
        "dump_statistics_file",
        Flag(
            "iree-scheduling-dump-statistics-file",
            "File for those numbers; '-' is stdout, none is stderr.",
            _PIPELINE_GROUP,
            "filename",
        ),
    ),
    ("timing", Flag("mlir-timing", "Reports times of phases and passes.")),
)
"""Each option field with the flag that sets it."""
