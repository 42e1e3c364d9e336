"""The door to MLIR: contexts, parsing and passes, with MLIR's errors turned into `CompileError`.

In: MLIR text or bytecode. Out: `ir` objects. Every other compiler file imports `ir` from here, so that
another wheel with MLIR's Python bindings can take this one's place.

Operations are read through their generic accessors (`op.operation.name`, `.attributes["value"]`, `.operands`,
`.regions`): the wheel's Python class for each operation is never loaded.
"""

# Why: `torch_mlir.dialects` imports thousands of generated classes, 0.4 s in all, to offer accessors this
# compiler does without. The native modules below it are complete on their own.

# pyright: reportMissingModuleSource=false
# The bindings are native; their types are in typings/.

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from io import BytesIO
from typing import cast

from gossamer.compiler.asm_style import asm_text
from gossamer.compiler.pass_observer import run_pass
from gossamer.diagnostics import INPUT_NAME, Diagnostic, Severity, SourceLocation
from gossamer.errors import CompileError, CompilerMissingError, InternalError

try:
    from torch_mlir import _mlir_libs
    from torch_mlir._mlir_libs._mlir import globals as _binding_globals
    from torch_mlir._mlir_libs._mlir import ir, passmanager
except ModuleNotFoundError as error:
    raise CompilerMissingError(error) from error

__all__ = [
    "add_frameworks",
    "compile_error",
    "ir",
    "make_context",
    "parse",
    "parse_portable_artifact",
    "parse_text",
    "print_module",
    "run_own_pass",
    "run_passes",
    "run_user_passes",
    "source_location",
    "split_pipeline",
    "translate_to_llvm_ir",
    "verify_passes",
]

# Why: an operation created before its dialect is loaded silently becomes an unregistered one. These are
# loaded at once; parsing and passes load what else they meet. Loading all costs 15 ms more for each context.
_LOADED_DIALECTS = (
    *("affine", "arith", "bufferization", "cf", "complex", "func", "index", "linalg", "llvm", "math"),
    *("memref", "ml_program", "scf", "shape", "tensor", "ub", "vector"),
)  # fmt: skip


_has_framework_passes = False

_verifies: ContextVar[bool] = ContextVar("mlir verification", default=True)


def make_context() -> ir.Context:
    """Make a context that knows every dialect of the wheel and accepts operations of unknown ones."""
    _binding_globals.dialect_search_modules = []
    context = cast("ir.Context", ir._Context())  # pyright: ignore[reportPrivateUsage]  # loads no dialect
    context.append_dialect_registry(_mlir_libs.get_dialect_registry())
    context.allow_unregistered_dialects = True
    for name in _LOADED_DIALECTS:
        context.dialects[name]
    return context


def add_frameworks(context: ir.Context) -> None:
    """Make the StableHLO, CHLO and Torch dialects, and the passes on them, known to a context."""
    # Why: registration takes a hundredth of a second, which programs without these dialects need not pay.
    from torch_mlir._mlir_libs import _stablehlo, _torchMlir

    global _has_framework_passes
    if not _has_framework_passes:
        _stablehlo.register_stablehlo_passes()
        _has_framework_passes = True
    with context:
        _stablehlo.register_dialect(context)
        _torchMlir.register_dialect(context)
        # Why: CHLO cannot be registered by itself; a pass that depends on it loads it.
        run_passes(ir.Module.parse("module {}"), "func.func(convert-torch-to-stablehlo)")


def parse_portable_artifact(data: bytes, context: ir.Context) -> ir.Module:
    """Read a StableHLO portable artifact, as JAX and PyTorch/XLA write them.

    Args:
        context: with StableHLO added.
    Raises: CompileError when it is broken, or newer than the wheel.
    """
    from torch_mlir._mlir_libs import _stablehlo

    try:
        return _stablehlo.deserialize_portable_artifact(context, data)
    except ir.MLIRError as error:
        failure = compile_error(error)
    except ValueError as error:
        failure = CompileError([Diagnostic(f"portable artifact cannot be read: {error}")])
    raise failure


def parse(data: str | bytes, context: ir.Context) -> ir.Module:
    """Parse MLIR text, or bytecode in bytes, and verify it.

    Raises: CompileError with one diagnostic for each of MLIR's; they name the file "-".
    """
    try:
        return ir.Module.parse(data, context=context)
    except ir.MLIRError as error:
        failure = compile_error(error)
    raise failure


def parse_text(text: str, filename: str = INPUT_NAME, *, context: ir.Context | None = None) -> ir.Module:
    """Parse MLIR text into a context of its own, and verify it.

    Args:
        filename: name to report instead of MLIR's own "-".
        context: where the module lives; a new one when None.
    Raises: CompileError with one diagnostic for each of MLIR's, source lines included.
    """
    try:
        return parse(text, context or make_context())
    except CompileError as error:
        lines = text.split("\n")
        named = [_name_source(diagnostic, filename, lines) for diagnostic in error.diagnostics]
    raise CompileError(named)


def run_passes(module: ir.Module, pipeline: str, *, phase: str = "") -> None:
    """Run a pass pipeline on a module, verifying after each pass unless told otherwise.

    Args:
        module: changed in place; in an unspecified state after an error.
        pipeline: passes anchored on `builtin.module`, comma separated: "canonicalize,func.func(cse)".
        phase: name of the compiler phase, for messages.
    Raises: CompileError naming phase and pass; InternalError when the pipeline text itself is wrong.
    """
    with module.context:
        for text in split_pipeline(pipeline):
            try:
                manager = passmanager.PassManager.parse(f"builtin.module({_sound(text)})")
            except ValueError as error:
                raise InternalError(f"pass pipeline of phase {phase!r} is malformed: {error}") from None
            manager.enable_verifier(_verifies.get())
            _run_pass(module, text, lambda manager=manager: manager.run(module.operation), phase)


def run_own_pass(module: ir.Module, name: str, transform: Callable[[ir.Module], None]) -> None:
    """Run a pass that is written in Python, under a name by which it is printed and timed as MLIR's are.

    Args:
        module: changed in place; not verified after.
        name: in words with hyphens, as MLIR names passes.
        transform: the pass; raises CompileError where it fails.
    """
    _run_pass(module, name, lambda: transform(module))


# Why: it gives a loop's tensor the size that its initial value has, though the loop may make it grow. The
# name is the C++ compiler's spelling of a class.
_CANONICALIZE = "canonicalize{disable-patterns={{anonymous}::ForOpTensorCastFolder}}"
_UNSOUND = re.compile(r"(?<![\w-])(?P<name>canonicalize|inline)(?![\w{-])")
_SOUND = {"canonicalize": _CANONICALIZE, "inline": f"inline{{default-pipeline={_CANONICALIZE}}}"}


def _sound(pipeline: str) -> str:
    """The same passes without the patterns of upstream that change what programs compute."""
    return _UNSOUND.sub(lambda match: _SOUND[match["name"]], pipeline)


def run_user_passes(module: ir.Module, pipeline: str, *, phase: str) -> None:
    """Run a pipeline that a user wrote, with or without `builtin.module(...)` around it.

    Raises: CompileError when the text is wrong or a pass fails.
    """
    text = pipeline.strip()
    if text.startswith("builtin.module(") and text.endswith(")"):
        text = text.removeprefix("builtin.module(")[:-1]
    try:
        run_passes(module, text, phase=phase)
    except InternalError as error:
        reason = str(error.__context__).split("error: ")[-1].split("\n")[0]
        raise CompileError([Diagnostic(f"in pass pipeline '{pipeline}': {reason}")]) from None


def print_module(module: ir.Module, *, is_bytecode: bool = False) -> bytes:
    """Text of a module, or its bytecode."""
    if not is_bytecode:
        return f"{asm_text(module.operation.get_asm)}\n".encode()
    output = BytesIO()
    module.operation.write_bytecode(output)
    return output.getvalue()


def translate_to_llvm_ir(module: ir.Module) -> str:
    """Text of LLVM IR of a module in MLIR's LLVM dialect.

    Why no errors: the translation ends the process where it meets an operation of another dialect.
    """
    # Why here: few programs are compiled to LLVM IR.
    from torch_mlir._mlir_libs import _mlirDialectsLLVM, _mlirRegisterEverything

    _mlirRegisterEverything.register_llvm_translations(module.context)
    return _mlirDialectsLLVM.translate_module_to_llvmir(module.operation)


def _run_pass(module: ir.Module, text: str, run: Callable[[], None], phase: str = "") -> None:
    def run_it() -> None:
        try:
            run()
        except ir.MLIRError as error:
            failure = compile_error(error, *([f"phase {phase}"] if phase else []), f"pass {text}")
        else:
            return
        raise failure

    def show_failed() -> str:
        # The generic form is safe to print whatever the pass left behind.
        return module.operation.get_asm(print_generic_op_form=True)

    run_pass(text, run_it, lambda: asm_text(module.operation.get_asm), show_failed)


@contextmanager
def verify_passes(is_wanted: bool) -> Generator[None]:
    """Verify after each pass run inside the `with` block, or not."""
    token = _verifies.set(is_wanted)
    try:
        yield
    finally:
        _verifies.reset(token)


def split_pipeline(pipeline: str) -> list[str]:
    """Split pipeline text at its outermost commas, so that a failing pass can be named."""
    passes: list[str] = []
    depth = start = 0
    for index, char in enumerate(pipeline):
        if char in "({[":
            depth += 1
        elif char in ")}]":
            depth -= 1
        elif char == "," and depth == 0:
            passes.append(pipeline[start:index].strip())
            start = index + 1
    passes.append(pipeline[start:].strip())
    return [text for text in passes if text]


def source_location(location: ir.Location) -> SourceLocation | None:
    """Innermost file, line and column of an MLIR location, or None when it has none."""
    location = _specific(location)
    if isinstance(location, ir.FileLineColLoc):
        return SourceLocation(location.filename, location.start_line, location.start_col)
    if isinstance(location, ir.NameLoc):
        return source_location(location.child_loc)
    if isinstance(location, ir.CallSiteLoc):
        return source_location(location.callee)
    if isinstance(location, ir.FusedLoc):
        return next(filter(None, map(source_location, location.locations)), None)
    return None


def location_names(location: ir.Location) -> tuple[str, ...]:
    """The name, in quotes, that a model's importer has given a location; nothing where it has none."""
    location = _specific(location)
    if isinstance(location, ir.NameLoc) and location.name_str:
        return (f"'{location.name_str}'",)
    if isinstance(location, ir.FusedLoc):
        return next((names for names in map(location_names, location.locations) if names), ())
    return ()


def compile_error(error: ir.MLIRError, *context_lines: str) -> CompileError:
    """Convert an error of the bindings; file names stay MLIR's, notes that print IR are dropped."""
    infos = [info for info in error.error_diagnostics if info.severity == ir.DiagnosticSeverity.ERROR]
    diagnostics = [
        Diagnostic(
            message=info.message,
            location=source_location(info.location),
            context=(*location_names(info.location), *context_lines),
            notes=tuple(
                Diagnostic(note.message, source_location(note.location), Severity.NOTE)
                for note in info.notes
                if not note.message.startswith("see current operation")
            ),
        )
        for info in infos
    ]
    if not diagnostics:
        diagnostics = [Diagnostic(str(error).strip() or "MLIR gave no reason", context=context_lines)]
    return CompileError(diagnostics)


def _specific(location: ir.Location) -> ir.Location:
    # Why: diagnostics bear plain `Location` objects; only a cast tells their kind.
    for kind in (ir.FileLineColLoc, ir.NameLoc, ir.CallSiteLoc, ir.FusedLoc):
        try:
            return kind(location)
        except ValueError:
            continue
    return location


def _name_source(diagnostic: Diagnostic, filename: str, lines: list[str]) -> Diagnostic:
    location = diagnostic.location
    if location is None or location.file != INPUT_NAME:
        return diagnostic
    line = lines[location.line - 1] if 0 < location.line <= len(lines) else ""
    return replace(
        diagnostic,
        location=SourceLocation(filename, location.line, location.column),
        source_line=line,
    )
