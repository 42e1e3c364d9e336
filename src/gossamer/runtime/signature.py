"""What a function takes and gives, as data: `fn.inputs[0].shape`.

In: a linked function, with or without a declaration. Out: descriptions, and values converted by them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, cast

import numpy as np

from gossamer.abi.calling_convention import parse_calling_convention
from gossamer.abi.declaration import ARGUMENT_NAMES_ATTR, DeclaredValue, parse_declaration
from gossamer.abi.mlir_element_type import element_type_code
from gossamer.abi.packed_elements import array_dtype, is_packed
from gossamer.abi.structure import STRUCTURE_ATTR, CallStructure, parse_structure
from gossamer.abi.value_type import TensorType, parse_value_type, ref_name
from gossamer.errors import InvalidArgumentError, UnimplementedError
from gossamer.hal.memory.allocator import Allocator
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.runtime.array_checks import check_array
from gossamer.runtime.scalar_values import hint_for_awaitable, scalar_dtype, scalar_from_vm, scalar_to_vm
from gossamer.vm.link.function import Function
from gossamer.vm.objects.buffer import Buffer

_KEYWORDS = {"wait", "signal", "out"}
"""Keywords of every call, which no argument can be given by."""


@dataclass(frozen=True, slots=True)
class ValueDescription:
    """One input or output of a function.

    Attributes:
        name: of the source where it was kept; else as declared, or `input0` and so on.
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
        tuple(map(_describe, _named_as_in_source(function, declaration.arguments), kinds)),
        tuple(map(_describe, declaration.results, convention.results)),
    )


def read_structure(
    function: Function, inputs: Sequence[ValueDescription], outputs: Sequence[ValueDescription]
) -> CallStructure | None:
    """How callers nest what a function takes and gives, where its module says so, and what it says fits."""
    text = function.export.attrs.get(STRUCTURE_ATTR)
    structure = None if text is None else parse_structure(text)
    if structure is None or any(description.output is not None for description in inputs):
        return None
    trees = (*structure.arguments, *structure.keywords.values())
    fits = sum(tree.leaf_count() for tree in trees) == len(inputs)
    return structure if fits and structure.results.leaf_count() == len(outputs) else None


def _named_as_in_source(function: Function, arguments: Sequence[DeclaredValue]) -> Sequence[DeclaredValue]:
    names = function.export.attrs.get(ARGUMENT_NAMES_ATTR, "").split(",")
    if len(names) != len(arguments):
        return arguments
    return [
        replace(argument, name=name) if name and name not in _KEYWORDS else argument
        for argument, name in zip(arguments, names, strict=True)
    ]


def _undeclared(prefix: str, kinds: Sequence[str]) -> tuple[ValueDescription, ...]:
    return tuple(
        ValueDescription(f"{prefix}{index}", "", None, scalar_dtype(kind), kind)
        for index, kind in enumerate(kinds)
    )


def _describe(value: DeclaredValue, kind: str) -> ValueDescription:
    text = value.passed_type
    type = parse_value_type(text)
    if not isinstance(type, TensorType):
        return ValueDescription(value.name, text, None, scalar_dtype(kind, text), kind, value.output)
    element_type, dtype = numpy_element_type(type.element)
    return ValueDescription(value.name, text, type.shape, dtype, kind, value.output, element_type)


def numpy_element_type(name: str) -> tuple[int | None, np.dtype[Any] | None]:
    """IREE's code and NumPy's type of an element type of MLIR; None where there is none."""
    code = element_type_code(name)
    try:
        return code, None if code is None else array_dtype(code)
    except UnimplementedError:
        # Why: a type that NumPy lacks can still be passed as a buffer view.
        return None, None


ToVm: TypeAlias = Callable[[object], object]


def argument_converter(description: ValueDescription, function_name: str, allocator: Allocator) -> ToVm:
    """Function that turns what a caller passes for an input into a VM value.

    Arrays are copied into memory of `allocator`, buffer views and refs passed as they are; Python numbers and
    lists take the declared element type, `bytes` and `str` (in UTF-8) become the host's buffers. The function
    raises InvalidArgumentError for what does not fit.
    """
    what = f"argument {description.name} of {function_name}"
    if description.kind != "r":
        return scalar_to_vm(description.kind, description.type, what)
    if ref_name(description.type) == "!vm.buffer":
        return bytes_to_vm
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
            raise InvalidArgumentError(
                f"{what} is {value!r}, expected {description.type}{hint_for_awaitable(value)}"
            )
        if shape is not None and dtype is not None:
            check_array(array, shape, dtype, what)
        return BufferView.from_numpy(array, allocator, element_type=element_type, copy=True)

    return convert


def bytes_to_vm(value: object) -> object:
    """A copy of `bytes`, or of a `str` in UTF-8, as a `!vm.buffer`; anything else as it is."""
    if isinstance(value, str):
        value = value.encode()
    return Buffer.wrap(value) if isinstance(value, bytes) else value


def _array_of_numbers(value: Any, dtype: np.dtype[Any] | None, what: str) -> np.ndarray[Any, np.dtype[Any]]:
    """Python numbers, or lists of them, as an array. Raises: InvalidArgumentError where they do not fit."""
    try:
        if dtype is not None and is_packed(dtype):
            return _packed_numbers(value, dtype, what)
        array: np.ndarray[Any, np.dtype[Any]] = np.asarray(value, dtype)
        if array.dtype.kind in "iu" and (found := np.asarray(value).dtype).kind in "fc":
            raise InvalidArgumentError(f"{what} has {found} numbers, expected {dtype}")
    except (TypeError, OverflowError, ValueError) as error:
        if isinstance(error, InvalidArgumentError):
            raise
        raise InvalidArgumentError(f"{what} is no array of {dtype or 'numbers'}: {error}") from error
    return array


def _packed_numbers(value: Any, dtype: np.dtype[Any], what: str) -> np.ndarray[Any, np.dtype[Any]]:
    """Numbers as integers of less than a byte, which would be cut to their bits without a word."""
    array: np.ndarray[Any, np.dtype[Any]] = np.asarray(value)
    # Why here: only programs with such integers need to load it.
    from ml_dtypes import iinfo

    limits = iinfo(dtype)
    if array.dtype.kind not in "iub" or (
        array.size and not limits.min <= array.min() <= array.max() <= limits.max
    ):
        raise InvalidArgumentError(f"{what} is {value!r}, expected {dtype} from {limits.min} to {limits.max}")
    return array.astype(dtype)


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


def result_converter(descriptions: Sequence[ValueDescription]) -> ToVm:
    """Function that turns what the VM returned into what a caller gets: arrays over the program's memory,
    integers that are declared unsigned as such, anything else as it is."""
    converters = [scalar_from_vm(description.kind, description.type) for description in descriptions]

    def convert_each(returned: object) -> object:
        values = cast("tuple[object, ...]", returned if len(converters) != 1 else (returned,))
        converted = tuple(
            convert(value) if convert is not None else result_from_vm(value)
            for convert, value in zip(converters, values, strict=True)
        )
        return converted if len(converters) != 1 else converted[0]

    return convert_each if any(converters) else _results_from_vm


def _results_from_vm(returned: object) -> object:
    if isinstance(returned, tuple):
        return tuple(map(result_from_vm, cast("tuple[object, ...]", returned)))
    return result_from_vm(returned)


def result_from_vm(value: object) -> object:
    """What a caller gets for a VM value: arrays over the program's memory, anything else as it is."""
    return value.to_numpy() if type(value) is BufferView else value
