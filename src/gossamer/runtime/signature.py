"""What a function takes and gives, as data: `fn.inputs[0].shape`.

In: a linked function, with or without a declaration. Out: descriptions, and values converted by them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np

from gossamer.abi.calling_convention import parse_calling_convention
from gossamer.abi.declaration import DeclaredValue, parse_declaration, parse_tensor_type
from gossamer.abi.element_type import numpy_dtype
from gossamer.abi.mlir_element_type import element_type_code
from gossamer.errors import InvalidArgumentError, UnimplementedError
from gossamer.hal.memory.allocator import Allocator
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.runtime.array_checks import check_array
from gossamer.vm.link.function import Function
from gossamer.vm.numbers.rounding import round_f32
from gossamer.vm.numbers.wrapping import wrap_i32, wrap_i64


@dataclass(frozen=True, slots=True)
class ValueDescription:
    """One input or output of a function.

    Attributes:
        name: as declared; `input0` and so on where nothing is declared.
        type: as declared: `tensor<4x?xf32>`, `i32`; "" where nothing is declared.
        shape: sizes of a tensor, None for those of any size; None as a whole for what is no tensor, or
            not known to be one.
        dtype: NumPy type of a tensor's elements or of a scalar; None where not known.
        kind: calling convention character: `r` for a ref, `i`, `I`, `f`, `F` for scalars.
        output: index of the output whose storage this input is, or None.
    """

    name: str
    type: str
    shape: tuple[int | None, ...] | None
    dtype: np.dtype[Any] | None
    kind: str
    output: int | None = None
    element_type: int | None = None


@dataclass(frozen=True, slots=True)
class FunctionSignature:
    """Inputs and outputs of a function, fences left out."""

    inputs: tuple[ValueDescription, ...]
    outputs: tuple[ValueDescription, ...]


_SCALAR_DTYPES = {"i": np.int32, "I": np.int64, "f": np.float32, "F": np.float64}


def read_signature(function: Function) -> FunctionSignature:
    """Describe a function from its declaration, or from its calling convention alone."""
    convention = parse_calling_convention(function.calling_convention)
    kinds = [argument if isinstance(argument, str) else "r" for argument in convention.arguments]
    if function.is_async:
        kinds = kinds[:-2]
    declaration = parse_declaration(function.declaration)
    if (
        declaration is None
        or len(declaration.arguments) != len(kinds)
        or len(declaration.results) != len(convention.results)
    ):
        return FunctionSignature(_undeclared("input", kinds), _undeclared("output", convention.results))
    return FunctionSignature(
        tuple(map(_describe, declaration.arguments, kinds)),
        tuple(map(_describe, declaration.results, convention.results)),
    )


def _undeclared(prefix: str, kinds: Sequence[str]) -> tuple[ValueDescription, ...]:
    return tuple(
        ValueDescription(f"{prefix}{index}", "", None, _scalar_dtype(kind), kind)
        for index, kind in enumerate(kinds)
    )


def _scalar_dtype(kind: str) -> np.dtype[Any] | None:
    return np.dtype(_SCALAR_DTYPES[kind]) if kind in _SCALAR_DTYPES else None


def _describe(value: DeclaredValue, kind: str) -> ValueDescription:
    tensor = parse_tensor_type(value.type)
    if tensor is None:
        return ValueDescription(value.name, value.type, None, _scalar_dtype(kind), kind, value.output)
    shape, element_name = tensor
    element_type, dtype = _element_type(element_name)
    return ValueDescription(value.name, value.type, shape, dtype, kind, value.output, element_type)


def _element_type(name: str) -> tuple[int | None, np.dtype[Any] | None]:
    code = element_type_code(name)
    try:
        return code, None if code is None else numpy_dtype(code)
    except UnimplementedError:
        # Why: a type that NumPy lacks (i4) can still be passed as a buffer view.
        return None, None


def static_tensor_type(text: str) -> tuple[list[int], int] | None:
    """Sizes and element type code of `tensor<4x4xf32>`; None for other types and sizes not known."""
    tensor = parse_tensor_type(text)
    if tensor is None:
        return None
    sizes = [size for size in tensor[0] if size is not None]
    element_type, _ = _element_type(tensor[1])
    return (sizes, element_type) if element_type is not None and len(sizes) == len(tensor[0]) else None


ToVm: TypeAlias = Callable[[object], object]


def argument_converter(description: ValueDescription, function_name: str, allocator: Allocator) -> ToVm:
    """Function that turns what a caller passes for an input into a VM value.

    Integers that only fit their width without a sign are wrapped to it. Arrays are copied into memory of
    `allocator`, buffer views and refs passed as they are; Python numbers and lists take the declared element
    type. The function raises InvalidArgumentError for what does not fit.
    """
    what = f"argument {description.name} of {function_name}"
    if description.kind != "r":
        return _scalar_converter(description.kind, description.type, what)
    element_type, dtype, shape = description.element_type, description.dtype, description.shape

    def convert(value: object) -> object:
        if (
            type(value) is np.ndarray
            and value.dtype is dtype
            and value.shape == shape
            and element_type is not None
        ):
            return BufferView.copy_of(value, element_type, allocator)
        if isinstance(value, BufferView):
            return value
        if isinstance(value, np.ndarray):
            array = cast("np.ndarray[Any, np.dtype[Any]]", value)
        elif isinstance(value, (bool, int, float, complex, list, tuple, np.generic)):
            array = _array_of_numbers(value, dtype, what)
        elif hasattr(value, "__array__") or hasattr(value, "__dlpack__"):
            array = _array_of_library(value)
        elif shape is None:
            return value
        else:
            raise InvalidArgumentError(f"{what} is {value!r}, expected {description.type}")
        if shape is not None and dtype is not None:
            check_array(array, shape, dtype, what)
        return BufferView.from_numpy(array, allocator, element_type=element_type, copy=True)

    return convert


def _array_of_numbers(value: Any, dtype: np.dtype[Any] | None, what: str) -> np.ndarray[Any, np.dtype[Any]]:
    """Python numbers, or lists of them, as an array. Raises: InvalidArgumentError where they do not fit."""
    try:
        array: np.ndarray[Any, np.dtype[Any]] = np.asarray(value, dtype)
        if array.dtype.kind in "iu" and (found := np.asarray(value).dtype).kind in "fc":
            raise InvalidArgumentError(f"{what} has {found} numbers, expected {dtype}")
    except (TypeError, OverflowError, ValueError) as error:
        if isinstance(error, InvalidArgumentError):
            raise
        raise InvalidArgumentError(f"{what} is no array of {dtype or 'numbers'}: {error}") from error
    return array


def _array_of_library(value: Any) -> np.ndarray[Any, np.dtype[Any]]:
    """A tensor of another library as an array, if possible over its memory."""
    if hasattr(value, "__dlpack__"):
        # Why: few programs need it.
        from gossamer.hal.memory.dlpack import array_of

        try:
            return array_of(value)
        except (BufferError, RuntimeError, TypeError, ValueError):
            # Why: tensors on other devices, or in parts, may know how to come to the host.
            if not hasattr(value, "__array__"):
                raise
    return np.asarray(value)


def _whole_number(value: Any, bits: int) -> int:
    number = int(value)
    if number != value or not -(1 << bits - 1) <= number < 1 << bits:
        raise ValueError(value)
    return number


def _real_number(value: Any) -> float:
    if isinstance(value, (str, bytes, bytearray)):
        raise TypeError(value)
    return float(value)


_SCALAR_CONVERSIONS: dict[str, Callable[[Any], object]] = {
    "i": lambda value: wrap_i32(_whole_number(value, 32)),
    "I": lambda value: wrap_i64(_whole_number(value, 64)),
    "f": lambda value: round_f32(_real_number(value)),
    "F": _real_number,
}


def _scalar_converter(kind: str, type_name: str, what: str) -> ToVm:
    convert = _SCALAR_CONVERSIONS[kind]

    def convert_scalar(value: object) -> object:
        try:
            return convert(value)
        except (TypeError, ValueError, OverflowError) as error:
            expected = type_name or _SCALAR_DTYPES[kind].__name__
            raise InvalidArgumentError(f"{what} is {value!r}, expected {expected}") from error

    return convert_scalar


def result_from_vm(value: object) -> object:
    """What a caller gets for a VM value: arrays over the program's memory, anything else as it is."""
    return value.to_numpy() if type(value) is BufferView else value
