"""What an exported program takes and gives: how values are nested, and which are fixed."""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
# PyTorch is an optional extra.

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from torch.export.graph_signature import ConstantArgument, InputKind, OutputKind

from gossamer.abi.structure import LEAF, CallStructure, Form, Tree


def read_structure(program: Any) -> CallStructure:
    """How a caller nests arguments and results.

    Raises: NotImplementedError where it changes an argument, which callers of a module do not see.
    """
    signature = program.graph_signature
    if signature.user_inputs_to_mutate:
        changed = ", ".join(signature.user_inputs_to_mutate.values())
        raise NotImplementedError(f"it changes its argument {changed} in place; return the new value instead")
    inputs = iter([_leaf(spec.arg) for spec in signature.input_specs if spec.kind is InputKind.USER_INPUT])
    outputs = iter(
        [_leaf(spec.arg) for spec in signature.output_specs if spec.kind is OutputKind.USER_OUTPUT]
    )
    positional, named = program.call_spec.in_spec.children()
    arguments = tuple(_tree(spec, inputs) for spec in positional.children())
    keywords = {name: _tree(spec, inputs) for name, spec in zip(named.context, named.children(), strict=True)}
    names = _argument_names(program, len(arguments), len(keywords))
    return CallStructure(arguments, names, _tree(program.call_spec.out_spec, outputs), keywords)


def without_constants(program: Any) -> None:
    """Drop results that are no tensors: the structure has them, and MLIR has no type for some."""
    signature = program.graph_signature
    signature.output_specs = [
        spec
        for spec in signature.output_specs
        if spec.kind is not OutputKind.USER_OUTPUT or not isinstance(spec.arg, ConstantArgument)
    ]


def input_names(program: Any) -> list[str]:
    """Names of what the function takes, in order."""
    specs = program.graph_signature.input_specs
    return [
        spec.arg.name
        for spec in specs
        if spec.kind is InputKind.USER_INPUT and not isinstance(spec.arg, ConstantArgument)
    ]


def _leaf(argument: Any) -> Tree:
    if not isinstance(argument, ConstantArgument):
        return LEAF
    value: object = argument.value
    if value is not None and not isinstance(value, (bool, int, float, str)):
        raise NotImplementedError(f"{value!r} among its arguments or results is no tensor, number or text")
    return Tree(Form.CONSTANT, value=value)


def _tree(spec: Any, leaves: Iterator[Tree]) -> Tree:
    """A tree of PyTorch's; of classes that only it knows the parts are a tuple, or a dictionary."""
    if spec.is_leaf():
        return next(leaves)
    children = tuple(_tree(child, leaves) for child in spec.children())
    context: Any = spec.context
    if spec.type is list:
        return Tree(Form.LIST, children)
    fields = getattr(context, "_fields", None)
    if fields is not None:
        return Tree(Form.NAMED_TUPLE, children, tuple(fields), name=context.__name__)
    keys = context[1] if spec.type is defaultdict else context
    if spec.type in (dict, OrderedDict, defaultdict) or _are_keys(keys, len(children)):
        return Tree(Form.DICT, children, tuple(keys))
    return Tree(Form.TUPLE, children)


def _are_keys(context: object, count: int) -> bool:
    return (
        isinstance(context, Sequence)
        and not isinstance(context, str)
        and len(context) == count > 0
        and all(isinstance(key, str) for key in context)
    )


def _argument_names(program: Any, positional: int, named: int) -> tuple[str, ...]:
    graph = program.module_call_graph
    names = graph[0].signature.forward_arg_names if graph and graph[0].signature else None
    if names is None or len(names) != positional + named:
        return ("",) * positional
    return tuple(names[:positional])
