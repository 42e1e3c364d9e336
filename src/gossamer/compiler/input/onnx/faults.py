"""Says what is wrong with a model in its own terms: the node, the operator, the types of its operands."""

from __future__ import annotations

import re
from dataclasses import replace

from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError

_FAILED = re.compile(r"failed to legalize operation '(?P<name>[\w.]+)'[^:]*(?:: (?P<op>.*))?$", re.DOTALL)
_OPERATOR = re.compile(r"name = \"onnx\.([\w.]+)\"")
_HINT = "where sizes of inputs are open, give them: --gossamer-onnx-input-shapes=NAME=1x3x?"


def in_terms_of_nodes(error: CompileError) -> CompileError:
    """The same error, about operators of ONNX."""
    return CompileError([_explained(diagnostic) for diagnostic in error.diagnostics])


def _explained(diagnostic: Diagnostic) -> Diagnostic:
    context = diagnostic.context
    if context and context[0].startswith("'"):
        context = (f"node {context[0]}", *context[1:])
    found = _FAILED.match(diagnostic.message)
    text = found["op"] or "" if found is not None else ""
    if found is None or " : " not in text:
        return replace(diagnostic, context=context)
    operator = _OPERATOR.search(text)
    name = f"ONNX's {operator[1]}" if operator else f"'{found['name']}', which a node became,"
    types = text.rpartition(" : ")[2]
    message = (
        f"{name} cannot be compiled with these operands and results: {types}" if types else diagnostic.message
    )
    return replace(diagnostic, message=message, context=context, hint=diagnostic.hint or _HINT)
