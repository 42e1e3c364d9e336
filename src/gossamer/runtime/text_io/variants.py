"""Values of any type as text: scalars, tensors, files, null; as arguments and as results.

Forms of an argument, taken with the next character of the calling convention:

    3 0x10 2.5               a scalar
    2x2xf32=1 2 3 4          a tensor; `2x2xf32` zeros; `2x2xf32=1` all ones
    2x2xf32=@file.bin        its bytes read from a file; `=+file.bin` goes on where the last read ended
    @file.npy  +file.npy     an array of a NumPy file, from its start or where the last read ended
    *file.npy                all arrays that remain in it, each an argument
    &2x2xf32                 a `!hal.buffer` without shape, for storage
    (null)  (ignored)        null, or zero for a scalar
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from io import BufferedReader
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, cast

import numpy as np

from gossamer.errors import (
    InvalidArgumentError,
    OutOfRangeError,
    StatusError,
    UnimplementedError,
    UnknownError,
)
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.runtime.text_io.numbers import format_float, parse_float, parse_integer_of
from gossamer.runtime.text_io.tensors import (
    allocate_tensor,
    format_tensor,
    parse_shape_and_element_type,
    parse_tensor,
)
from gossamer.vm.numbers.rounding import round_f32
from gossamer.vm.objects.list import List
from gossamer.vm.objects.ref_types import ref_type_name

if TYPE_CHECKING:
    from gossamer.hal.memory.allocator import Allocator

NULL_TEXTS = ("(null)", "(ignored)")
_SCALAR_NAMES = {"i": "i32", "I": "i64", "f": "f32", "F": "f64"}


@dataclass(frozen=True, slots=True)
class Variant:
    """A value with its calling convention character (`r` for refs and null)."""

    kind: str
    value: object


class VariantParser:
    """Parses flag values; keeps files open between values so that one can go on after another.

    Use as a context manager: files are closed at the end.
    """

    def __init__(self, allocator: Allocator) -> None:
        self._allocator = allocator
        self._files: dict[str, BufferedReader] = {}

    def __enter__(self) -> VariantParser:
        return self

    def __exit__(self, *exception: object) -> None:
        for file in self._files.values():
            file.close()

    def parse(
        self, kinds: str, specs: Sequence[str], types: Sequence[str | None] | None = None
    ) -> list[Variant]:
        """Parse every flag value.

        Args:
            kinds: calling convention characters of what is expected, one a value.
            specs: the flag values; `*file.npy` may stand for several.
            types: declared type of each value, `i8` or `tensor<4xf32>`, where it is known.
        Raises: StatusError annotated with the value that is wrong.
        """
        variants: list[Variant] = []
        for spec in specs:
            text = spec.strip()
            try:
                self._parse_spec(text, kinds, variants, types or [None] * len(kinds))
            except StatusError as error:
                raise error.annotate(f"parsing input `{text}`") from None
        return variants

    def _parse_spec(
        self, text: str, kinds: str, variants: list[Variant], types: Sequence[str | None]
    ) -> None:
        if not text:
            raise InvalidArgumentError("no value specified for input")
        if text.startswith("*"):
            file = self._open(text[1:], rewind=False)
            while file.peek(1):
                kind = _next_kind(kinds, variants)
                variants.append(self._check_ref(kind, self._read_array(file, text[1:])))
            return
        kind = _next_kind(kinds, variants)
        variants.append(self._parse_one(text, kind, types[len(variants)]))

    def _parse_one(self, text: str, kind: str, type_name: str | None) -> Variant:
        if text in NULL_TEXTS:
            return Variant(kind, None if kind == "r" else 0.0 if kind in "fF" else 0)
        if text[0] in "@+":
            path = text[1:]
            file = self._open(path, rewind=text[0] == "@")
            return self._check_ref(kind, self._read_array(file, path))
        if text[0] == "&":
            return self._check_ref(kind, self._parse_tensor(text[1:]).buffer)
        if kind != "r":
            return Variant(kind, parse_scalar(text, kind, type_name))
        if "=" not in text and "x" not in text:
            raise InvalidArgumentError(
                "invalid tensor specification, requires at least a shape/type (`4x2xf32=...`)"
            )
        return Variant(kind, self._parse_tensor(text))

    @staticmethod
    def _check_ref(kind: str, value: object) -> Variant:
        if kind != "r":
            raise InvalidArgumentError(
                f"function signature mismatch: expected cconv type `r` but provided type `{kind}`"
            )
        return Variant(kind, value)

    def _parse_tensor(self, text: str) -> BufferView:
        metadata, _, contents = text.partition("=")
        if not contents.startswith(("@", "+")):
            return parse_tensor(text, self._allocator)
        shape, element_type = parse_shape_and_element_type(metadata)
        file = self._open(contents[1:], rewind=contents[0] == "@")
        view = allocate_tensor(shape, element_type, self._allocator)
        data = file.read(view.byte_length)
        if len(data) != view.byte_length:
            raise OutOfRangeError(
                f"file `{contents[1:]}` has {len(data)} bytes left where {view.type_name} "
                f"needs {view.byte_length}"
            )
        view.buffer.to_numpy()[: view.byte_length] = np.frombuffer(data, np.uint8)
        return view

    def _open(self, path: str, *, rewind: bool) -> BufferedReader:
        file = self._files.get(path)
        if file is None:
            try:
                file = self._files[path] = open(path, "rb")  # noqa: SIM115 - closed by __exit__
            except OSError as error:
                raise UnknownError(f"unable to open file `{path}`: {error.strerror}") from error
        elif rewind:
            file.seek(0)
        return file

    def _read_array(self, file: BinaryIO, path: str) -> BufferView:
        if not path.endswith(".npy"):
            raise UnimplementedError("only numpy (.npy) files are supported for metadata-less variant I/O")
        try:
            # Why: a header that Python 2 wrote is read as well as any, and of no interest to a user.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                array = np.lib.format.read_array(file, allow_pickle=False)
        except (ValueError, EOFError, OSError) as error:
            raise InvalidArgumentError(f"file `{path}` holds no NumPy array: {error}") from error
        return BufferView.from_numpy(cast("Any", array), self._allocator, copy=True)


def _next_kind(kinds: str, variants: list[Variant]) -> str:
    if len(variants) >= len(kinds):
        raise InvalidArgumentError("function expected fewer input values")
    return kinds[len(variants)]


_INTEGER_TYPE = re.compile(r"(?P<sign>[su]?)i(?P<bits>\d+)")


def parse_scalar(text: str, kind: str, type_name: str | None = None) -> int | float:
    """Parse a scalar of a calling convention character (`i`, `I`, `f`, `F`).

    Args:
        text: the number.
        kind: how the value is passed.
        type_name: declared type, such as `i8`, which may hold fewer numbers than are passed.
    Returns: integers as signed numbers of the width they are passed in, f32 rounded.
    Raises: InvalidArgumentError where the type does not hold the number.
    """
    name = _SCALAR_NAMES[kind]
    if kind in "iI":
        width = 32 if kind == "i" else 64
        declared = _INTEGER_TYPE.fullmatch(type_name or "")
        if declared is None or not 0 < int(declared["bits"]) <= width:
            value = parse_integer_of(text, name, width)
        else:
            sign = cast("Literal['', 's', 'u']", declared["sign"])
            value = parse_integer_of(text, declared[0], int(declared["bits"]), sign=sign)
        return value if value < 1 << (width - 1) else value - (1 << width)
    number = parse_float(text, name)
    return round_f32(number) if kind == "f" else number


def format_scalar(variant: Variant) -> str:
    """Print a scalar with its type: `i32=7`."""
    name = _SCALAR_NAMES[variant.kind]
    value = cast("int | float", variant.value)
    text = str(value) if variant.kind in "iI" else format_float(value, upper=False)
    return f"{name}={text}"


def format_variant(variant: Variant, max_element_count: int) -> str:
    """Print a value as tools do, without a name and without the last line feed."""
    if variant.kind != "r":
        return format_scalar(variant)
    value = variant.value
    if value is None:
        return "(null)"
    if isinstance(value, BufferView):
        return "hal.buffer_view\n" + format_tensor(value, max_element_count)
    if isinstance(value, List):
        children = (list_variant(value, index) for index in range(len(value)))
        return "vm.list\n" + format_variants("child_list", list(children), max_element_count)
    return f"{ref_type_name(value).removeprefix('!')}\n(no printer)"


def format_variants(name: str, variants: Sequence[Variant], max_element_count: int) -> str:
    """Print values one after another, each `name[i]: value` and a line feed."""
    return "".join(
        f"{name}[{index}]: {format_variant(variant, max_element_count)}\n"
        for index, variant in enumerate(variants)
    )


_KINDS_OF_ELEMENTS = {"i8": "i", "i16": "i", "i32": "i", "i64": "I", "f32": "f", "f64": "F"}


def list_variant(values: List, index: int) -> Variant:
    """Element of a list as a variant."""
    return Variant(_KINDS_OF_ELEMENTS.get(values.kind(index), "r"), values[index])
