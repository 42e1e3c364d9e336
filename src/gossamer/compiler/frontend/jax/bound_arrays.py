"""Weights that a function is given before it is compiled: `functools.partial(predict, params)`.

    lowered    main(%params.w, %params.b, %x)
    then       main(%x) { %w = arith.constant dense_resource<"params.w">, ... }

JAX would write arrays that a function closes over into the text of its program, without a name. So they are
lowered as arguments, and become constants that name the arrays' own memory.
"""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
# JAX is an optional extra.

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np

from gossamer.compiler.mlir import ir
from gossamer.compiler.resources import Resources


@dataclass(frozen=True, slots=True)
class BoundArrays:
    """Arrays that a function was given.

    Attributes:
        function: takes a list of them before its other arguments.
        arrays: in order.
        names: of them, such as "params.w".
    """

    function: Callable[..., Any]
    arrays: list[Any]
    names: list[str]


def take_arrays(function: Any) -> BoundArrays:
    """Take the arrays out of a `functools.partial`; other functions have none, and stay as they are."""
    if not isinstance(function, partial):
        return BoundArrays(function, [], [])
    bound = inspect.signature(function.func).bind_partial(*function.args, **function.keywords)
    leaves, tree = jax.tree_util.tree_flatten_with_path((function.args, function.keywords))
    places = [index for index, (_, leaf) in enumerate(leaves) if isinstance(leaf, (np.ndarray, jax.Array))]
    if not places:
        return BoundArrays(function, [], [])
    parameters = list(bound.signature.parameters)
    values = [leaf for _, leaf in leaves]

    def call(arrays: list[Any], *arguments: Any, **keywords: Any) -> Any:
        filled = list(values)
        for place, array in zip(places, arrays, strict=True):
            filled[place] = array
        given, named = jax.tree.unflatten(tree, filled)
        return function.func(*given, *arguments, **{**named, **keywords})

    call.__name__ = getattr(function.func, "__name__", call.__name__)
    arrays = [_as_jax_takes(values[place]) for place in places]
    return BoundArrays(call, arrays, [_name(leaves[place][0], parameters) for place in places])


def _as_jax_takes(array: Any) -> Any:
    """An array with 32 bits for 64 where JAX is not asked for these, as it makes of all arguments."""
    return np.asarray(array, jax.dtypes.canonicalize_dtype(array.dtype))


def _name(path: tuple[Any, ...], parameters: list[str]) -> str:
    """Name of a leaf of (arguments, keywords)."""
    steps = [str(getattr(step, "key", getattr(step, "idx", getattr(step, "name", step)))) for step in path]
    is_keyword, first, *rest = steps
    if is_keyword == "0":
        index = int(first)
        first = parameters[index] if index < len(parameters) else f"argument{index}"
    return ".".join([first, *rest])


def bind_arrays(function: ir.Operation, arrays: Mapping[int, tuple[str, Any]], resources: Resources) -> None:
    """Make constants of arguments.

    Args:
        function: is changed in place.
        arrays: name and array, by number of the argument.
        resources: get the arrays' memory.
    """
    block = function.regions[0].blocks[0]
    with function.context, ir.InsertionPoint.at_block_begin(block), function.location:
        for index, (name, array) in arrays.items():
            argument = block.arguments[index]
            value = resources.create(name, argument.type, _bytes_of(array))
            constant = ir.Operation.create("arith.constant", [argument.type], attributes={"value": value})
            argument.replace_all_uses_with(constant.result)
        for index in sorted(arrays, reverse=True):
            block.erase_argument(index)
        type = ir.FunctionType(ir.TypeAttr(function.attributes["function_type"]).value)
        inputs = [argument.type for argument in block.arguments]
        function.attributes["function_type"] = ir.TypeAttr.get(ir.FunctionType.get(inputs, type.results))
        if "arg_attrs" in function.attributes:
            given = list(ir.ArrayAttr(function.attributes["arg_attrs"]))
            kept = [attribute for index, attribute in enumerate(given) if index not in arrays]
            function.attributes["arg_attrs"] = ir.ArrayAttr.get(kept)


def _bytes_of(array: Any) -> memoryview:
    """Elements in order, in the array's own memory where they are so already."""
    elements: np.ndarray[Any, Any] = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    return elements.data.toreadonly()
