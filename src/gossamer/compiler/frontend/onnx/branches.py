"""Gives every branch of an `If` its own continuation, where the branches' results differ in rank.

    y = If(c) { a: rank 2 } { b: rank 3 }         =>     z = If(c) { y = a; z = f(y) } { y = b; z = f(y) }
    z = f(y)

Exporters write `squeeze` so: the branch decides how many dimensions a tensor has, and a compiled program has
to know. In each continuation it is known, and what depends on it is folded. Where one of them cannot be, as
an operator in it does not take so many dimensions, the other is the program, and asserts that it is taken.
"""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportMissingTypeStubs=false
# ONNX is an optional extra.

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import onnx
from onnx import helper, shape_inference

from gossamer.compiler.frontend.onnx.assumptions import DOMAIN, assumption
from gossamer.compiler.frontend.onnx.detached import inner_graphs
from gossamer.compiler.frontend.onnx.known import Known
from gossamer.errors import CompileError

Settle = Callable[[Any], Any]
_MOST_GROWTH = 16
"""How many times as many nodes a graph may get."""


def split_continuations(model: Any, original_size: int) -> bool:
    """Move what follows an `If` whose results differ in rank into its branches.

    Args:
        model: with the types of its values; changed in place.
        original_size: number of nodes that it had at first.
    Returns: whether there was such an `If`.
    """
    if _size(model.graph) > _MOST_GROWTH * original_size:
        return False
    return _split(model.graph, Known(0))


def drop_impossible_branches(model: Any, settle: Settle) -> bool:
    """Take the branch of an `If` where the other is impossible, and assert that it is taken.

    Args:
        model: with the types of its values; changed in place.
        settle: infers the types of a model anew and folds what is known then.
    Returns: whether there was such an `If`.
    """
    for path in _paths(model.graph, Known(0), ()):
        possible = [wanted for wanted in (True, False) if _is_possible(model, path, wanted, settle)]
        if len(possible) == 1:
            _take(_graph_at(model.graph, path[:-1]), path[-1], possible[0], asserts=True)
            return True
    return False


_Path = tuple[int | tuple[int, str], ...]
"""From the outermost graph: a node and its attribute for each graph within, then a node."""


def _split(graph: Any, around: Known) -> bool:
    known = around.within(graph)
    for position, node in enumerate(graph.node):
        for inner in (each for attribute in node.attribute for each in inner_graphs(attribute)):
            if _split(inner, known):
                return True
        if node.op_type == "If" and _differs(node, known):
            return _move_continuation(graph, position)
    return False


def _branches(node: Any) -> dict[bool, Any]:
    found = {attribute.name: attribute.g for attribute in node.attribute}
    return {True: found["then_branch"], False: found["else_branch"]}


def _differs(node: Any, known: Known) -> bool:
    """Whether a result's rank depends on the branch, or is not known in one of them."""
    ranks = []
    for branch in _branches(node).values():
        within = known.within(branch)
        shapes = [within.shape(output.name) for output in branch.output]
        ranks.append([None if shape is None else len(shape) for shape in shapes])
    return any(one is None or one != other for one, other in zip(*ranks, strict=True))


def _move_continuation(graph: Any, position: int) -> bool:
    node = graph.node[position]
    moved = set(filter(None, node.output))
    kept: list[Any] = list(graph.node[:position])
    tail: list[Any] = []
    for each in graph.node[position + 1 :]:
        if moved.isdisjoint(_reads(each)):
            kept.append(each)
        else:
            tail.append(each)
            moved.update(filter(None, each.output))
    results = [output for output in graph.output if output.name in moved]
    if not tail:
        return False
    continued = onnx.NodeProto()
    continued.CopyFrom(node)
    del continued.output[:]
    continued.output.extend(output.name for output in results)
    for taken, branch in _branches(continued).items():
        suffix = "/then" if taken else "/else"
        # Why: a branch may be nested in itself in turn, and names of outer graphs must not come again.
        names = {name: f"{name}{suffix}" for name in moved}
        for inner, outer in zip(branch.output, node.output, strict=True):
            if outer:
                branch.node.append(helper.make_node("Identity", [inner.name], [names[outer]], name=node.name))
        branch.node.extend(_renamed(each, names) for each in tail)
        del branch.output[:]
        for output in results:
            renamed = branch.output.add()
            renamed.CopyFrom(output)
            renamed.name = names[output.name]
    del graph.node[:]
    graph.node.extend([*kept, continued])
    return True


def _reads(node: Any) -> set[str]:
    """Names that a node and the graphs within it read."""
    found = set(node.input)
    for attribute in node.attribute:
        for graph in inner_graphs(attribute):
            found.update(output.name for output in graph.output)
            for inner in graph.node:
                found |= _reads(inner)
    return found


def _renamed(node: Any, names: dict[str, str]) -> Any:
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    copy.input[:] = [names.get(name, name) for name in node.input]
    copy.output[:] = [names.get(name, name) for name in node.output]
    for attribute in copy.attribute:
        for graph in inner_graphs(attribute):
            nodes = [_renamed(inner, names) for inner in graph.node]
            del graph.node[:]
            graph.node.extend(nodes)
            for output in graph.output:
                output.name = names.get(output.name, output.name)
    return copy


def _paths(graph: Any, around: Known, outer: _Path) -> list[_Path]:
    """Where there is an `If` whose results differ in rank, innermost first."""
    known = around.within(graph)
    found: list[_Path] = []
    for position, node in enumerate(graph.node):
        for attribute in node.attribute:
            for inner in inner_graphs(attribute):
                found += _paths(inner, known, (*outer, (position, attribute.name)))
        if node.op_type == "If" and _differs(node, known):
            found.append((*outer, position))
    return found


def _graph_at(graph: Any, path: _Path) -> Any:
    for step in path:
        assert isinstance(step, tuple)
        graph = next(each.g for each in graph.node[step[0]].attribute if each.name == step[1])
    return graph


def _is_possible(model: Any, path: _Path, wanted: bool, settle: Settle) -> bool:
    """Whether types may fit together where one branch is taken, and the branches around it."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    start = 0
    for step in path[:-1]:
        assert isinstance(step, tuple)
        position, name = step
        if name not in ("then_branch", "else_branch"):
            return True
        start += position
        _take(copy.graph, start, name == "then_branch")
    assert isinstance(path[-1], int)
    _take(copy.graph, start + path[-1], wanted)
    try:
        settled = settle(copy)
    except CompileError:
        return True
    # Why: a branch that is left may be impossible, and not taken.
    for node in settled.graph.node:
        if any(inner_graphs(attribute) for attribute in node.attribute):
            del node.attribute[:]
            node.op_type, node.domain = "Unknown", DOMAIN
    try:
        shape_inference.infer_shapes(settled, strict_mode=True, data_prop=True)
    except shape_inference.InferenceError:
        return False
    return True


def _take(graph: Any, position: Any, wanted: bool, *, asserts: bool = False) -> None:
    node = graph.node[position]
    branch = _branches(node)[wanted]
    nodes = list(graph.node[:position])
    if asserts:
        condition = node.input[0]
        if not wanted:
            condition = f"{condition}/{node.output[0]}/not"
            nodes.append(helper.make_node("Not", [node.input[0]], [condition], name=node.name))
        nodes.append(assumption(condition, node.name))
    nodes += branch.node
    for inner, outer in zip(branch.output, node.output, strict=True):
        nodes.append(helper.make_node("Identity", [inner.name], [outer], name=node.name))
    nodes += graph.node[position + 1 :]
    graph.initializer.extend(branch.initializer)
    del graph.node[:]
    graph.node.extend(nodes)


def _size(graph: Any) -> int:
    inner = (each for node in graph.node for a in node.attribute for each in inner_graphs(a))
    return len(graph.node) + sum(map(_size, inner))


def size_of(model: Any) -> int:
    """Number of a model's nodes, those of its branches included."""
    return _size(model.graph)
