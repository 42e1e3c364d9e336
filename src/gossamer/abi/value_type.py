"""Types of what crosses a function's boundary: as declarations spell them, and as calls pass them.

tensor<4x?xf32>    a `!hal.buffer_view`; `?` is any size
i32, f64, index    a number in a register
!hal.buffer        a ref, passed as it is
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

_TENSOR = re.compile(r"tensor<(?P<dims>(?:(?:\?|\d+)x)*)(?P<element>[^,]+?)(?:,.*)?>", re.DOTALL)
_SIGNED_INTEGER = re.compile(r"[su](?=i\d+$)")
_CHARACTERS = {"index": "I", "i64": "I", "f64": "F", "f32": "f"}


@dataclass(frozen=True, slots=True)
class TensorType:
    """A tensor, passed as a `!hal.buffer_view`.

    Attributes:
        shape: extent of each dimension, None where the caller decides.
        element: element type as MLIR spells it.
    """

    shape: tuple[int | None, ...]
    element: str

    def __str__(self) -> str:
        dims = "".join("?x" if extent is None else f"{extent}x" for extent in self.shape)
        return f"tensor<{dims}{self.element}>"


@dataclass(frozen=True, slots=True)
class ScalarType:
    """A number passed in a register.

    Attributes:
        name: as MLIR spells it.
        is_unsigned: whether callers see an integer without sign.
    """

    name: str
    is_unsigned: bool = False

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class RefType:
    """A ref passed as it is; `name` is its full type, for example "!hal.buffer_view"."""

    name: str

    def __str__(self) -> str:
        return self.name


ValueType: TypeAlias = TensorType | ScalarType | RefType


def convention_character(type: ValueType) -> str:
    """Calling convention character of a type."""
    if not isinstance(type, ScalarType):
        return "r"
    # Narrow integers, f16 and bf16 travel in the low bits of an i32.
    return _CHARACTERS.get(type.name, "i")


def parse_value_type(text: str) -> ValueType:
    """Type of a text as declarations have it; the encoding of a tensor is left out."""
    match = _TENSOR.fullmatch(text)
    if match is not None:
        sizes = match["dims"].split("x")[:-1]
        shape = tuple(None if size == "?" else int(size) for size in sizes)
        return TensorType(shape, match["element"].strip())
    return RefType(text) if "!" in text else ScalarType(text)


def are_compatible(expected: ValueType, found: ValueType) -> bool:
    """True unless two types can never meet: element types, ranks or static sizes differ.

    A dynamic dimension meets any, an index an i64. Signedness does not matter, as in a buffer view's own
    check. Refs meet those of their name; a tensor meets a bare buffer view, and anything a ref of which
    nothing is said.
    """
    if isinstance(expected, RefType) or isinstance(found, RefType):
        one, other = _ref_kind(expected), _ref_kind(found)
        return one == other or "" in (one, other)
    if not isinstance(expected, TensorType) or not isinstance(found, TensorType):
        return _without_sign(str(expected)) == _without_sign(str(found))
    if _without_sign(expected.element) != _without_sign(found.element):
        return False
    return len(expected.shape) == len(found.shape) and all(
        None in (one, other) or one == other for one, other in zip(expected.shape, found.shape, strict=True)
    )


_REF = re.compile(r"!vm\.ref<(.*)>", re.DOTALL)
_ANYTHING = ("?", "!util.object", "!util.variant", "!vm.opaque")


def ref_name(name: str) -> str:
    """The one name of a ref type that has several: `!util.buffer`, `!vm.ref<!vm.buffer>` are `!vm.buffer`."""
    match = _REF.fullmatch(name)
    inside = name if match is None else match[1].strip()
    if inside in _ANYTHING:
        return "!vm.opaque"
    prefix, list_type, element = inside.partition("!util.list")
    if list_type and not prefix:
        return f"!vm.list{element}"
    return "!vm.buffer" if inside == "!util.buffer" else inside


def _ref_kind(type: ValueType) -> str:
    """What a value is as a ref; "" where it may be anything."""
    if not isinstance(type, RefType):
        return "!hal.buffer_view"
    name = ref_name(type.name)
    if name.startswith("!torch."):
        # Tensors of PyTorch programs, as IREE declares them.
        return "!hal.buffer_view"
    if name.startswith("!vm.list"):
        return "!vm.list"
    return "" if name == "!vm.opaque" else name


def _without_sign(type_name: str) -> str:
    name = _SIGNED_INTEGER.sub("", type_name.strip())
    return "i64" if name == "index" else name
