"""The backend of `torch.compile(model, backend="gossamer")`: graphs that PyTorch captures become modules.

    torch.compile ──► graph of ATen operations, weights as arguments ──► a module for llvm-cpu ──► a pipeline
                      one for each break of the graph, and for each direction where gradients are asked for

PyTorch finds it by the entry point `torch_dynamo_backends`. Tensors are given to the module in place: PyTorch
aligns them as kernels need.
"""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportMissingTypeStubs=false
# PyTorch is an optional extra, and the importer of the MLIR wheel has no types.

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch._dynamo.backends.common import aot_autograd

from gossamer.compiler.api import compile
from gossamer.compiler.frontend.torch.decompositions import decompositions
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.hal.memory.dlpack import from_dlpack
from gossamer.runtime.pipeline import Pipeline

_TARGET = "llvm-cpu"


def backend(graph: Any, example_inputs: Sequence[Any], *, options: Mapping[str, Any] | None = None) -> Any:
    """Compile a graph that PyTorch captured.

    Args:
        graph: a `torch.fx.GraphModule`.
        example_inputs: tensors, and numbers for sizes that stay open.
        options: of `torch.compile`; "target" is what kernels are compiled for, "llvm-cpu" unless given.
    Returns: what computes the same.
    Raises: CompileError where the graph has an operation that cannot be compiled.
    """
    target = str((options or {}).get("target", _TARGET))

    def compile_graph(graph: Any, inputs: Sequence[Any]) -> Callable[..., list[Any]]:
        return _compiled(graph, target)

    captured: Any = aot_autograd(
        fw_compiler=compile_graph, bw_compiler=compile_graph, decompositions=decompositions()
    )
    return captured(graph, example_inputs)


def _compiled(graph: Any, target: str) -> Callable[..., list[Any]]:
    (output,) = (node for node in graph.graph.nodes if node.op == "output")
    results = list(output.args[0])
    computed = [index for index, result in enumerate(results) if isinstance(result, torch.fx.Node)]
    if not computed:
        return lambda *_: results
    # Why: what the graph gives back beside tensors has no type in MLIR.
    output.args = (tuple(results[index] for index in computed),)
    run = Pipeline([compile(graph, target=target)])["main"].function.callable

    def call(*arguments: Any) -> list[Any]:
        returned = run(*map(_given, arguments))
        values = returned if isinstance(returned, tuple) else (returned,)
        found = list(results)
        for index, value in zip(computed, values, strict=True):
            found[index] = torch.from_dlpack(value) if isinstance(value, BufferView) else value
        return found

    return call


def _given(argument: Any) -> Any:
    """What the VM takes for an argument: a view of a tensor's memory, or a number."""
    return from_dlpack(argument.detach().contiguous()) if isinstance(argument, torch.Tensor) else argument
