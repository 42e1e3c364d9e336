"""`check.*`: expectations of test programs.

A failed expectation is reported, it does not end the program. One that cannot be checked is an error.
Spec: functions, comparisons and texts as in `iree/modules/check` of IREE 3.13.0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from gossamer.abi import element_type as element_types
from gossamer.abi.check_functions import CHECK
from gossamer.abi.ref_types import BUFFER_VIEW
from gossamer.errors import InvalidArgumentError
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.modules.native import FunctionTable, NativeModule, wrong_ref

_FLOATS = (
    element_types.FLOAT_64,
    element_types.FLOAT_32,
    element_types.FLOAT_16,
    element_types.BFLOAT_16,
    element_types.FLOAT_8_E4M3_FN,
    element_types.FLOAT_8_E4M3_FNUZ,
    element_types.FLOAT_8_E5M2,
    element_types.FLOAT_8_E5M2_FNUZ,
    element_types.FLOAT_8_E8M0_FNU,
)
_MAX_PRINTED_ELEMENTS = 32


def check_module(report: Callable[[str], None], format_tensor: Callable[[BufferView], str]) -> NativeModule:
    """Make the module.

    Args:
        report: gets the text of each failed expectation, lines without a newline at the end.
        format_tensor: prints a tensor for such a text.
    """
    functions = FunctionTable(CHECK)

    @functions.export("expect_true")
    def expect_true(value: int) -> None:  # pyright: ignore[reportUnusedFunction]
        if not value:
            report(_condition_text("true", f"Expected {value} to be nonzero."))

    @functions.export("expect_false")
    def expect_false(value: int) -> None:  # pyright: ignore[reportUnusedFunction]
        if value:
            report(_condition_text("false", f"Expected {value} to be zero."))

    @functions.export("expect_all_true")
    def expect_all_true(_device: object, view: object) -> None:  # pyright: ignore[reportUnusedFunction]
        _expect_all_true(_checked(view), report)

    @functions.export("expect_eq")
    def expect_eq(_device: object, lhs: object, rhs: object) -> None:  # pyright: ignore[reportUnusedFunction]
        text = _equality_failure(_checked(lhs), _checked(rhs))
        if text:
            report(text + _tensors_text(_checked(lhs), _checked(rhs), format_tensor))

    @functions.export("expect_almost_eq")
    def expect_almost_eq(  # pyright: ignore[reportUnusedFunction]
        _device: object, lhs: object, rhs: object, atol: float, rtol: float
    ) -> None:
        text = _near_equality_failure(_checked(lhs), _checked(rhs), atol, rtol)
        if text:
            report(text + _tensors_text(_checked(lhs), _checked(rhs), format_tensor))

    return NativeModule(functions)


def _checked(view: object) -> BufferView:
    if type(view) is not BufferView:
        raise wrong_ref(view, BUFFER_VIEW)
    return view


def _condition_text(expected: str, message: str) -> str:
    actual = "false" if expected == "true" else "true"
    return f"Value of: operand\n  Actual: {actual}\nExpected: {expected}\n{message}"


def _tensors_text(lhs: BufferView, rhs: BufferView, format_tensor: Callable[[BufferView], str]) -> str:
    return f"\n  lhs:\n    {format_tensor(lhs)}\n  rhs:\n    {format_tensor(rhs)}"


def _bytes(view: BufferView) -> npt.NDArray[np.uint8]:
    return view.buffer.to_numpy()[: view.byte_length]


def _type_mismatches(lhs: BufferView, rhs: BufferView) -> str:
    element_types_differ = lhs.element_type != rhs.element_type
    return (" Element types do not match." if element_types_differ else "") + (
        " Shapes do not match." if lhs.shape != rhs.shape else ""
    )


def _equality_failure(lhs: BufferView, rhs: BufferView) -> str:
    text = _type_mismatches(lhs, rhs)
    if not np.array_equal(_bytes(lhs), _bytes(rhs)):
        text += " Contents does not match."
    return f"Expected equality of these values.{text}" if text else ""


def _near_equality_failure(lhs: BufferView, rhs: BufferView, atol: float, rtol: float) -> str:
    text = _type_mismatches(lhs, rhs)
    if not text:
        if lhs.element_type not in _FLOATS:
            raise _unsupported(lhs)
        index = _first_difference(_floats(lhs), _floats(rhs), atol, rtol)
        if index is not None:
            left, right = float(_floats(lhs)[index]), float(_floats(rhs)[index])
            text = (
                f" Contents does not match to tolerance parameters atol={atol:g}, rtol={rtol:g}. The first "
                f"failure occurs at index {index} as the lhs value {left:g} differs from the rhs value "
                f"{right:g} by {right - left:.3e}."
            )
    return f"Expected near equality of these values.{text}" if text else ""


def _floats(view: BufferView) -> npt.NDArray[np.float64]:
    return _bytes(view).view(element_types.numpy_dtype(view.element_type)).astype(np.float64)


def _first_difference(
    lhs: npt.NDArray[np.float64], rhs: npt.NDArray[np.float64], atol: float, rtol: float
) -> int | None:
    with np.errstate(all="ignore"):
        near = np.isfinite(rhs) & (np.abs(lhs - rhs) <= atol + rtol * np.abs(rhs))
    different = ~(near | (lhs == rhs) | (np.isnan(lhs) & np.isnan(rhs)))
    return int(np.argmax(different)) if different.any() else None


def _expect_all_true(view: BufferView, report: Callable[[str], None]) -> None:
    numerical = view.element_type >> 24
    is_integer = numerical in (
        element_types.NUMERICAL_INTEGER,
        element_types.NUMERICAL_INTEGER_SIGNED,
        element_types.NUMERICAL_INTEGER_UNSIGNED,
    ) and element_types.bit_count(view.element_type) in (8, 16, 32, 64)
    if not is_integer and view.element_type not in (element_types.FLOAT_32, element_types.FLOAT_64):
        raise _unsupported(view)
    values: npt.NDArray[Any] = _bytes(view).view(element_types.numpy_dtype(view.element_type))
    if values.all():
        return
    printed = [_value_text(value) for value in values[:_MAX_PRINTED_ELEMENTS]]
    if len(values) > _MAX_PRINTED_ELEMENTS:
        printed.append("...")
    report(
        "Value of: ToSpan<T>(bytes)\n"
        f"Expected: only contains elements that isn't equal to {_value_text(values.dtype.type(0))}\n"
        f"  Actual: {{ {', '.join(printed)} }}, whose element #{int(np.argmax(values == 0))} doesn't match"
    )


def _value_text(value: Any) -> str:
    """An element as Google Test prints it: 8-bit integers are characters."""
    if value.dtype.itemsize > 1:
        return f"{value:g}" if value.dtype.kind == "f" else str(value)
    byte = int(value) & 0xFF
    if byte == 0:
        return r"'\0'"
    shown = chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:X}"
    return f"'{shown}' ({int(value)})"


def _unsupported(view: BufferView) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"unsupported element type {element_types.element_type_name(view.element_type)}"
    )
