"""Types of a Python module's functions: annotations in, calling conventions and declarations out.

    int, float, bool                        i64, f64, i1
    Annotated[int, "i32"]                   a scalar of that type
    Annotated[np.ndarray, "4x?xf32"]        a tensor; `?` is any size
    Annotated[np.ndarray, "4xf32", Output(0)]  storage of result 0, given by the caller
    np.ndarray                              a tensor of any shape and type
    anything else                           a ref, see `ref_types`

Declarations are spelled as the compiler spells them in `iree.abi.declaration`, so that linking compares both.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, cast, get_args, get_origin

import numpy as np
import numpy.typing as npt

from gossamer.abi import element_type as element_types
from gossamer.abi.mlir_element_type import mlir_element_type
from gossamer.abi.ref_types import BUFFER_VIEW
from gossamer.abi.value_type import RefType, ScalarType, TensorType, convention_character
from gossamer.errors import InvalidArgumentError
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.modules.python.ref_types import ObjectConverter, RefConverter, parse_ref
from gossamer.vm.numbers.rounding import round_f32
from gossamer.vm.numbers.wrapping import wrap_i32, wrap_i64

if TYPE_CHECKING:
    from gossamer.hal.memory.allocator import Allocator

FromVm: TypeAlias = Callable[[object], object]
ToVm: TypeAlias = Callable[[object], object]


@dataclass(frozen=True, slots=True)
class Output:
    """Marks a tensor parameter as storage, given by the caller, of a result.

    Attributes:
        result: index of the result that is written to it; the function returns the same array there.
    """

    result: int


@dataclass(frozen=True, slots=True)
class ScalarConverter:
    """A scalar: `i1`, `i8`, `i16`, `i32`, `i64`, `f32` or `f64`."""

    name: str

    @property
    def value_type(self) -> ScalarType:
        """The type, as declarations have it."""
        return ScalarType(self.name)

    def from_vm(self, value: object) -> object:
        """Value a Python function receives."""
        return bool(value) if self.name == "i1" else value

    def to_vm(self, value: object, what: str) -> object:
        """Value the VM receives: f32 rounded, integers as signed numbers of the width they are passed in.

        Raises: InvalidArgumentError naming `what` when it is no number, or none that the type holds.
        """
        if isinstance(value, np.ndarray):
            array = cast("npt.NDArray[Any]", value)
            value = array[()] if array.ndim == 0 else array
        if not isinstance(value, (bool, int, float, np.bool_, np.integer, np.floating)):
            raise InvalidArgumentError(f"{what} expected {self.name}, found {type(value).__name__}")
        number = cast("int | float", value)
        kind = convention_character(self.value_type)
        if kind in "iI":
            bits = int(self.name[1:])
            if (
                not math.isfinite(number)
                or number != int(number)
                or not -(1 << (bits - 1)) <= number < 1 << bits
            ):
                raise InvalidArgumentError(f"{what} expected {self.name}, which does not hold {number}")
        return _SCALAR_CONVERSIONS[kind](number)


_SCALAR_NAMES = ("i1", "i8", "i16", "i32", "i64", "f32", "f64")
_SCALAR_CONVERSIONS: dict[str, Callable[[Any], int | float]] = {
    "i": lambda value: wrap_i32(int(value)),
    "I": lambda value: wrap_i64(int(value)),
    "f": lambda value: round_f32(float(value)),
    "F": float,
}

_NO_ARRAY: tuple[type, ...] = (type(None), str, bytes, dict, tuple)
"""Of these NumPy makes arrays that nobody meant; a tuple stands for several results."""


@dataclass(frozen=True, slots=True)
class TensorConverter:
    """A tensor.

    Attributes:
        shape: sizes, None for any; None as a whole for any rank.
        element_type: a code of `hal.element_type`, or None for any.
        output: the result whose storage this parameter is, or None.
    """

    shape: tuple[int | None, ...] | None = None
    element_type: int | None = None
    output: int | None = None

    @property
    def value_type(self) -> TensorType | RefType:
        """The type, as declarations have it."""
        if self.shape is None or self.element_type is None:
            return RefType(BUFFER_VIEW)
        return TensorType(self.shape, mlir_element_type(self.element_type))

    def from_vm(self, value: object) -> object:
        """A NumPy array over the tensor's memory; read-only unless it is storage of a result."""
        if not isinstance(value, BufferView):
            raise InvalidArgumentError(f"expected a !hal.buffer_view for {self.value_type}, found {value!r}")
        self.check(value.shape, value.element_type, "argument")
        array = value.to_numpy()
        if self.output is None:
            array = array.view()
            array.flags.writeable = False
        return array

    def to_vm(self, value: object, allocator: Allocator, what: str) -> BufferView:
        """A buffer view with a copy of an array: what Python keeps, Python may change later.

        Raises: InvalidArgumentError naming `what` when shape or dtype do not fit.
        """
        if isinstance(value, BufferView):
            self.check(value.shape, value.element_type, what)
            return value
        array = value if type(value) is np.ndarray else self._array_of(value, what)
        element_type = element_types.element_type_of(array.dtype)
        self.check(array.shape, element_type, what)
        code = element_type if self.element_type is None else self.element_type
        return BufferView.from_numpy(array, allocator, element_type=code, copy=True)

    def _array_of(self, value: object, what: str) -> npt.NDArray[Any]:
        """What is not an array yet; numbers and lists of Python take the declared element type."""
        if not isinstance(value, _NO_ARRAY):
            try:
                array = self._converted(np.asarray(cast("Any", value)), value)
                element_types.element_type_of(array.dtype)
            except (TypeError, ValueError, OverflowError, NotImplementedError):
                pass
            else:
                return array
        found = "None" if value is None else type(value).__name__
        hint = "; await it first" if hasattr(type(value), "__await__") else ""
        raise InvalidArgumentError(f"{what} expected {self.value_type}, found {found}{hint}")

    def _converted(self, array: npt.NDArray[Any], value: object) -> npt.NDArray[Any]:
        if self.element_type is None or not isinstance(value, (bool, int, float, complex, list)):
            return array
        dtype = element_types.numpy_dtype(self.element_type)
        # Why: NumPy would cut 1.5 to 1, and drop imaginary parts.
        loses = (np.dtype(dtype).kind in "biu" and array.dtype.kind in "fc") or array.dtype.kind == "c"
        return array if loses else np.asarray(value, dtype)

    def check(self, shape: Sequence[int], element_type: int, what: str) -> None:
        """Raise InvalidArgumentError unless a tensor of this shape and element type fits."""
        if self.element_type is not None and not element_types.are_compatible(
            element_type, self.element_type
        ):
            expected, found = map(element_types.element_type_name, (self.element_type, element_type))
            raise InvalidArgumentError(
                f"{what} element type mismatch; expected {expected} ({self.element_type:08x}) "
                f"but have {found} ({element_type:08x})"
            )
        if self.shape is None:
            return
        if len(shape) != len(self.shape):
            raise InvalidArgumentError(
                f"{what} shape rank mismatch; expected {len(self.shape)} but have {len(shape)}"
            )
        for index, (expected_size, size) in enumerate(zip(self.shape, shape, strict=True)):
            if expected_size is not None and size != expected_size:
                raise InvalidArgumentError(
                    f"{what} shape dimension {index} mismatch; expected {expected_size} but have {size}"
                )


ValueConverter: TypeAlias = ScalarConverter | TensorConverter | RefConverter


def parse_annotation(annotation: object, where: str) -> ValueConverter:
    """Read the type of a parameter or result.

    Args:
        annotation: as `typing.get_type_hints(..., include_extras=True)` gives it.
        where: named in errors, such as "Tracker.run(value)".
    Raises: InvalidArgumentError on a type text that is none.
    """
    base, extras = annotation, ()
    if get_origin(annotation) is Annotated:
        base, *extras = get_args(annotation)
    texts = [extra for extra in extras if isinstance(extra, str)]
    if texts and texts[0].startswith("!"):
        return parse_ref(base, texts[0], where)
    outputs = [extra.result for extra in extras if isinstance(extra, Output)]
    if base in (int, float, bool):
        return _parse_scalar(cast("type", base), texts, where)
    is_array = base is np.ndarray or get_origin(base) is np.ndarray
    if texts:
        return _parse_tensor(texts[0], outputs[0] if outputs else None, where)
    if is_array:
        return TensorConverter(output=outputs[0] if outputs else None)
    return ObjectConverter()


def _parse_scalar(base: type, texts: list[str], where: str) -> ScalarConverter:
    name = texts[0] if texts else {bool: "i1", int: "i64", float: "f64"}[base]
    if name not in _SCALAR_NAMES:
        raise InvalidArgumentError(
            f"{where}: {name!r} is no scalar type; expected one of {', '.join(_SCALAR_NAMES)}"
        )
    return ScalarConverter(name)


def _parse_tensor(text: str, output: int | None, where: str) -> TensorConverter:
    sizes, type_text = element_types.split_tensor_text(text)
    if any(size != "?" and not size.isdigit() for size in sizes):
        raise InvalidArgumentError(
            f"{where}: {text!r} is no tensor type; expected sizes and an element type, as in '4x?xf32'"
        )
    try:
        element_type = element_types.parse_element_type(type_text)
    except InvalidArgumentError as error:
        raise error.annotate(f"{where}: in tensor type {text!r}") from None
    shape = tuple(None if size == "?" else int(size) for size in sizes)
    return TensorConverter(shape, element_type, output)
