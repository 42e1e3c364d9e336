"""Types of what crosses a function's boundary."""

from __future__ import annotations

import pytest

from gossamer.abi.value_type import (
    RefType,
    ScalarType,
    TensorType,
    ValueType,
    are_compatible,
    convention_character,
    parse_value_type,
)


@pytest.mark.parametrize(
    ("text", "type", "character"),
    [
        ("tensor<4x?xf32>", TensorType((4, None), "f32"), "r"),
        ("tensor<complex<f32>>", TensorType((), "complex<f32>"), "r"),
        ("!hal.buffer_view", RefType("!hal.buffer_view"), "r"),
        ("i8", ScalarType("i8"), "i"),
        ("bf16", ScalarType("bf16"), "i"),
        ("index", ScalarType("index"), "I"),
        ("f64", ScalarType("f64"), "F"),
    ],
)
def test_types_are_parsed_printed_and_passed(text: str, type: ValueType, character: str) -> None:
    assert parse_value_type(text) == type
    assert str(type) == text
    assert convention_character(type) == character


def test_the_encoding_of_a_tensor_is_left_out() -> None:
    assert parse_value_type("tensor<2xf32, #foo.enc<[1, 2]>>") == TensorType((2,), "f32")


@pytest.mark.parametrize(
    ("expected", "found", "answer"),
    [
        ("tensor<?xf32>", "tensor<4xf32>", True),
        ("tensor<4xui8>", "tensor<4xi8>", True),
        ("si32", "i32", True),
        ("!hal.buffer_view", "tensor<4xf32>", True),
        ("tensor<4xf32>", "tensor<8xf32>", False),
        ("tensor<4xf32>", "tensor<4x1xf32>", False),
        ("tensor<4xf32>", "tensor<4xf64>", False),
        ("tensor<4xf32>", "f32", False),
        ("i32", "i64", False),
    ],
)
def test_what_can_meet(expected: str, found: str, answer: bool) -> None:
    assert are_compatible(parse_value_type(expected), parse_value_type(found)) is answer
    assert are_compatible(parse_value_type(found), parse_value_type(expected)) is answer
