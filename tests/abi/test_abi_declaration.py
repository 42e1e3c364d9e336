"""Declarations as the reference writes them, parsed."""

from gossamer.abi.declaration import Declaration, DeclaredValue, parse_declaration, parse_tensor_type


def test_tensors_scalars_and_storage() -> None:
    text = (
        "async func @mul(%input0: tensor<4x?xf32>, %input1: i32, "
        "%input2: tensor<4xf32> {iree.abi.output = 1 : index, foo.bar = [1, 2]}) -> "
        "(%output0: tensor<complex<f32>>, %output1: !hal.buffer_view)"
    )

    assert parse_declaration(text) == Declaration(
        "async",
        "mul",
        (
            DeclaredValue("input0", "tensor<4x?xf32>"),
            DeclaredValue("input1", "i32"),
            DeclaredValue("input2", "tensor<4xf32>", output=1),
        ),
        (
            DeclaredValue("output0", "tensor<complex<f32>>"),
            DeclaredValue("output1", "!hal.buffer_view"),
        ),
    )


def test_nothing_in_nothing_out() -> None:
    assert parse_declaration("sync func @reset() -> ()") == Declaration("sync", "reset", (), ())


def test_tensor_types() -> None:
    assert parse_tensor_type("tensor<4x?xf32>") == ((4, None), "f32")
    assert parse_tensor_type("tensor<complex<f32>>") == ((), "complex<f32>")
    assert parse_tensor_type("tensor<2xf32, #foo.enc<[1, 2]>>") == ((2,), "f32")
    assert parse_tensor_type("!hal.buffer_view") is None


def test_other_texts_are_no_declarations() -> None:
    for text in ("", "func @f()", "sync func @f(", "sync func @f(%a: i32", "sync func @f(?) -> ()"):
        assert parse_declaration(text) is None
