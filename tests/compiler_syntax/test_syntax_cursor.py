"""The cursor reads MLIR's lexical units, and says where it cannot."""

from __future__ import annotations

import pytest

from gossamer.compiler.frontend.mlir.syntax.adjustments import element_of
from gossamer.compiler.frontend.mlir.syntax.cursor import Cursor, ForeignSyntaxError, Piece


@pytest.mark.parametrize(
    "text",
    [
        "i32",
        "index",
        "tensor<4x?xf32>",
        "tensor<4xf32, #encoding<a -> b>>",
        "tensor <2xf32>",
        "!hal.buffer_view",
        "!util.list<?>",
        "!flow.dispatch.tensor<readonly:tensor<4xf32>>",
        "(i32, tensor<4xf32>) -> (f32)",
        "() -> i32",
        "complex<f32>",
        "memref<4xf32, affine_map<(d0) -> (d0 * 2)>>",
        'memref<4xf32, #hal.descriptor_type<"a>b">>',
    ],
)
def test_types_are_read_whole(text: str) -> None:
    cursor = Cursor(f"  // comment > \n {text} , next", 0)
    assert cursor.type().text == text
    assert cursor.take(",")


@pytest.mark.parametrize(
    "text",
    [
        "dense<[1.0, -2.0]> : tensor<2xf32>",
        'dense<"0x00FF>"> : tensor<2xi8>',
        "42 : i64",
        "-1.5e3 : f32",
        "0x7FC0 : bf16",
        "true",
        "unit",
        '"a \\" string" : !custom.type',
        "[1, [2, 3], {a = 4}]",
        "{a = 1 : i32, b}",
        "@symbol::@nested",
        '@"quoted name"',
        '#flow.parameter.named<"a"::"b"> : tensor<4xf32>',
        "affine_map<(d0, d1) -> (d0 + d1)>",
        "array<i64: 1, 2>",
        "tensor<4xf32>",
        "!hal.fence",
    ],
)
def test_attributes_are_read_whole(text: str) -> None:
    cursor = Cursor(f"{text} ) rest")
    assert cursor.attribute().text == text
    assert cursor.take(")")


def test_pieces_know_where_they_start() -> None:
    cursor = Cursor("  %a#1  @f")
    assert cursor.value() == Piece("%a#1", 2)
    assert cursor.symbol() == Piece("@f", 8)


def test_words_are_taken_whole() -> None:
    cursor = Cursor("mutable_thing mutable @a")
    assert not cursor.is_at("mutable")
    cursor.identifier()
    assert cursor.take("mutable")


def test_peeking_does_not_move() -> None:
    cursor = Cursor("   ,")
    assert cursor.peek() == ","
    assert not cursor.take(":")
    assert cursor.offset == 0


@pytest.mark.parametrize(
    ("text", "message", "offset"),
    [
        ("  (a, [b)", "this bracket is never closed", 2),
        ('  ("a', "this string is never closed", 3),
        ("  tensor 4", "expected '<'", 9),
        ("  ?", "expected a type", 2),
    ],
)
def test_errors_have_a_place(text: str, message: str, offset: int) -> None:
    cursor = Cursor(text)
    with pytest.raises(ForeignSyntaxError) as caught:
        cursor.balanced() if "(" in text else cursor.type()
    assert (caught.value.message, caught.value.offset) == (message, offset)


@pytest.mark.parametrize(
    ("type", "element"),
    [
        ("tensor<f32>", "f32"),
        ("tensor<4x?xf32>", "f32"),
        ("tensor<?xindex>", "index"),
        ("tensor<4xcomplex<f32>>", "complex<f32>"),
        ("tensor<4xbf16, #e<1, 2>>", "bf16"),
    ],
)
def test_element_types(type: str, element: str) -> None:
    assert element_of(Piece(type, 7)) == Piece(element, 7)
