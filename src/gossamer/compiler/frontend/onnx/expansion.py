"""Writes operators that the importer's lowerings do not know as the functions that ONNX defines them by.

Such an operator becomes a call of a function of the model, which ONNX's inliner then writes out: the inliner
alone knows neither defaults of attributes nor operators whose optional arguments are left out.
"""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportMissingTypeStubs=false
# ONNX is an optional extra.

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onnx import FunctionProto, TypeProto, defs, helper, inliner

from gossamer.compiler.frontend.onnx.detached import inner_graphs

_EXPANDED = frozenset(
    {
        "AffineGrid",
        "Attention",
        "CausalConvWithState",
        "FlexAttention",
        "LinearAttention",
        "NegativeLogLikelihoodLoss",
        "RMSNormalization",
        "RotaryEmbedding",
        "SoftmaxCrossEntropyLoss",
        "SwiGLU",
        "Swish",
    }
)
_FUNCTIONS = "gossamer"
"""Domain of the functions that operators become."""


def inline_functions(model: Any) -> Any:
    """The model without functions of its own."""
    return inliner.inline_local_functions(model) if model.functions else model


def call_functions(model: Any) -> bool:
    """Have a model call functions in place of the operators above; they may use such operators again.

    Args:
        model: with the types of its values; changed in place.
    Returns: whether it had any.
    """
    opsets = {each.domain: each.version for each in model.opset_import}
    types = {value.name: value.type for graph in _graphs(model.graph) for value in _typed(graph)}
    for graph in _graphs(model.graph):
        for node in graph.node:
            if node.op_type in _EXPANDED and node.domain in opsets:
                _call(node, types, opsets[node.domain], model)
    if model.functions and _FUNCTIONS not in opsets:
        model.opset_import.append(helper.make_opsetid(_FUNCTIONS, 1))
    return bool(model.functions)


def _call(node: Any, types: dict[str, Any], opset: int, model: Any) -> None:
    """Make a node call a new function of the model, where ONNX has one for it."""
    schema = defs.get_schema(node.op_type, opset, node.domain)
    given = {attribute.name for attribute in node.attribute}
    defaults = [attribute.default_value for attribute in schema.attributes.values()]
    node.attribute.extend(default for default in defaults if default.name and default.name not in given)
    plain = max((each for each in schema.function_opset_versions if each <= opset), default=0)
    by_types = max(
        (each for each in schema.context_dependent_function_opset_versions if each <= opset), default=0
    )
    if max(plain, by_types) == 0:
        return
    if plain >= by_types:
        text = schema.get_function_with_opset_version(plain)
    else:
        inputs = [types.get(name, TypeProto()).SerializeToString() for name in node.input]
        text = schema.get_context_dependent_function_with_opset_version(
            by_types, node.SerializeToString(), inputs
        )
    function = FunctionProto()
    function.ParseFromString(text)
    function.name, function.domain = f"{node.op_type}{len(model.functions)}", _FUNCTIONS
    del function.opset_import[:]
    function.opset_import.extend(each for each in model.opset_import if each.domain != _FUNCTIONS)
    model.functions.append(function)
    node.op_type, node.domain = function.name, function.domain


def _graphs(graph: Any) -> Iterator[Any]:
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in inner_graphs(attribute):
                yield from _graphs(inner)


def _typed(graph: Any) -> Iterator[Any]:
    yield from (*graph.input, *graph.value_info, *graph.output)
    for weight in graph.initializer:
        yield helper.make_tensor_value_info(weight.name, weight.data_type, weight.dims)
