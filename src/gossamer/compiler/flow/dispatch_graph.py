"""Draws host functions: which dispatch takes what from which, in the language of Graphviz."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from gossamer.compiler.mlir import ir
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError
from gossamer.format.whole_file import write_whole

_DRAWN_SUFFIXES = (".svg", ".pdf", ".png")


def write_dispatch_graph(module: ir.Module, path: str) -> None:
    """Write the graph of a program that is cut into dispatches.

    Args:
        module: output of the flow phase.
        path: of the file; one that ends in .svg, .pdf or .png gets a picture, which Graphviz draws.
    Raises: CompileError where the file cannot be written, or a picture not be drawn.
    """
    contents = dispatch_graph(module).encode()
    suffix = Path(path).suffix
    if suffix in _DRAWN_SUFFIXES:
        contents = _draw(contents, suffix.removeprefix("."))
    try:
        write_whole(path, contents)
    except OSError as error:
        raise CompileError([Diagnostic(f"cannot write '{path}': {error.strerror}")]) from None


def dispatch_graph(module: ir.Module) -> str:
    """Text of the graph: a cluster for each function, boxes for dispatches and arguments."""
    graph = _Graph()
    lines: list[str] = []
    for number, view in enumerate(module.body.operations):
        if view.operation.name == "func.func" and list(view.operation.regions[0].blocks):
            lines += graph.function(view.operation, number)
    return "\n".join(["digraph G {", "  compound = true;", *lines, *graph.edges, "}"]) + "\n"


def _draw(text: bytes, format: str) -> bytes:
    program = shutil.which("dot")
    if program is None:
        hint = "install Graphviz, or give a file that ends in .dot"
        raise CompileError([Diagnostic("Graphviz, whose program 'dot' draws graphs, is not here", hint=hint)])
    done = subprocess.run([program, f"-T{format}"], input=text, capture_output=True, check=False)
    if done.returncode:
        raise CompileError([Diagnostic(f"Graphviz failed: {done.stderr.decode(errors='replace').strip()}")])
    return done.stdout


class _Graph:
    """Nodes by the values they give.

    Attributes:
        edges: lines of edges, which come after all nodes.
    """

    def __init__(self) -> None:
        self.edges: list[str] = []
        self._nodes: dict[ir.Value, str] = {}
        self._count = 0

    def function(self, op: ir.Operation, number: int) -> Iterator[str]:
        """Lines of a function's cluster."""
        state = ir.AsmState(op)
        yield f"  subgraph cluster_{number} {{"
        yield f"    label = {_quoted('@' + ir.StringAttr(op.attributes['sym_name']).value)};"
        for block in op.regions[0].blocks:
            for argument in block.arguments:
                text = f"{argument.get_name(state)}\n{argument.type}"
                yield self._node(text, "box", [argument])
        for block in op.regions[0].blocks:
            for view in block.operations:
                yield self._operation(view.operation, state)
        yield "  }"

    def _operation(self, op: ir.Operation, state: ir.AsmState) -> str:
        results = ", ".join(result.get_name(state) for result in op.results)
        operands = ", ".join(operand.get_name(state) for operand in op.operands)
        callee = op.attributes.get("executable") or ""
        head = f"{results} = {op.name}" if results else op.name
        text = "\n".join([f"{head} {callee}({operands})", *(str(result.type) for result in op.results)])
        line = self._node(text, "box" if op.name == "flow.dispatch" else "ellipse", list(op.results))
        node = f"v{self._count}"
        for index, operand in enumerate(op.operands):
            if operand in self._nodes:
                self.edges.append(f'  {self._nodes[operand]} -> {node} [label = "{index}"];')
        for successor in op.successors:
            if successor.arguments:
                self.edges.append(f"  {node} -> {self._nodes[successor.arguments[0]]} [style = dashed];")
        return line

    def _node(self, text: str, shape: str, values: list[ir.Value]) -> str:
        self._count += 1
        self._nodes.update(dict.fromkeys(values, f"v{self._count}"))
        return f"    v{self._count} [shape = {shape}, label = {_quoted(text)}];"


def _quoted(text: str) -> str:
    # Why: strings of Graphviz escape as those of JSON do what names and types consist of.
    return json.dumps(text)
