"""The frontends there are, and which of them a source is for."""

from __future__ import annotations

from gossamer.compiler.frontend.frontend import Frontend, LoadedProgram
from gossamer.compiler.frontend.jax.frontend import JAX
from gossamer.compiler.frontend.mlir.frontend import MLIR_BYTECODE, MLIR_TEXT
from gossamer.compiler.frontend.onnx.frontend import ONNX
from gossamer.compiler.frontend.torch.frontend import TORCH
from gossamer.compiler.options import CompileOptions
from gossamer.compiler.source import Source
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError

_OWN: list[Frontend] = [TORCH, ONNX, JAX, MLIR_BYTECODE, MLIR_TEXT]
_frontends = list(_OWN)


def register_frontend(frontend: Frontend) -> None:
    """Add a frontend; it is asked before those that are there."""
    _frontends.insert(0, frontend)


def unregister_frontend(frontend: Frontend) -> None:
    """Take a frontend away again. Raises: ValueError unless it is registered."""
    _frontends.remove(frontend)


def is_extended() -> bool:
    """Whether there are other frontends than the compiler's own."""
    return _frontends != _OWN


def find_frontend(source: Source, input_type: str) -> Frontend:
    """The frontend for a source.

    Args:
        input_type: value of `--iree-input-type=`.
    Raises: CompileError where none accepts it.
    """
    for frontend in _frontends:
        if frontend.accepts(source, input_type):
            return frontend
    kind = f"a {type(source.model).__qualname__}" if source.model is not None else "this file"
    known = ", ".join(frontend.name for frontend in _frontends)
    raise CompileError([Diagnostic(f"{kind} cannot be compiled: no frontend takes it (there are {known})")])


def load(source: Source, options: CompileOptions) -> LoadedProgram:
    """Load a source through the frontend that accepts it.

    Raises: CompileError, which `Source.explain` may still have to put in terms of the source.
    """
    return find_frontend(source, options.input_type).load(source, options)
