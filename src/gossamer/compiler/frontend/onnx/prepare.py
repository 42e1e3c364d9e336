"""Makes an ONNX model ready for its importer, which takes operators of one opset with known types.

1  operators of older opsets are converted, and functions are written out
2  types are inferred anew: what files say of shapes is often stale
3  what is known is computed: constants, shapes, which branch of an `If` is taken; then 2 again
4  operators that the importer's lowerings lack, or get wrong, are written in terms of others; then 2 again
5  nodes that nothing reads are left out
"""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportMissingTypeStubs=false
# ONNX is an optional extra.

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import onnx
from onnx import helper, shape_inference, version_converter

from gossamer.compiler.frontend.onnx.assumptions import DOMAIN, forget_domain, import_domain, is_assumption
from gossamer.compiler.frontend.onnx.branches import drop_impossible_branches, size_of, split_continuations
from gossamer.compiler.frontend.onnx.detached import copy_detached, inner_graphs
from gossamer.compiler.frontend.onnx.expansion import call_functions, inline_functions
from gossamer.compiler.frontend.onnx.folding import fold_known
from gossamer.compiler.frontend.onnx.inputs import fix_inputs
from gossamer.compiler.frontend.onnx.known import Known
from gossamer.compiler.frontend.onnx.rewriting.rewrite import rewrite_nodes
from gossamer.compiler.frontend.onnx.rewriting.site import node_fault
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError

_LOWEST_OPSET = 17
"""Oldest opset whose operators the importer's lowerings all know."""
_LOWEST_IR = 8
_SCAN_WITHOUT_BATCH = 9
"""Opset from which `Scan` goes over one sequence; the converter overlooks that."""
_MOST_ROUNDS = 16
_OPEN_RANK = (
    "give shapes and values that decide it: --gossamer-onnx-input-shapes=, --gossamer-onnx-input-values="
)
_KNOWN_OPERATORS = "operators of ONNX are, many of onnxruntime's, and those that the model has functions for"


@dataclass(frozen=True, slots=True)
class Preparation:
    """How a model is made ready.

    Attributes:
        input_shapes: of inputs that the model leaves open, as `fix_inputs` takes them.
        input_values: of inputs that become constants, likewise.
        opset: to convert operators of an older one to, besides what the importer needs.
        propagates_data: have inference of types compute with shapes that the program holds in tensors.
    """

    input_shapes: tuple[str, ...] = ()
    input_values: tuple[str, ...] = ()
    opset: int = _LOWEST_OPSET
    propagates_data: bool = True


@dataclass(frozen=True, slots=True)
class Prepared:
    """A model that is ready for the importer.

    Attributes:
        model: has references in place of the contents of large tensors.
        tensors: that they refer to, by reference.
    """

    model: Any
    tensors: dict[str, Any]


def prepare(model: Any, how: Preparation) -> Prepared:
    """Make a model ready.

    Args:
        model: an `onnx.ModelProto`, left as it is.
        how: options.
    Returns: another one that computes the same; it shares the contents of large tensors with the model.
    Raises: CompileError where types contradict each other, or options do not fit the model.
    """
    prepared, tensors = copy_detached(model)
    # Why: inference of types does not look at tensors of older models that are no inputs.
    prepared.ir_version = max(prepared.ir_version, _LOWEST_IR)
    import_domain(prepared)
    _name_nodes(prepared.graph)
    fix_inputs(prepared.graph, how.input_shapes, how.input_values)
    prepared = _with_types(inline_functions(_with_opset(prepared, how.opset)), how)
    while call_functions(prepared):
        prepared = _with_types(inline_functions(prepared), how)
    size = size_of(prepared)

    def settle(model: Any) -> Any:
        return _settled(_with_types(model, how), how)

    prepared = _settled(prepared, how)
    # Why first: a branch that is impossible needs no continuation.
    while drop_impossible_branches(prepared, settle) or split_continuations(prepared, size):
        prepared = settle(prepared)
    if not _drop_unread(prepared.graph):
        forget_domain(prepared)
    _require_ranks(prepared.graph, Known(0))
    return Prepared(prepared, tensors)


def _name_nodes(graph: Any) -> None:
    """Name nodes without a name by their first result, for messages."""
    for node in graph.node:
        node.name = node.name or next(filter(None, node.output), "")
        for attribute in node.attribute:
            for inner in inner_graphs(attribute):
                _name_nodes(inner)


def _settled(model: Any, how: Preparation) -> Any:
    """A typed model in which nothing is left to fold or to rewrite, typed again."""
    opset = _opset(model) or _LOWEST_OPSET
    for _ in range(_MOST_ROUNDS):
        # Why both: what is folded decides what is written anew, and that may be folded in turn.
        changed = fold_known(model.graph, opset)
        if not changed and not rewrite_nodes(model.graph, opset):
            break
        model = _with_types(model, how)
    return model


def _with_opset(model: Any, wanted: int) -> Any:
    version = _opset(model)
    wanted = max(wanted, _LOWEST_OPSET)
    if version is None:
        # Why: operators of other domains are written in terms of ONNX's own.
        model.opset_import.append(helper.make_opsetid("", wanted))
        return model
    if version >= wanted:
        return model
    for node in model.graph.node:
        if node.op_type == "Scan" and version < _SCAN_WITHOUT_BATCH:
            message = f"in opset {version} it goes over batches, which is not supported"
            raise CompileError([node_fault(node, message, "export the model with opset 9 or newer")])
    try:
        return version_converter.convert_version(model, wanted)
    except Exception as error:  # whatever the converter's adapters raise, which is C++
        message = f"operators of opset {version} cannot be converted to {wanted}: {error}"
        raise CompileError([Diagnostic(message, hint="export the model with a newer opset")]) from None


def _opset(model: Any) -> int | None:
    """Version of ONNX's own operators; None where the model has none of them."""
    return next((each.version for each in model.opset_import if each.domain in ("", "ai.onnx")), None)


def _with_types(model: Any, how: Preparation) -> Any:
    """The model with the type of every value that inference knows; outputs keep theirs otherwise.

    What the model says of types is taken out of it.
    """
    declared = {output.name: onnx.TypeProto() for output in model.graph.output}
    for output in model.graph.output:
        declared[output.name].CopyFrom(output.type)
    _forget_shapes(model.graph)
    try:
        inferred = shape_inference.infer_shapes(model, data_prop=how.propagates_data)
    except shape_inference.InferenceError as error:
        raise CompileError([Diagnostic(f"types of the ONNX model do not fit together: {error}")]) from None
    for output in inferred.graph.output:
        if not output.type.tensor_type.HasField("shape"):
            output.type.CopyFrom(declared[output.name])
    return inferred


def _forget_shapes(graph: Any) -> None:
    # Why: inference knows nothing of operators of our own.
    own = {name for node in graph.node if node.domain == DOMAIN for name in node.output}
    kept = [value for value in graph.value_info if value.name in own]
    del graph.value_info[:]
    graph.value_info.extend(kept)
    for output in graph.output:
        output.type.tensor_type.ClearField("shape")
    for node in graph.node:
        for attribute in node.attribute:
            for inner in inner_graphs(attribute):
                _forget_shapes(inner)


def _drop_unread(graph: Any) -> bool:
    """Leave out nodes and tensors that nothing reads; whether operators of our own are among what stays."""
    read = {output.name for output in graph.output}
    kept: list[Any] = []
    assumes = False
    for node in reversed(graph.node):
        if is_assumption(node) or any(output in read for output in node.output):
            kept.append(node)
            read.update(node.input)
            read.update(_read_within(node))
            inner = [_drop_unread(each) for attribute in node.attribute for each in inner_graphs(attribute)]
            assumes |= node.domain == DOMAIN or any(inner)
    del graph.node[:]
    graph.node.extend(reversed(kept))
    weights = [weight for weight in graph.initializer if weight.name in read]
    del graph.initializer[:]
    graph.initializer.extend(weights)
    return assumes


def _require_ranks(graph: Any, around: Known) -> None:
    """Refuse unknown operators, and tensors of unknown rank, which would be taken for scalars.

    Raises: CompileError about the node that makes one.
    """
    known = around.within(graph)
    read = {output.name for output in graph.output}.union(*(_reads_of(node) for node in graph.node))
    for node in graph.node:
        if node.domain in ("", "ai.onnx") and not onnx.defs.has(node.op_type):
            raise CompileError([node_fault(node, "no such operator is known", _KNOWN_OPERATORS)])
        for attribute in node.attribute:
            for inner in inner_graphs(attribute):
                _require_ranks(inner, known)
        for name in node.output:
            if name in read and name not in known.others and known.shape(name) is None:
                message = f"the number of dimensions of its result '{name}' is not known"
                raise CompileError([node_fault(node, message, _OPEN_RANK)])


def _reads_of(node: Any) -> set[str]:
    return set(node.input) | _read_within(node)


def _read_within(node: Any) -> set[str]:
    """Names that the graphs of a node read, their own included."""
    found: set[str] = set()
    for attribute in node.attribute:
        for graph in inner_graphs(attribute):
            found.update(output.name for output in graph.output)
            for inner in graph.node:
                found.update(inner.input)
                found.update(_read_within(inner))
    return found
