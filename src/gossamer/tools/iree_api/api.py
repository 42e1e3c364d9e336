"""`iree.compiler.api`: compiles in steps, in a context of MLIR that a program can look into.

session = Session()                      flags, and a context of MLIR
source = Source.wrap_buffer(session, text)
invocation = session.invocation()        a program on its way
invocation.parse_source(source)
invocation.execute()
invocation.output_vm_bytecode(output)    Output.open_file(path) or open_membuffer()
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from enum import IntEnum
from io import BytesIO
from typing import Any

from gossamer.compiler import mlir
from gossamer.compiler.frontend import load
from gossamer.compiler.mlir import ir
from gossamer.compiler.options import CompileMode, CompileOptions, ModuleFormat
from gossamer.compiler.pipeline import compile_source
from gossamer.compiler.resources import write_out
from gossamer.compiler.source import Source as ProgramSource
from gossamer.errors import CompileError
from gossamer.tools.command import printing_warnings
from gossamer.tools.compile_flags.parser import FlagError
from gossamer.tools.iree_api.flags import listed_flags, options_of_flags
from gossamer.tools.iree_api.output import Output

__all__ = ["Invocation", "Output", "PipelineType", "Session", "Source", "initialize_global_flags"]

_global_flags: list[str] = []


def initialize_global_flags(*flags: str) -> None:
    """Set flags that sessions begin with. Raises: ValueError for one that there is not."""
    _check_flags(flags)
    _global_flags.extend(flags)


def _check_flags(flags: Sequence[str]) -> None:
    try:
        options_of_flags(flags)
    except FlagError as error:
        raise ValueError(str(error)) from None


class Session:
    """Flags and a context of MLIR that invocations share."""

    def __init__(self) -> None:
        self._flags: list[str] = []
        self._context: ir.Context | None = None

    def close(self) -> None:
        """Let go of the context."""
        self._context = None

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def context(self) -> ir.Context:
        """The context that modules of this session are in."""
        if self._context is None:
            self._context = mlir.make_context()
            mlir.add_frameworks(self._context)
        return self._context

    @property
    def options(self) -> CompileOptions:
        """What the flags ask for."""
        return options_of_flags([*_global_flags, *self._flags])

    def invocation(self) -> Invocation:
        """Begin with a program."""
        return Invocation(self)

    def get_flags(self, non_default_only: bool = False) -> list[str]:
        """Flags of this session, "--name=value"."""
        return listed_flags(self._flags, non_default_only=non_default_only)

    def set_flags(self, *flags: str) -> None:
        """Set flags. Raises: ValueError for one that there is not, or that asks for what is not here."""
        _check_flags(flags)
        self._flags.extend(flags)


class Source:
    """A program before it is parsed."""

    def __init__(self, session: Session, program: ProgramSource) -> None:
        self.session = session
        self.program = program

    @staticmethod
    def open_file(session: Session, file_path: str | os.PathLike[str]) -> Source:
        """A file. Raises: ValueError where it cannot be read."""
        try:
            return Source(session, ProgramSource.from_path(os.fspath(file_path)))
        except OSError as error:
            raise ValueError(f"cannot open '{os.fspath(file_path)}': {error.strerror}") from None

    @staticmethod
    def wrap_buffer(session: Session, buffer: Any, *, buffer_name: str = "source") -> Source:
        """MLIR text or bytecode in memory; text may end in a null character.

        Raises: ValueError for memory that is not contiguous.
        """
        view = memoryview(buffer)
        if not view.c_contiguous:
            raise ValueError("Buffer must be c_contiguous")
        program = ProgramSource(buffer_name, bytes(view))
        if not program.is_bytecode:
            program.data = program.data.removesuffix(b"\0")
        return Source(session, program)

    def close(self) -> None:
        """Nothing is held that has to be given back."""

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Source {self.program.name}>"


class PipelineType(IntEnum):
    """What `Invocation.execute` does."""

    IREE_COMPILER_PIPELINE_STD = 0
    IREE_COMPILER_PIPELINE_HAL_EXECUTABLE = 1
    IREE_COMPILER_PIPELINE_PRECOMPILE = 2


_MODES = {
    PipelineType.IREE_COMPILER_PIPELINE_STD: CompileMode.STD,
    PipelineType.IREE_COMPILER_PIPELINE_HAL_EXECUTABLE: CompileMode.HAL_EXECUTABLE,
    PipelineType.IREE_COMPILER_PIPELINE_PRECOMPILE: CompileMode.PRECOMPILE,
}


class Invocation:
    """A program on its way through the compiler."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._module: ir.Module | None = None
        self._untouched: ProgramSource | None = None
        self._result = b""
        self._executed: tuple[ProgramSource, CompileOptions] | None = None
        self._says_errors = False

    def close(self) -> None:
        """Let go of the program."""
        self._module = None

    def __enter__(self) -> Invocation:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def enable_console_diagnostics(self) -> None:
        """Have what is wrong with a program said on stderr."""
        self._says_errors = True

    def parse_source(self, source: Source) -> bool:
        """Parse a program. Returns: whether that worked."""
        program = source.program
        try:
            with program.explains():
                loaded = load(program, self.session.options)
                write_out(loaded.module, loaded.resources)
                data = mlir.print_module(loaded.module, is_bytecode=True)
                self._module = mlir.parse(data, self.session.context)
        except CompileError as error:
            return self._fail(error)
        self._untouched = program
        return True

    def import_module(self, module_op: Any) -> None:
        """Take a copy of a module of the session's context. Raises: RuntimeError for one of another."""
        if module_op.context != self.session.context:
            raise RuntimeError("Failed to import module into Invocation")
        data = BytesIO()
        module_op.write_bytecode(data)
        self._module = mlir.parse(data.getvalue(), self.session.context)
        self._untouched = None

    def export_module(self) -> ir.Operation:
        """The program, to be changed before it is executed. Raises: RuntimeError where there is none."""
        self._untouched = None
        return self._present().operation

    def execute(self, pipeline: PipelineType = PipelineType.IREE_COMPILER_PIPELINE_STD) -> bool:
        """Compile the program. Returns: whether that worked."""
        program = self._untouched or ProgramSource("module", self._bytecode())
        options = replace(self.session.options, compile_mode=_MODES[PipelineType(pipeline)])
        try:
            self._result = _compile(program, options)
        except CompileError as error:
            return self._fail(error)
        self._executed = program, options
        return True

    def execute_text_pass_pipeline(self, text_pipeline_spec: str) -> bool:
        """Run passes of MLIR. Returns: whether that worked."""
        self._untouched = None
        try:
            mlir.run_user_passes(self._present(), text_pipeline_spec, phase="invocation")
        except CompileError as error:
            return self._fail(error)
        return True

    def output_ir(self, output: Output) -> None:
        """Write the program as text, as it is now."""
        if self._executed is None:
            output.write(mlir.print_module(self._present()))
            return
        program, options = self._executed
        if options.writes_text or options.compile_mode is not CompileMode.STD:
            output.write(self._result)
        else:
            output.write(_compile(program, replace(options, module_format=ModuleFormat.MLIR_TEXT)))

    def output_ir_bytecode(self, output: Output, bytecode_version: int = -1) -> None:
        """Write the program as bytecode of MLIR's present version."""
        output.write(self._bytecode())

    def output_vm_bytecode(self, output: Output) -> None:
        """Write the module. Raises: ValueError before `execute`."""
        if not self._result:
            raise ValueError("the program is not compiled: call execute() first")
        output.write(self._result)

    def _present(self) -> ir.Module:
        if self._module is None:
            raise RuntimeError("Module is not available to export")
        return self._module

    def _bytecode(self) -> bytes:
        return mlir.print_module(self._present(), is_bytecode=True)

    def _fail(self, error: CompileError) -> bool:
        if self._says_errors:
            print(error, file=sys.stderr)
        return False


def _compile(program: ProgramSource, options: CompileOptions) -> bytes:
    with printing_warnings(sys.stderr):
        return compile_source(program, options)
