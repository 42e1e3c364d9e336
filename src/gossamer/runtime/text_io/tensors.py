"""Tensors as text: `2x3xf32=[1 2 3][4 5 6]`.

Shape and element type, `=`, elements. Commas, spaces and brackets only separate; one element alone fills
the tensor; no elements mean zeros. Element types without numbers of their own (`i1`, `*32`) are written as
hexadecimal bytes in memory order. So are complex numbers when printed; read are `1+2j` and `(1,2)` too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gossamer.abi import element_type as element_types
from gossamer.errors import InvalidArgumentError, OutOfRangeError, ResourceExhaustedError
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.runtime.text_io.numbers import format_float, parse_float, parse_integer_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from gossamer.hal.memory.allocator import Allocator

_SEPARATORS = re.compile(r"[\s,\[\]]+")
_PAIR = re.compile(r"\(\s*([^,()]+?)\s*,\s*([^,()]+?)\s*\)")
_MAX_BYTES = 1 << 40


def parse_shape_and_element_type(text: str) -> tuple[list[int], int]:
    """Parse `2x3xf32` (what follows a `=` is ignored).

    Returns: dimensions and an element type code.
    Raises: InvalidArgumentError on anything else.
    """
    stripped = text.strip().removeprefix('"').removesuffix('"')
    if not stripped:
        raise InvalidArgumentError("empty string input")
    sizes, type_text = element_types.split_tensor_text(stripped.partition("=")[0])
    shape = [_parse_dimension(size, index, "x".join(sizes)) for index, size in enumerate(sizes)]
    return shape, element_types.parse_element_type(type_text)


def _parse_dimension(text: str, index: int, shape: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise InvalidArgumentError(f"shape[{index}] invalid value '{text}' of '{shape}'")
    return int(text)


def parse_tensor(text: str, allocator: Allocator) -> BufferView:
    """Parse a tensor with or without elements into a new buffer.

    Raises: InvalidArgumentError, OutOfRangeError when there are too few or too many elements.
    """
    shape, element_type = parse_shape_and_element_type(text)
    elements = text.strip().removeprefix('"').removesuffix('"').partition("=")[2]
    view = allocate_tensor(shape, element_type, allocator)
    count = prod(shape)
    view.buffer.to_numpy()[: view.byte_length] = _parse_elements(elements, element_type, count)
    return view


def allocate_tensor(shape: Sequence[int], element_type: int, allocator: Allocator) -> BufferView:
    """Make a tensor of undefined contents; refuses sizes no machine has."""
    byte_length = element_types.byte_length(element_type, prod(shape))
    if byte_length > _MAX_BYTES:
        raise ResourceExhaustedError(f"a tensor of {byte_length} bytes does not fit in memory")
    return BufferView(allocator.allocate_buffer(byte_length), shape, element_type)


def _parse_elements(text: str, element_type: int, count: int) -> npt.NDArray[np.uint8]:
    if not text:
        return np.zeros(element_types.byte_length(element_type, count), np.uint8)
    if element_type in _COMPLEX:
        text = _PAIR.sub(r" \1;\2 ", text)
    tokens = [token for token in _SEPARATORS.split(text) if token]
    if len(tokens) > count:
        raise OutOfRangeError(f"output data overflow: element_capacity={count} < dst_i={count}")
    if len(tokens) < count and len(tokens) != 1:
        raise OutOfRangeError(f"input data string underflow: dst_i={len(tokens)} < element_capacity={count}")
    data = b"".join(parse_element(token, element_type) for token in tokens)
    parsed = np.frombuffer(data, np.uint8)
    return parsed if len(tokens) == count else np.tile(parsed, count)


def parse_element(text: str, element_type: int) -> bytes:
    """Bytes of one element: a number, or hexadecimal digits where the type is none of numbers.

    Raises: InvalidArgumentError where it is none of that type.
    """
    element_bytes = element_types.byte_length(element_type, 1)
    name = element_types.element_type_name(element_type)
    numerical = element_type >> 24
    if numerical in _SIGNS and element_bytes * 8 == element_types.bit_count(element_type):
        return _parse_integer_element(text, name, element_type, element_bytes)
    if numerical in _FLOATS:
        return _round_float(parse_float(text, name), element_type)
    if element_type in _COMPLEX and len(text) != 2 * element_bytes:
        return _parse_complex_element(text, name, element_type)
    if len(text) != 2 * element_bytes:
        raise InvalidArgumentError(
            f"binary hex element count mismatch: buffer length={len(text)} < expected={2 * element_bytes}"
        )
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise InvalidArgumentError(f"value `{text}` of a {name} is not hexadecimal") from error


_IMAGINARY_UNIT = re.compile(r"i$")
_SIGNS: dict[int, Literal["", "s", "u"]] = {
    element_types.NUMERICAL_INTEGER: "",
    element_types.NUMERICAL_INTEGER_SIGNED: "s",
    element_types.NUMERICAL_INTEGER_UNSIGNED: "u",
}
_COMPLEX = (element_types.COMPLEX_64, element_types.COMPLEX_128)
_FLOATS = (
    element_types.NUMERICAL_FLOAT_IEEE,
    element_types.NUMERICAL_FLOAT_BRAIN,
    0x24,
    0x25,
    0x26,
    0x27,
    0x28,
)


def _parse_complex_element(text: str, name: str, element_type: int) -> bytes:
    """Read `1+2j`, `1+2i`, `2.5`, or the two parts that a semicolon is between."""
    real, separator, imaginary = text.partition(";")
    if separator:
        value = complex(parse_float(real, name), parse_float(imaginary, name))
    else:
        try:
            value = complex(_IMAGINARY_UNIT.sub("j", text))
        except ValueError:
            raise InvalidArgumentError(
                f"parsing value `{text}` as {name}: expected '1+2j', '(1,2)' or hexadecimal bytes"
            ) from None
    with np.errstate(over="ignore"):
        return np.array(value).astype(element_types.numpy_dtype(element_type)).tobytes()


def _round_float(value: float, element_type: int) -> bytes:
    dtype = element_types.numpy_dtype(element_type)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        if dtype.itemsize == 8:
            return np.array(value, dtype).tobytes()
        # Why: narrow types are rounded twice, through f32, as the reference's parser does.
        return np.array(value, np.float32).astype(dtype).tobytes()


def _parse_integer_element(text: str, name: str, element_type: int, element_bytes: int) -> bytes:
    bits = element_bytes * 8
    value = parse_integer_of(text, name, bits, sign=_SIGNS[element_type >> 24])
    return (value & ((1 << bits) - 1)).to_bytes(element_bytes, "little")


def format_tensor(view: BufferView, max_element_count: int) -> str:
    """Print shape, type and at most `max_element_count` elements; `...` stands for the rest."""
    budget = [max_element_count]
    data = view.buffer.to_numpy()[: view.byte_length]
    elements = _format_dimensions(data, list(view.shape), view.element_type, budget)
    return f"{view.type_name}={elements}"


def _format_dimensions(
    data: npt.NDArray[np.uint8], shape: list[int], element_type: int, budget: list[int]
) -> str:
    if len(shape) <= 1:
        return _format_row(data, shape[0] if shape else 1, element_type, budget)
    stride = element_types.byte_length(element_type, prod(shape[1:]))
    rows = (
        _format_dimensions(data[index * stride : (index + 1) * stride], shape[1:], element_type, budget)
        for index in range(shape[0])
    )
    return "".join(f"[{row}]" for row in rows)


def _format_row(data: npt.NDArray[np.uint8], length: int, element_type: int, budget: list[int]) -> str:
    count = min(budget[0], length)
    budget[0] -= count
    size = element_types.byte_length(element_type, 1)
    text = " ".join(format_elements(data[: count * size], element_type))
    return text if count == length else text + "..."


def format_elements(data: npt.NDArray[np.uint8], element_type: int) -> list[str]:
    """Print each element of packed bytes."""
    numerical = element_type >> 24
    size = element_types.byte_length(element_type, 1)
    if numerical in _SIGNS and size * 8 == element_types.bit_count(element_type):
        values: npt.NDArray[Any] = data.view(element_types.numpy_dtype(element_type))
        return [str(value) for value in values.tolist()]
    if numerical in _FLOATS:
        floats: npt.NDArray[Any] = data.view(element_types.numpy_dtype(element_type))
        return [format_float(float(value)) for value in floats.astype(np.float64).tolist()]
    text = data.tobytes().hex().upper()
    return [text[start : start + 2 * size] for start in range(0, len(text), 2 * size)]
