"""From a `torch.nn.Module` and examples of its inputs to an exported program."""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
# PyTorch is an optional extra.

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import torch
from torch.utils import _pytree as pytree

from gossamer.compiler.frontend.examples import ExampleType, bind_inputs
from gossamer.compiler.source import Source
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError

_OPEN_SIZE = 16
"""What an open size is while a module is traced: sizes of 0 and 1 would be taken for fixed."""


def export_module(model: Any, source: Source) -> Any:
    """Export a module.

    Args:
        model: a `torch.nn.Module`.
        source: whose inputs are its arguments: tensors, arrays, or types of them, whose open sizes stay open.
    Raises: CompileError where PyTorch cannot export it.
    """
    if model.training:
        source.warn("the model is in training mode, and is compiled so; model.eval() changes that")
    arguments, keywords = bind_inputs(model.forward, source.inputs)
    examples = pytree.tree_map(_example, arguments, is_leaf=_is_leaf)
    named = pytree.tree_map(_example, keywords, is_leaf=_is_leaf)
    try:
        shapes = _dynamic_shapes(model, arguments, keywords)
        return torch.export.export(model, examples, named, dynamic_shapes=shapes)
    except Exception as error:  # tracing runs the model, which may raise anything
        raise CompileError([Diagnostic(f"torch.export cannot export the model: {error}")]) from error


def _is_leaf(value: object) -> bool:
    return isinstance(value, ExampleType)


def _example(value: object) -> object:
    if isinstance(value, ExampleType):
        sizes = [_OPEN_SIZE if size is None else size for size in value.shape]
        return torch.zeros(sizes, dtype=getattr(torch, value.dtype.name))
    return torch.from_numpy(value) if isinstance(value, np.ndarray) else value


def _dynamic_shapes(
    model: Any, arguments: tuple[object, ...], keywords: dict[str, object]
) -> dict[str, Any] | None:
    """For each parameter of `forward` which sizes are open; None where none is."""
    leaves = pytree.tree_leaves((arguments, keywords), is_leaf=_is_leaf)
    if not any(isinstance(leaf, ExampleType) and None in leaf.shape for leaf in leaves):
        return None
    bound = inspect.signature(model.forward).bind(*arguments, **keywords)
    return pytree.tree_map(_open_sizes, dict(bound.arguments), is_leaf=_is_leaf)


def _open_sizes(value: object) -> object:
    if not isinstance(value, ExampleType):
        return None
    sizes = {axis: torch.export.Dim.DYNAMIC for axis, size in enumerate(value.shape) if size is None}
    return sizes or None
