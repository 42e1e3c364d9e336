"""Examples of a model's inputs: arrays, or types of them such as `"?x64xf32"`.

In: what a user gives as `inputs=`. Out: what frameworks trace a model with.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np

from gossamer.abi.element_type import numpy_dtype
from gossamer.abi.mlir_element_type import element_type_code
from gossamer.abi.value_type import TensorType, parse_value_type
from gossamer.compiler.source import Inputs
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError, UnimplementedError


@dataclass(frozen=True, slots=True)
class ExampleType:
    """A tensor's type, where no tensor is at hand.

    Attributes:
        shape: sizes; None for one that is left open.
        dtype: of the elements.
    """

    shape: tuple[int | None, ...]
    dtype: np.dtype[np.generic]


def parse_example(text: str) -> ExampleType:
    """Read `"?x64xf32"` or `"tensor<?x64xf32>"`. Raises: CompileError."""
    inner = text.removeprefix("tensor<").removesuffix(">")
    type = parse_value_type(f"tensor<{inner}>")
    code = element_type_code(type.element) if isinstance(type, TensorType) else None
    try:
        if isinstance(type, TensorType) and code is not None:
            return ExampleType(type.shape, numpy_dtype(code))
    except UnimplementedError:
        pass
    hint = 'sizes and an element type, such as "1x?x64xf32", or an array as example'
    raise CompileError([Diagnostic(f"input '{text}' is no type of a tensor", hint=hint)])


def bind_inputs(
    function: Callable[..., object], inputs: Inputs
) -> tuple[tuple[object, ...], dict[str, object]]:
    """As `split_inputs`, in order as far as a function takes them so, whatever way they are given.

    Raises: CompileError where they do not fit the function.
    """
    arguments, keywords = split_inputs(inputs)
    try:
        bound = inspect.signature(function).bind(*arguments, **keywords)
    except TypeError as error:
        hint = "an example or a type for each argument without a default"
        raise CompileError([Diagnostic(f"inputs do not fit the model: {error}", hint=hint)]) from None
    except ValueError:  # it has no signature
        return arguments, keywords
    return bound.args, bound.kwargs


def split_inputs(inputs: Inputs) -> tuple[tuple[object, ...], dict[str, object]]:
    """Arguments in order, and by name, with types in place of texts, wherever they are nested."""
    if isinstance(inputs, Mapping):
        return (), {name: _typed(value) for name, value in inputs.items()}
    return tuple(map(_typed, inputs or ())), {}


def _typed(value: object) -> object:
    if isinstance(value, str):
        return parse_example(value)
    if type(value) is tuple:
        return tuple(map(_typed, cast("tuple[object, ...]", value)))
    if type(value) is list:
        return list(map(_typed, cast("list[object]", value)))
    if type(value) is dict:
        return {key: _typed(part) for key, part in cast("dict[object, object]", value).items()}
    return value
