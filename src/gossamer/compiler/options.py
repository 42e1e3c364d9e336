"""Options of one compilation: what every phase may ask about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum


class Phase(Enum):
    """Compilation phases in order; values are spelled as `--compile-to=` takes them."""

    START = "start"
    INPUT = "input"
    ABI = "abi"
    PREPROCESSING = "preprocessing"
    GLOBAL_OPTIMIZATION = "global-optimization"
    DISPATCH_CREATION = "dispatch-creation"
    FLOW = "flow"
    STREAM = "stream"
    EXECUTABLE_SOURCES = "executable-sources"
    EXECUTABLE_CONFIGURATIONS = "executable-configurations"
    EXECUTABLE_TARGETS = "executable-targets"
    HAL = "hal"
    VM = "vm"
    END = "end"


class ExecutionModel(Enum):
    """Who waits for device work at the boundary of a module.

    ASYNC_INTERNAL exports functions that return when their results are ready; ASYNC_EXTERNAL exports
    functions that take a wait fence and a signal fence and return at once.
    """

    HOST_ONLY = "host-only"
    ASYNC_INTERNAL = "async-internal"
    ASYNC_EXTERNAL = "async-external"
    INLINE_STATIC = "inline-static"
    INLINE_DYNAMIC = "inline-dynamic"


class CompileMode(Enum):
    """What is compiled into what; values are spelled as `--compile-mode=` takes them.

    HAL_EXECUTABLE makes an executable of one dispatch; PRECOMPILE a program that compiling resumes from.
    """

    STD = "std"
    VM = "vm"
    HAL_EXECUTABLE = "hal-executable"
    PRECOMPILE = "precompile"


class OutputFormat(Enum):
    """What the compiler writes at the end."""

    VM_BYTECODE = "vm-bytecode"
    VM_C = "vm-c"
    VM_ASM = "vm-asm"


class ModuleFormat(Enum):
    """How a module in VM bytecode is written; spelled as its flag takes it."""

    FLATBUFFER_BINARY = "flatbuffer-binary"
    FLATBUFFER_TEXT = "flatbuffer-text"
    MLIR_TEXT = "mlir-text"
    ANNOTATED_MLIR_TEXT = "annotated-mlir-text"


class StatisticsFormat(Enum):
    """How numbers about the host program are written; VERBOSE shows the program, too."""

    PRETTY = "pretty"
    VERBOSE = "verbose"
    CSV = "csv"
    JSON = "json"


class StatisticsDisplay(Enum):
    """How passes are listed: each once, or in the order of their runs."""

    LIST = "list"
    PIPELINE = "pipeline"


class TypeConversion(Enum):
    """Changes of element type made to a whole program on input; values end the flag's name."""

    DEMOTE_I64_TO_I32 = "demote-i64-to-i32"
    DEMOTE_F64_TO_F32 = "demote-f64-to-f32"
    DEMOTE_F32_TO_F16 = "demote-f32-to-f16"
    PROMOTE_F16_TO_F32 = "promote-f16-to-f32"
    PROMOTE_BF16_TO_F32 = "promote-bf16-to-f32"


@dataclass(frozen=True, slots=True)
class CompileOptions:
    """Options of one compilation.

    Attributes:
        target_device: as in `--iree-hal-target-device=`; "" means none was given.
        device_names: names of the devices that the options name.
        default_device: which of several devices does all work: its name, or its number; "" is the first.
        device_ordinal: which of the devices that fit the program runs on; None is the first.
        target_backends: backends that kernels are compiled for.
        compile_mode: what the input is, and what becomes of it.
        module_name: of the module, in place of the source's own, or "".
        compile_from: last phase the input has been through already.
        compile_to: last phase to run.
        dump_phases_to: folder that gets the program after each phase, or "".
        input_type: "auto", "none", or the dialect the input is written in.
        type_conversions: changes of element type on input. IREE narrows f64 unless told otherwise.
        onnx_input_shapes: of inputs of an ONNX model, as "NAME=1x3x?".
        onnx_input_values: of inputs of an ONNX model that become constants, as "NAME=16000".
        zero_fill_elided: take zeros for constants that were left out when the program was printed.
        preprocessing_passes: an MLIR pass pipeline to run before optimisation, or "".
        opt_level: 0 to 3; from 1 on the program's own assertions are dropped.
        global_opt_level: counts in place of `opt_level` unless it is None.
        strip_assertions: drop checks that only catch faults of the caller or the program; None goes by the
            level, and keeps those of the caller.
        parameter_import: archives whose values parameters get, as `scope=path`.
        parameter_import_keys: of parameters that get them.
        parameter_import_maximum_size: bytes up to which others get them, too.
        parameter_export: archive that the program's weights go to, as `scope=path`, or ""; with an empty path
            they stay in memory, see `CompiledModule.parameters`.
        parameter_export_minimum_size: bytes from which on they do.
        parameter_splat: `.irpa` file to write with zeros for every parameter the program loads, or "".
        polyglot_zip: write the module as a zip archive as well.
        module_format: how a module in VM bytecode is written.
        emit_mlir_bytecode: write bytecode, not text, where `compile_to` stops at MLIR.
        strip_source_map: leave source locations out of the module.
        is_kept: take the module from what earlier compiles left on disk, and leave it there.
        verify: verify the program after each pass.
        trace_dispatches: dispatches whose tensors are printed when they run: one or those of one name, as
            `--iree-flow-trace-dispatch=` has it.
        trace_all_dispatches: the same for every dispatch.
        dump_executable_sources_to, dump_executable_configurations_to, dump_executable_benchmarks_to,
            dump_executable_intermediates_to, dump_executable_binaries_to: folders that get files of one kind
            about executables, see `executable_dumps`, or "".
        dump_executable_files_to: folder for those kinds that have none of their own, or "".
        dump_dispatch_graph: draw which dispatch takes what from which.
        dump_dispatch_graph_file: file the drawing goes to.
        export_benchmarks: export functions without arguments, to measure by, in place of the program's.
        print_ir_before_all, print_ir_after_all, print_ir_after_change, print_ir_after_failure: print to
            stderr around passes.
        print_ir_after, print_ir_before: names of passes to print around.
        print_ir_tree_dir: folder that gets a file for each of these prints, or "": they go to stderr.
        asm_debug_info, asm_pretty_debug_info, asm_generic, asm_local_scope, asm_name_locations,
            asm_assume_verified, asm_skip_regions: how MLIR's text is written, see `asm_style`.
        asm_elements_limit, asm_resource_limit: larger constants are left out of MLIR's text.
        print_pass_statistics: report what each pass did on stderr.
        pass_statistics_display: how.
        dump_statistics_format: write numbers about the host program.
        dump_statistics_file: where to: a file, "-" for stdout, "" for stderr.
        timing: report the time of phases and passes on stderr.
        llvmcpu_target_triple: architecture of native kernels, and a system that is not looked at; "" is this
            machine's.
        llvmcpu_target_cpus: processors of native kernels, as LLVM spells them, "generic" or "host"; of
            several, a device gets the kernels for the most capable that it has. None is "generic".
        llvmcpu_target_features: "+avx2,-fma" and so on, or "host".
        llvm_options: flags of LLVM's own, which native kernels are compiled with: "--name=value".
        reassociates_reductions: sums and products of floats may be made in another order.
        skips_roundings: sums of floats of 16 and 8 bits are rounded at their end, not after each step.
        llvmcpu_link_embedded: kernels are loaded by the HAL itself, not by the system.
    """

    execution_model: ExecutionModel = ExecutionModel.ASYNC_INTERNAL
    target_device: str = ""
    device_names: tuple[str, ...] = ()
    default_device: str = ""
    device_ordinal: int | None = None
    target_backends: tuple[str, ...] = ()
    compile_mode: CompileMode = CompileMode.STD
    module_name: str = ""
    compile_from: Phase = Phase.START
    compile_to: Phase = Phase.END
    output_format: OutputFormat = OutputFormat.VM_BYTECODE
    module_format: ModuleFormat = ModuleFormat.FLATBUFFER_BINARY
    dump_phases_to: str = ""
    input_type: str = "auto"
    type_conversions: frozenset[TypeConversion] = field(
        default_factory=lambda: frozenset({TypeConversion.DEMOTE_F64_TO_F32})
    )
    onnx_input_shapes: tuple[str, ...] = ()
    onnx_input_values: tuple[str, ...] = ()
    zero_fill_elided: bool = False
    preprocessing_passes: str = ""
    opt_level: int = 0
    global_opt_level: int | None = None
    strip_assertions: bool | None = None
    parameter_import: tuple[str, ...] = ()
    parameter_import_keys: tuple[str, ...] = ()
    parameter_import_maximum_size: int = 0
    parameter_export: str = ""
    parameter_export_minimum_size: int = 0
    parameter_splat: str = ""
    polyglot_zip: bool = True
    emit_mlir_bytecode: bool = False
    strip_source_map: bool = False
    trace_dispatches: str = ""
    trace_all_dispatches: bool = False
    is_kept: bool = True
    verify: bool = True
    dump_executable_files_to: str = ""
    dump_executable_sources_to: str = ""
    dump_executable_configurations_to: str = ""
    dump_executable_benchmarks_to: str = ""
    dump_executable_intermediates_to: str = ""
    dump_executable_binaries_to: str = ""
    dump_dispatch_graph: bool = False
    dump_dispatch_graph_file: str = "dispatch.dot"
    export_benchmarks: bool = False
    print_ir_before_all: bool = False
    print_ir_after_all: bool = False
    print_ir_after_change: bool = False
    print_ir_after_failure: bool = False
    print_ir_after: tuple[str, ...] = ()
    print_ir_before: tuple[str, ...] = ()
    print_ir_tree_dir: str = ""
    asm_debug_info: bool = False
    asm_pretty_debug_info: bool = False
    asm_generic: bool = False
    asm_local_scope: bool = False
    asm_name_locations: bool = False
    asm_assume_verified: bool = False
    asm_skip_regions: bool = False
    asm_elements_limit: int | None = None
    asm_resource_limit: int | None = None
    print_pass_statistics: bool = False
    pass_statistics_display: StatisticsDisplay = StatisticsDisplay.PIPELINE
    dump_statistics_format: StatisticsFormat | None = None
    dump_statistics_file: str = ""
    timing: bool = False
    llvmcpu_target_triple: str = ""
    llvmcpu_target_cpus: tuple[str, ...] = ()
    llvmcpu_target_features: str = ""
    llvm_options: tuple[str, ...] = ()
    reassociates_reductions: bool = True
    skips_roundings: bool = True
    llvmcpu_link_embedded: bool = True

    def choose_device(self, names: Sequence[str]) -> int | None:
        """Number of the device among these that does all work; None where there is no such one."""
        if not self.default_device:
            return 0
        if self.default_device in names:
            return names.index(self.default_device)
        is_number = self.default_device.isdecimal() and int(self.default_device) < len(names)
        return int(self.default_device) if is_number else None

    @property
    def exports_fences(self) -> bool:
        """True where exported functions take fences."""
        return self.execution_model is ExecutionModel.ASYNC_EXTERNAL

    @property
    def drops_assertions(self) -> bool:
        """True where assertions that the program itself makes are left out."""
        if self.strip_assertions is not None:
            return self.strip_assertions
        level = self.opt_level if self.global_opt_level is None else self.global_opt_level
        return level >= 1

    @property
    def last_phase(self) -> Phase:
        """The last phase to run."""
        is_shortened = self.compile_mode is CompileMode.PRECOMPILE and self.compile_to is Phase.END
        return Phase.PREPROCESSING if is_shortened else self.compile_to

    @property
    def writes_text(self) -> bool:
        """True where the output is for people to read, not a module."""
        return self.last_phase is not Phase.END or self.writes_functions or self.writes_tables

    @property
    def writes_functions(self) -> bool:
        """True where the finished module is written as text of its functions."""
        return self.output_format is OutputFormat.VM_ASM or self.module_format in (
            ModuleFormat.MLIR_TEXT,
            ModuleFormat.ANNOTATED_MLIR_TEXT,
        )

    @property
    def writes_tables(self) -> bool:
        """True where the finished module is written as text of its tables."""
        return not self.writes_functions and self.module_format is ModuleFormat.FLATBUFFER_TEXT
