"""Results of a call: printed, written to files, or compared with what was expected.

Forms of an output, one for each result:

    (empty)                  ignore it
    -                        print it
    @file.npy  +file.npy     write, or append, a NumPy array; scalars have shape ()
    @file.bin  +file.bin     write, or append, the bytes alone
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.abi import element_type as element_types
from gossamer.errors import InvalidArgumentError, OutOfRangeError, UnimplementedError, UnknownError
from gossamer.format.whole_file import whole_file
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.runtime.text_io.tensors import format_elements, format_tensor
from gossamer.runtime.text_io.variants import Variant, format_scalar, format_variant
from gossamer.vm.objects.buffer import Buffer as VmBuffer

if TYPE_CHECKING:
    import numpy.typing as npt

_MAX_COMPARED_ELEMENTS_PRINTED = 1024
_SCALAR_DTYPES = {"i": np.int32, "I": np.int64, "f": np.float32, "F": np.float64}


def write_outputs(variants: Sequence[Variant], specs: Sequence[str], max_element_count: int) -> str:
    """Write each result where its flag value says.

    Returns: text for standard output.
    Raises: OutOfRangeError when there are not as many flag values as results; UnknownError when a
        file cannot be written.
    """
    if len(variants) != len(specs):
        raise OutOfRangeError(
            f"{len(specs)} outputs specified but the provided variant list only has {len(variants)} elements"
        )
    text = ""
    for variant, spec in zip(variants, specs, strict=True):
        if spec == "-":
            text += format_variant(variant, max_element_count) + "\n"
        elif spec:
            _write_file(variant, spec)
    return text


def _write_file(variant: Variant, spec: str) -> None:
    path = spec[1:]
    if spec[0] not in "@+":
        raise UnimplementedError(f"unsupported output mode specification '{spec}'")
    array = _as_array(variant)
    try:
        with whole_file(path) if spec[0] == "@" else open(path, "ab") as file:
            if path.endswith(".npy"):
                np.lib.format.write_array(file, array, allow_pickle=False)
            else:
                file.write(array.tobytes())
    except OSError as error:
        raise UnknownError(f"unable to write file `{path}`: {error.strerror}") from error


def _as_array(variant: Variant) -> npt.NDArray[Any]:
    value = variant.value
    if variant.kind != "r":
        return np.array(value, _SCALAR_DTYPES[variant.kind])
    if value is None:
        return np.zeros(0, np.int8)
    if isinstance(value, BufferView):
        return value.to_numpy()
    if isinstance(value, Buffer):
        return value.to_numpy().view(np.int8)
    if isinstance(value, VmBuffer):
        return np.frombuffer(value.data, np.int8)
    raise InvalidArgumentError(
        "unsupported output source type; expected: !hal.buffer, !hal.buffer_view, !vm.buffer"
    )


@dataclass(frozen=True, slots=True)
class Equality:
    """When two tensors count as equal.

    Attributes:
        exact: compare bytes; the tolerances are not used.
        absolute: tolerance of each float type, by its name.
        relative: shared by all: `|actual - expected| <= absolute + relative * |expected|`.
    """

    exact: bool
    absolute: dict[str, float]
    relative: float


def compare_results(expected: Sequence[Variant | None], actual: Sequence[Variant], equality: Equality) -> str:
    """Compare results with what was expected; None accepts anything.

    Returns: text that says what differs, or "" where all match.
    """
    if len(expected) != len(actual):
        return f"[FAILED] expected {len(expected)} list elements but {len(actual)} provided\n"
    return "".join(
        _compare(index, wanted, found, equality)
        for index, (wanted, found) in enumerate(zip(expected, actual, strict=True))
        if wanted is not None
    )


def _compare(index: int, expected: Variant, actual: Variant, equality: Equality) -> str:
    wanted, found = expected.value, actual.value
    if expected.kind == actual.kind != "r":
        return _compare_scalars(index, expected, actual)
    if wanted is None and found is None:
        return ""
    if isinstance(wanted, BufferView) and isinstance(found, BufferView):
        return _compare_tensors(index, wanted, found, equality)
    return (
        f"[FAILED] result[{index}]: variant types mismatch; expected {_type_text(expected)} "
        f"but got {_type_text(actual)}\n"
    )


def _compare_scalars(index: int, expected: Variant, actual: Variant) -> str:
    if expected.value == actual.value or (expected.value != expected.value and actual.value != actual.value):
        return ""
    name, wanted = format_scalar(expected).split("=")
    return (
        f"[FAILED] result[{index}]: {name} values differ\n"
        f"  expected: {wanted}\n  actual: {format_scalar(actual).split('=')[1]}\n"
    )


def _type_text(variant: Variant) -> str:
    if variant.kind != "r":
        return format_scalar(variant).split("=")[0]
    return "empty" if variant.value is None else format_variant(variant, 0).split("\n")[0]


def _compare_tensors(index: int, expected: BufferView, actual: BufferView, equality: Equality) -> str:
    difference = _difference(expected, actual, equality)
    if not difference:
        return ""
    return (
        f"[FAILED] result[{index}]: {difference}; expected that the view is equal to contents of a view of "
        f"{expected.type_name}\n  expected:\n{format_tensor(expected, _MAX_COMPARED_ELEMENTS_PRINTED)}"
        f"\n  actual:\n{format_tensor(actual, _MAX_COMPARED_ELEMENTS_PRINTED)}\n"
    )


def _difference(expected: BufferView, actual: BufferView, equality: Equality) -> str:
    if expected.shape != actual.shape or expected.element_type != actual.element_type:
        return f"metadata is {actual.type_name}; expected that the view matches {expected.type_name}"
    count = prod(expected.shape)
    size = element_types.byte_length(expected.element_type, 1)
    wanted = expected.buffer.to_numpy()[: count * size]
    found = actual.buffer.to_numpy()[: count * size]
    tolerance = equality.absolute.get(element_types.element_type_name(expected.element_type))
    if equality.exact or tolerance is None:
        unequal = (wanted.reshape(count, size) != found.reshape(count, size)).any(axis=1)
    else:
        dtype = element_types.numpy_dtype(expected.element_type)
        unequal = ~_almost_equal(found.view(dtype), wanted.view(dtype), tolerance, equality.relative)
    if not unequal.any():
        return ""
    first = int(np.argmax(unequal))
    texts = [
        format_elements(data[first * size : (first + 1) * size], expected.element_type)[0]
        for data in (found, wanted)
    ]
    return f"element at index {first} ({texts[0]}) does not match the expected ({texts[1]})"


def _almost_equal(
    actual: npt.NDArray[Any], expected: npt.NDArray[Any], absolute: float, relative: float
) -> npt.NDArray[np.bool_]:
    found, wanted = actual.astype(np.float64), expected.astype(np.float64)
    with np.errstate(invalid="ignore"):
        close = np.abs(found - wanted) <= absolute + relative * np.abs(wanted)
    same = (found == wanted) | (np.isnan(found) & np.isnan(wanted))
    return np.where(np.isfinite(found) & np.isfinite(wanted), close, same)
