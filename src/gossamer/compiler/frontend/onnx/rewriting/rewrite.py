"""Walks a graph and rewrites the nodes that the table has a way for."""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportMissingTypeStubs=false
# ONNX is an optional extra.

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from onnx import helper

from gossamer.compiler.frontend.onnx.detached import inner_graphs
from gossamer.compiler.frontend.onnx.known import Known
from gossamer.compiler.frontend.onnx.rewriting.site import Site
from gossamer.compiler.frontend.onnx.rewriting.table import rewriter_of
from gossamer.errors import CompileError


def rewrite_nodes(graph: Any, opset: int) -> bool:
    """Rewrite nodes of a graph, and of the graphs within.

    Args:
        graph: with the types of its values, as far as they are known; changed in place.
        opset: of the model.
    Returns: whether any was rewritten: its types are to be inferred anew then, and it may have more to do.
    Raises: CompileError where a node has a meaning that cannot be kept.
    """
    taken = set(_names(graph))
    numbers = count()
    faults: list[CompileError] = []

    def new_name(stem: str) -> str:
        while True:
            name = f"{stem}/{next(numbers)}"
            if name not in taken:
                taken.add(name)
                return name

    changed = _rewrite(graph, Known(opset), new_name, faults)
    # Why only then: types that a node lacks may be known once others are rewritten.
    if not changed and faults:
        raise faults[0]
    return changed


def _rewrite(graph: Any, around: Known, new_name: Callable[[str], str], faults: list[CompileError]) -> bool:
    known = around.within(graph)
    nodes: list[Any] = []
    changed = False
    for node in graph.node:
        for inner in (each for attribute in node.attribute for each in inner_graphs(attribute)):
            changed |= _rewrite(inner, known, new_name, faults)
        rewriter = rewriter_of(node)
        site = Site(node, known, new_name)
        results = None
        try:
            results = rewriter(site) if rewriter is not None else None
        except CompileError as error:
            faults.append(error)
        if results is None:
            nodes.append(node)
            continue
        changed = True
        graph.initializer.extend(site.constants)
        graph.value_info.extend(site.declared)
        nodes.extend(site.nodes)
        for made, wanted in zip(results, node.output, strict=False):
            if wanted:
                nodes.append(helper.make_node("Identity", [made], [wanted], name=node.name))
    if changed:
        del graph.node[:]
        graph.node.extend(nodes)
    return changed


def _names(graph: Any) -> Iterator[str]:
    for each in (*graph.input, *graph.initializer):
        yield each.name
    for node in graph.node:
        yield from node.output
        for attribute in node.attribute:
            for inner in inner_graphs(attribute):
                yield from _names(inner)
