"""The compiler as functions: MLIR text or files in, the bytes of a module out."""

from __future__ import annotations

import os
from typing import cast

from gossamer.compiler.kept_modules import compile_kept
from gossamer.compiler.options import CompileOptions, ExecutionModel
from gossamer.compiler.source import Source


def compile(model: object, *, asynchronous: bool = False, options: CompileOptions | None = None) -> bytes:
    """Compile a model in any form that a frontend takes.

    Args:
        model: a path; or an object, such as what `torch.export.export` returns.
        asynchronous: exports take fences and return at once.
        options: everything else; the VMVX backend on local devices by default.
    Returns: a `.vmfb`.
    Raises: CompileError, also where no frontend takes the model; OSError when a file cannot be read.
    """
    if isinstance(model, (str, os.PathLike)):
        path = cast("str | os.PathLike[str]", model)
        return compile_file(path, asynchronous=asynchronous, options=options)
    return compile_kept(Source.from_model(model), options or _default_options(asynchronous))


def compile_text(text: str, *, asynchronous: bool = False, options: CompileOptions | None = None) -> bytes:
    """Compile MLIR text.

    Args:
        text: a module, or functions at top level, which then make a module named "module".
        asynchronous: exports take fences and return at once (`--iree-execution-model=async-external`).
        options: everything else; the VMVX backend on local devices by default.
    Returns: a `.vmfb`, as `gossamer.Pipeline` and IREE's tools take it.
    Raises: CompileError with diagnostics that point into the text.
    """
    return compile_kept(Source.from_text(text), options or _default_options(asynchronous))


def compile_file(
    path: str | os.PathLike[str], *, asynchronous: bool = False, options: CompileOptions | None = None
) -> bytes:
    """As `compile_text`, from a file of MLIR text or bytecode.

    Raises: CompileError; OSError when the file cannot be read.
    """
    return compile_kept(Source.from_path(os.fspath(path)), options or _default_options(asynchronous))


def _default_options(asynchronous: bool) -> CompileOptions:
    return CompileOptions(
        execution_model=ExecutionModel.ASYNC_EXTERNAL if asynchronous else ExecutionModel.ASYNC_INTERNAL,
        target_device="local",
        target_backends=("vmvx",),
    )
