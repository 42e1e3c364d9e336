"""Declarations as the reference writes them: parsed, and printed again."""

from __future__ import annotations

import pytest

from gossamer.abi.declaration import Declaration, DeclaredValue, ExecutionModel, parse_declaration

MULTIPLY = (
    "async func @mul(%input0: tensor<4x?xf32>, %input1: i32, "
    "%input2: tensor<4xf32> {iree.abi.output = 1 : index, foo.bar = [1, 2]}) -> "
    "(%output0: tensor<complex<f32>>, %output1: !hal.buffer_view)"
)


def test_tensors_scalars_and_storage() -> None:
    attrs = (("iree.abi.output", "1 : index"), ("foo.bar", "[1, 2]"))
    declaration = parse_declaration(MULTIPLY)

    assert declaration == Declaration(
        ExecutionModel.COARSE_FENCES,
        "mul",
        (
            DeclaredValue("input0", "tensor<4x?xf32>"),
            DeclaredValue("input1", "i32"),
            DeclaredValue("input2", "tensor<4xf32>", attrs),
        ),
        (
            DeclaredValue("output0", "tensor<complex<f32>>"),
            DeclaredValue("output1", "!hal.buffer_view"),
        ),
    )
    assert [value.output for value in declaration.arguments] == [None, None, 1]


def test_an_encoding_says_what_is_passed() -> None:
    declaration = parse_declaration(
        "sync func @f(%a: tensor<4xi32> {iree.abi.encoding = tensor<4xui32>}) -> ()"
    )

    assert declaration is not None
    assert declaration.arguments[0].type == "tensor<4xi32>"
    assert declaration.arguments[0].passed_type == "tensor<4xui32>"


@pytest.mark.parametrize(
    "text",
    [
        MULTIPLY,
        "sync func @reset() -> ()",
        "sync func @f(%a: tensor<2xf32, #foo.enc<[1, 2]>> {foo.flag}) -> (%b: i64)",
        "sync func @f(%a: i8 {iree.abi.encoding = ui8}) -> (%b: !custom.type<i32, (f32) -> f32>)",
    ],
)
def test_what_is_parsed_prints_as_it_was(text: str) -> None:
    assert str(parse_declaration(text)) == text


def test_other_texts_are_no_declarations() -> None:
    for text in ("", "func @f()", "sync func @f(", "sync func @f(%a: i32", "sync func @f(?) -> ()"):
        assert parse_declaration(text) is None
