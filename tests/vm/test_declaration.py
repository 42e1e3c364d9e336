"""Declarations as the reference writes them, parsed."""

from gossamer.vm.declaration import Declaration, DeclaredValue, parse_declaration


def test_tensors_scalars_and_storage() -> None:
    text = (
        "async func @mul(%input0: tensor<4x?xf32>, %input1: i32, "
        "%input2: tensor<4xf32> {iree.abi.output = 1 : index, foo.bar = [1, 2]}) -> "
        "(%output0: tensor<complex<f32>>, %output1: !hal.buffer_view)"
    )

    assert parse_declaration(text) == Declaration(
        "mul",
        True,
        (
            DeclaredValue("input0", "tensor<4x?xf32>", (4, None), "f32"),
            DeclaredValue("input1", "i32", None, "i32"),
            DeclaredValue("input2", "tensor<4xf32>", (4,), "f32", output=1),
        ),
        (
            DeclaredValue("output0", "tensor<complex<f32>>", (), "complex<f32>"),
            DeclaredValue("output1", "!hal.buffer_view", None, "!hal.buffer_view"),
        ),
    )


def test_nothing_in_nothing_out() -> None:
    assert parse_declaration("sync func @reset() -> ()") == Declaration("reset", False, (), ())


def test_encodings_are_kept_out_of_the_element_type() -> None:
    parsed = parse_declaration("sync func @f(%a: tensor<2xf32, #foo.enc<[1, 2]>>) -> (%b: tensor<?xi8>)")

    assert parsed is not None
    assert [value.element_type for value in (*parsed.arguments, *parsed.results)] == ["f32", "i8"]


def test_other_texts_are_no_declarations() -> None:
    for text in ("", "func @f()", "sync func @f(", "sync func @f(%a: i32", "sync func @f(?) -> ()"):
        assert parse_declaration(text) is None
