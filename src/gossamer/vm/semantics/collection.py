"""Operations on `!vm.list`, and on refs whatever they refer to.

Indices and sizes are unsigned: a negative i32 stands for a number too large for any list.
Errors: InvalidArgumentError for null, and those of `vm.objects.list`.
"""

from __future__ import annotations

from collections.abc import Callable

from gossamer.errors import InvalidArgumentError
from gossamer.vm.numbers.wrapping import MASK_32
from gossamer.vm.objects.list import List
from gossamer.vm.objects.ref_types import ref_type_name


def as_list(ref: object) -> List:
    """The ref, if it is a list; InvalidArgumentError otherwise."""
    if isinstance(ref, List):
        return ref
    raise InvalidArgumentError(
        "list is null" if ref is None else f"expected !vm.list, found {ref_type_name(ref)}"
    )


def allocate_list(element_type: str, capacity: int) -> List:
    """A list with no elements and room for `capacity`."""
    made = List(element_type)
    made.reserve(capacity & MASK_32)
    return made


def _reserve(ref: object, capacity: int) -> None:
    as_list(ref).reserve(capacity & MASK_32)


def _size(ref: object) -> int:
    return len(as_list(ref))


def _resize(ref: object, size: int) -> None:
    as_list(ref).resize(size & MASK_32)


def _get(value_type: str) -> Callable[[object, int], int | float]:
    def get(ref: object, index: int) -> int | float:
        return as_list(ref).get_value(index & MASK_32, value_type)

    return get


def _set(value_type: str) -> Callable[[object, int, int | float], None]:
    def set_(ref: object, index: int, value: int | float) -> None:
        as_list(ref).set_value(index & MASK_32, value, value_type)

    return set_


def _set_ref(ref: object, index: int, value: object) -> None:
    as_list(ref).set_ref(index & MASK_32, value)


def _equal(lhs: object, rhs: object) -> int:
    return int(lhs is rhs)


def _not_equal(lhs: object, rhs: object) -> int:
    return int(lhs is not rhs)


def _not_null(ref: object) -> int:
    return int(ref is not None)


COLLECTION_OPERATIONS: dict[str, Callable[..., object]] = {
    "list.reserve": _reserve,
    "list.size": _size,
    "list.resize": _resize,
    **{f"list.get.{value_type}": _get(value_type) for value_type in ("i32", "i64", "f32", "f64")},
    **{f"list.set.{value_type}": _set(value_type) for value_type in ("i32", "i64", "f32", "f64")},
    "list.set.ref": _set_ref,
    "cmp.eq.ref": _equal,
    "cmp.ne.ref": _not_equal,
    "cmp.nz.ref": _not_null,
}
"""Operations by opcode name that need nothing but their register operands."""
