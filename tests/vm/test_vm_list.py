"""`!vm.list`: element types, conversions, bounds."""

import math

import pytest

from gossamer.errors import (
    FailedPreconditionError,
    FormatError,
    InvalidArgumentError,
    OutOfRangeError,
    ResourceExhaustedError,
)
from gossamer.vm.objects.buffer import Buffer
from gossamer.vm.objects.list import MAX_LIST_ELEMENTS, List


def list_of(element_type: str, size: int) -> List:
    made = List(element_type)
    made.resize(size)
    return made


@pytest.mark.parametrize(
    ("element_type", "stored", "loaded"),
    [
        ("i8", 300, 44),
        ("i8", 200, -56),
        ("i16", 70000, 4464),
        ("i32", -1, -1),
        ("i64", -1, -1),
        ("f32", 7, 0),
        ("f64", 7, 0),
    ],
)
def test_integers_narrow_on_store_and_never_become_floats(
    element_type: str, stored: int, loaded: int
) -> None:
    made = list_of(element_type, 1)
    made.set_value(0, stored, "i32")
    assert made.get_value(0, "i32") == loaded


def test_loads_convert_between_integer_widths() -> None:
    made = list_of("i64", 1)
    made.set_value(0, 0x1_2345_6789, "i64")
    assert made.get_value(0, "i32") == 0x2345_6789
    assert made.get_value(0, "f32") == 0.0


def test_floats_round_and_never_become_integers() -> None:
    made = list_of("f32", 1)
    made.set_value(0, 0.1, "f64")
    assert made.get_value(0, "f64") == 0.10000000149011612
    made.set_value(0, 1e300, "f64")
    assert made.get_value(0, "f32") == math.inf
    assert made.get_value(0, "i32") == 0


def test_variant_lists_remember_what_each_element_is() -> None:
    made = list_of("!vm.opaque", 4)
    made.set_value(0, 5, "i32")
    made.set_value(1, 2.5, "f32")
    made.set_ref(2, Buffer.allocate(1))

    assert [made.kind(index) for index in range(4)] == ["i32", "f32", "ref", "empty"]
    assert made.get_value(0, "i64") == 5
    with pytest.raises(FailedPreconditionError):
        made.get_value(2, "i32")
    with pytest.raises(FailedPreconditionError):
        made.get_value(3, "i32")
    with pytest.raises(FailedPreconditionError):
        made.get_ref(0)
    assert made.get_ref(3) is None


def test_taking_a_ref_leaves_null() -> None:
    made = list_of("!vm.buffer", 1)
    buffer = Buffer.allocate(1)
    made.set_ref(0, buffer)

    assert made.get_ref(0, take=True) is buffer
    assert made.get_ref(0) is None


def test_typed_ref_lists_check_types() -> None:
    made = list_of("!vm.buffer", 1)

    with pytest.raises(InvalidArgumentError, match=r"expected !vm\.buffer, found !vm\.list"):
        made.set_ref(0, List("i32"))
    made.set_ref(0, None)
    with pytest.raises(FailedPreconditionError):
        made.set_value(0, 1, "i32")
    with pytest.raises(FailedPreconditionError):
        list_of("i32", 1).set_ref(0, None)
    with pytest.raises(FailedPreconditionError):
        list_of("i32", 1).get_ref(0)


def test_resizing_truncates_and_fills_with_zeros() -> None:
    made = List("i32", [1, 2, 3])
    made.resize(1)
    made.resize(3)
    assert list(made) == [1, 0, 0]


@pytest.mark.parametrize("index", [-1, 3, 0xFFFF_FFFF])
def test_indices_stay_inside(index: int) -> None:
    made = List("i32", [1, 2, 3])
    for access in (made.get_value, lambda at, kind: made.set_value(at, 0, kind)):
        with pytest.raises(OutOfRangeError):
            access(index, "i32")
    with pytest.raises(OutOfRangeError):
        made[index]


def test_no_list_grows_without_bounds() -> None:
    for grow in (List("i32").resize, List("i32").reserve):
        with pytest.raises(ResourceExhaustedError):
            grow(MAX_LIST_ELEMENTS + 1)


def test_hosts_append_and_assign() -> None:
    made = List()
    made.append(1)
    made.append(1.5)
    made.append(None)
    made.append(2, "i32")
    made[2] = Buffer.allocate(1)

    assert len(made) == 4
    assert [made.kind(index) for index in range(4)] == ["i64", "f32", "ref", "i32"]
    with pytest.raises(InvalidArgumentError):
        List("i32", [1.5])


def test_unknown_element_types_are_refused() -> None:
    with pytest.raises(FormatError, match="f16"):
        List("f16")


def test_fork_copies_contents_deeply_and_keeps_sharing() -> None:
    buffer = Buffer.allocate(1)
    made = List("!vm.opaque", [buffer, buffer])
    made.append(made)

    copy = made.fork_copy({})
    buffer.data[0] = 1

    first = copy[0]
    assert isinstance(first, Buffer)
    assert first.data[0] == 0
    assert copy[1] is first
    assert copy[2] is copy
