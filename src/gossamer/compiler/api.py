"""The compiler as functions: models of any kind in, the bytes of a module out."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Literal, cast

from gossamer.compiler.compiled_module import CompiledModule
from gossamer.compiler.kept_modules import compile_kept
from gossamer.compiler.options import CompileOptions, ExecutionModel
from gossamer.compiler.source import Inputs, Source

_DEFAULT_TARGET = "vmvx"
_PARAMETER_SCOPE = "model"


def compile(
    model: object,
    *,
    inputs: Inputs = None,
    name: str = "",
    target: str = "",
    weights: Literal["inline", "parameters"] = "inline",
    asynchronous: bool = False,
    options: CompileOptions | None = None,
) -> CompiledModule:
    """Compile a model in any form that a frontend takes, for its functions to be called as the model is.

    Element types are those of the model: 64 bit floats stay so, other than with `iree-compile`.

    Args:
        model: a path, of MLIR, ONNX or `.pt2` files; MLIR text; what `torch.export.export`,
            `jax.export.export` or `jax.jit(f).lower(...)` return; a dictionary of exported PyTorch programs,
            each of which becomes a function of its name; an `onnx.ModelProto`; or, with `inputs`, a
            `torch.nn.Module` or a function of JAX.
        inputs: examples of the model's arguments, in order or by name: arrays and tensors, nested as the
            model takes them, or types such as "?x64xf32", where "?" is a size that stays open. For ONNX
            types alone, by name.
        name: of the module; the model's own, or "module", unless given.
        target: what kernels are compiled for: "vmvx", which runs everywhere, or "llvm-cpu", native code for
            processors of this machine's kind. "vmvx" unless `options` say something else.
        weights: "inline" has them in the module; "parameters" beside it, in scope "model" by the names
            that the framework gives them, see `CompiledModule.parameters`.
        asynchronous: exports take fences and return at once.
        options: everything else.
    Raises: CompileError, also where no frontend takes the model; OSError when a file cannot be read.
    """
    chosen = options or replace(_default_options(asynchronous), type_conversions=frozenset())
    if name:
        chosen = replace(chosen, module_name=name)
    if target:
        chosen = replace(chosen, target_device=chosen.target_device or "local", target_backends=(target,))
    if weights == "parameters":
        chosen = replace(chosen, parameter_export=f"{_PARAMETER_SCOPE}=")
    return _compile(_source(model, inputs), chosen)


def compile_text(
    text: str, *, asynchronous: bool = False, options: CompileOptions | None = None
) -> CompiledModule:
    """Compile MLIR text.

    Args:
        text: a module, or functions at top level, which then make a module named "module".
        asynchronous: exports take fences and return at once (`--iree-execution-model=async-external`).
        options: everything else; the VMVX backend on local devices by default.
    Returns: a `.vmfb`, as `gossamer.Pipeline` and IREE's tools take it.
    Raises: CompileError with diagnostics that point into the text.
    """
    return _compile(Source.from_text(text), options or _default_options(asynchronous))


def compile_file(
    path: str | os.PathLike[str], *, asynchronous: bool = False, options: CompileOptions | None = None
) -> CompiledModule:
    """As `compile_text`, from a file of any kind that `iree-compile` takes.

    Raises: CompileError; OSError when the file cannot be read.
    """
    return _compile(Source.from_path(os.fspath(path)), options or _default_options(asynchronous))


def _compile(source: Source, options: CompileOptions) -> CompiledModule:
    # Why unchecked: options may ask for text in place of a module, which callers then expect.
    return cast("CompiledModule", compile_kept(source, options))


def _source(model: object, inputs: Inputs) -> Source:
    if isinstance(model, str) and "\n" in model:
        return Source.from_text(model)
    if isinstance(model, (str, os.PathLike)):
        source = Source.from_path(os.fspath(cast("str | os.PathLike[str]", model)))
        source.inputs = inputs
        return source
    if isinstance(model, (bytes, bytearray, memoryview)):
        return Source("<bytes>", bytes(cast("bytes | memoryview", model)))
    return Source.from_model(model, inputs)


def _default_options(asynchronous: bool) -> CompileOptions:
    return CompileOptions(
        execution_model=ExecutionModel.ASYNC_EXTERNAL if asynchronous else ExecutionModel.ASYNC_INTERNAL,
        target_device="local",
        target_backends=(_DEFAULT_TARGET,),
    )
