"""MLIR text and bytecode as sources."""

from __future__ import annotations

import re
from dataclasses import replace

from gossamer.compiler import mlir
from gossamer.compiler.frontend.frontend import LoadedProgram
from gossamer.compiler.frontend.mlir import (
    bytecode_dialects,
    bytecode_resources,
    syntax,
    text_literals,
    text_resources,
)
from gossamer.compiler.frontend.mlir.argument_names import keep_argument_names
from gossamer.compiler.mlir import ir
from gossamer.compiler.options import CompileOptions
from gossamer.compiler.resources import Resources, inline_small
from gossamer.compiler.source import Source
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError


class MlirBytecodeFrontend:
    """MLIR bytecode, and the portable artifacts of StableHLO."""

    name = "MLIR bytecode"

    def accepts(self, source: Source, input_type: str) -> bool:
        """By the first bytes."""
        return source.is_bytecode

    def load(self, source: Source, options: CompileOptions) -> LoadedProgram:
        """Read and verify a program. Raises: CompileError."""
        context = _make_context(source.data)
        if _PORTABLE_ARTIFACT in source.data[:64]:
            module = mlir.parse_portable_artifact(source.data, context)
            keep_argument_names(module)
            return LoadedProgram(module, options.input_type)
        bytecode_dialects.check_dialects(source.data, syntax.DIALECTS)
        resources = Resources(fills_elided=options.zero_fill_elided)
        module = mlir.parse(bytecode_resources.take_out_resources(source.data, resources), context)
        keep_argument_names(module)
        inline_small(module, resources)
        return LoadedProgram(module, options.input_type, resources)


class MlirTextFrontend:
    """MLIR text, IREE's dialects in their pretty form included. Takes every source that is bytes."""

    name = "MLIR text"

    def accepts(self, source: Source, input_type: str) -> bool:
        """All that is no Python object."""
        return source.model is None

    def load(self, source: Source, options: CompileOptions) -> LoadedProgram:
        """Parse and verify a program.

        Args:
            source: gets `positions` where its text is rewritten for MLIR's parser.
            options: of the compilation.
        Raises: CompileError, still in terms of the text that MLIR's parser saw: see `Source.explain`.
        """
        resources = Resources(fills_elided=options.zero_fill_elided)
        module = _parse_text(source, resources)
        inline_small(module, resources)
        return LoadedProgram(module, options.input_type, resources)


MLIR_BYTECODE = MlirBytecodeFrontend()
MLIR_TEXT = MlirTextFrontend()


def _parse_text(source: Source, resources: Resources) -> ir.Module:
    context = _make_context(source.data)
    data = text_resources.take_out_resources(source.data, resources)
    text = source.decode(text_literals.take_out_literals(data, resources))
    if syntax.needs_rewriting(text):
        rewritten = syntax.rewrite(text, source.name)
        source.positions = rewritten.source_position
        text = rewritten.text
    try:
        module = mlir.parse(text, context)
    except CompileError as error:
        raise CompileError([_clarified(diagnostic) for diagnostic in error.diagnostics]) from None
    keep_argument_names(module, text)
    return module


def _make_context(data: bytes) -> ir.Context:
    context = mlir.make_context()
    if any(name in data for name in _FRAMEWORK_NAMES):
        mlir.add_frameworks(context)
    return context


_PORTABLE_ARTIFACT = b"StableHLO_v"
_FRAMEWORK_NAMES = (b"stablehlo", b"StableHLO", b"chlo.", b"torch.")
_EXECUTABLES = ("flow.executable", "stream.executable", "hal.executable", "hal.executable.source")
_UNKNOWN_DIALECT = re.compile(r"Dialect `(?P<dialect>\w+)' not found for custom op '(?P<op>[\w.]+)'")


def _clarified(diagnostic: Diagnostic) -> Diagnostic:
    """MLIR's parser lists the dialects it knows; what matters is the operation that it does not."""
    match = _UNKNOWN_DIALECT.match(diagnostic.message)
    if match is None:
        return diagnostic
    if match["op"] in _EXECUTABLES:
        hint = (
            "programs are taken before their dispatches are formed, not with executables or objects of them"
        )
    elif match["dialect"] in syntax.DIALECTS:
        hint = "IREE's operations without declared syntax are accepted in generic form"
    else:
        hint = f"the dialect '{match['dialect']}' is not known; lower its operations before compiling"
    return replace(diagnostic, message=f"unknown operation '{match['op']}'", hint=hint, notes=())
