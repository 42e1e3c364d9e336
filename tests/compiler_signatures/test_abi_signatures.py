"""Signatures of exports and imports: what they say, and what is wrong with wrong ones."""

from __future__ import annotations

import re
import subprocess

import pytest

from gossamer.abi.declaration import ExecutionModel
from gossamer.compiler.mlir import parse_text
from gossamer.compiler.signatures import Signature, read_signatures
from gossamer.errors import CompileError

MUL = """
func.func @mul(%lhs: tensor<4xf32>, %rhs: tensor<4xf32>, %out: tensor<4xf32> {iree.abi.output = 0 : index})
    -> tensor<4xf32> {
  return %lhs : tensor<4xf32>
}
"""


def read(text: str, model: ExecutionModel = ExecutionModel.SYNC) -> dict[str, Signature]:
    return read_signatures(parse_text(text), model)


def only(text: str, model: ExecutionModel = ExecutionModel.SYNC) -> Signature:
    (signature,) = read(text, model).values()
    return signature


def test_a_sync_export():
    signature = only(MUL)

    assert signature.declaration == (
        "sync func @mul(%input0: tensor<4xf32>, %input1: tensor<4xf32>, "
        "%input2: tensor<4xf32> {iree.abi.output = 0 : index}) -> (%output0: tensor<4xf32>)"
    )
    assert signature.attrs == {"iree.abi.declaration": signature.declaration}
    assert signature.calling_convention == "0rrr_r"
    assert signature.storage_of(0) == 2
    assert not signature.is_import


def test_an_async_export():
    signature = only(MUL, ExecutionModel.COARSE_FENCES)

    assert signature.declaration.startswith("async func @mul(")
    assert list(signature.attrs) == ["iree.abi.declaration", "iree.abi.model"]
    assert signature.attrs["iree.abi.model"] == "coarse-fences"
    assert signature.calling_convention == "0rrrrr_r"


def test_a_function_chooses_its_own_model():
    text = """
    func.func private @m.f() attributes {iree.abi.model = "coarse-fences"}
    func.func private @m.g() attributes {iree.abi.model = "sync"}
    func.func private @m.h()
    """
    signatures = read(text, ExecutionModel.COARSE_FENCES)

    assert [signature.is_async for signature in signatures.values()] == [True, False, True]
    assert signatures["m.g"].calling_convention == "0v_v"
    assert signatures["m.h"].calling_convention == "0rr_v"


@pytest.mark.parametrize(
    ("types", "convention"),
    [
        ("(index, i64, i32, i16, i8, i1) -> (index, i1)", "0IIiiii_Ii"),
        ("(f64, f32, f16, bf16) -> (f64, f16)", "0Ffii_Fi"),
        ("(tensor<?xf32>, !hal.buffer_view, !hal.buffer) -> ()", "0rrr_v"),
        ("() -> ()", "0v_v"),
    ],
)
def test_calling_conventions(types, convention):
    assert only(f"func.func private @m.f{types}").calling_convention == convention


def test_names_attributes_and_reflection():
    text = """
    func.func @f(%a: tensor<?x4xf32> {iree.abi.name = "image", other.attr = "x"},
        %b: tensor<2xi1> {iree.abi.consume}) -> (tensor<f32> {iree.abi.name = "score"}, index)
        attributes {iree.reflection = {zed = "q", foo = "bar", number = 1 : i32}} {
      %0 = "some.op"() : () -> tensor<f32>
      %1 = "some.op"() : () -> index
      return %0, %1 : tensor<f32>, index
    }
    """
    signature = only(text)

    assert list(signature.attrs.items()) == [
        ("foo", "bar"),
        (
            "iree.abi.declaration",
            'sync func @f(%image: tensor<?x4xf32> {other.attr = "x"}, '
            "%input1: tensor<2xi1> {iree.abi.consume = unit}) -> (%score: tensor<f32>, %output1: index)",
        ),
        ("zed", "q"),
    ]


def test_a_given_declaration_stays():
    text = 'func.func @f() attributes {iree.abi.declaration = "f takes nothing"} { return }'

    assert only(text).attrs["iree.abi.declaration"] == "f takes nothing"


def test_functions_inside_the_module_have_no_signature():
    assert read("func.func private @f() { return }") == {}


def test_a_stub_is_taken_at_its_word():
    text = """
    func.func @f(%a: !hal.buffer_view, %w: !hal.fence, %s: !hal.fence) -> !hal.buffer_view
        attributes {iree.abi.stub} {
      return %a : !hal.buffer_view
    }
    """
    signature = only(text, ExecutionModel.COARSE_FENCES)

    assert signature.calling_convention == "0rrr_r"
    assert signature.attrs == {}


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "func.func private @x()",
            "function '@x' is declared without a body and names no module to import it from",
            "name it '@module.x', with the name of the module that exports it, or give it a body",
        ),
        (
            "func.func private @m.f(%a: tensor<4xf32> {iree.abi.output = 1 : index}) -> tensor<4xf32>",
            "'iree.abi.output' of argument 0 names result 1, but the function has 1 result",
            "results count from 0",
        ),
        (
            "func.func private @m.f(%a: tensor<4xf32> {iree.abi.output = -1 : index}) -> (f32, f32)",
            "'iree.abi.output' of argument 0 names result -1, but the function has 2 results",
            "results count from 0",
        ),
        (
            "func.func private @m.f(%a: tensor<4xf32> {iree.abi.output = 0 : index}) -> tensor<4xi32>",
            "argument 0 of type tensor<4xf32> cannot be the storage of result 0 of type tensor<4xi32>",
            "give both the same tensor type, or pass the storage as a !hal.buffer",
        ),
        (
            "func.func private @m.f(%a: i32 {iree.abi.output = 0 : index}) -> i32",
            "argument 0 of type i32 cannot be the storage of result 0 of type i32",
            "give both the same tensor type, or pass the storage as a !hal.buffer",
        ),
        (
            'func.func private @m.f(%a: tensor<4xf32> {iree.abi.output = "x"}) -> tensor<4xf32>',
            """'iree.abi.output' of argument 0 is "x", expected the index of a result""",
            "",
        ),
        (
            "func.func private @m.f(%a: tensor<4xf32> {iree.abi.output = 0 : index}, "
            "%b: tensor<4xf32> {iree.abi.output = 0 : index}) -> tensor<4xf32>",
            "arguments 0 and 1 are both the storage of result 0",
            "",
        ),
        (
            'func.func private @m.f() attributes {iree.abi.model = "fences"}',
            """'iree.abi.model' is "fences", which is no execution model""",
            'use "sync" or "coarse-fences"',
        ),
        (
            "func.func private @m.f(%a: tensor<*xf32>)",
            "tensor<*xf32> has no rank and cannot be passed between functions of modules",
            "",
        ),
        ("func.func private @m.f(%a: i128)", "i128 is wider than a register and cannot be passed", ""),
        ("func.func private @m.f(%a: memref<4xf32>)", "memref<4xf32> cannot be passed to or from", ""),
    ],
)
def test_wrong_signatures(text, message, hint):
    with pytest.raises(CompileError, match=re.escape(message)) as error:
        only(text)

    (diagnostic,) = error.value.diagnostics
    assert diagnostic.hint == hint
    assert diagnostic.location is not None


def test_every_wrong_function_is_reported():
    with pytest.raises(CompileError) as error:
        read("func.func private @x()\nfunc.func private @y()\nfunc.func private @m.z()")

    assert [diagnostic.location.line for diagnostic in error.value.diagnostics] == [1, 2]


@pytest.mark.reference
def test_declarations_are_those_of_the_reference(compile_mlir, iree_bin):
    text = """
    func.func @a(%a: tensor<?x8xf32>, %i: index, %j: i32, %k: i1, %l: i64, %m: i8)
        -> (tensor<?x8xf32>, index, i1, i8) {
      return %a, %i, %k, %m: tensor<?x8xf32>, index, i1, i8
    }
    func.func @b(%a: tensor<4xf32> {iree.abi.name = "foo", other.attr = "x"},
        %b : tensor<4xf16> {iree.abi.consume}, %v: !hal.buffer_view, %q: !hal.buffer)
        -> (tensor<4xf32> {iree.abi.name = "bar"}, !hal.buffer_view)
        attributes {iree.reflection = {foo = "bar", zed = "q"}} {
      return %a, %v: tensor<4xf32>, !hal.buffer_view
    }
    func.func @c(%a: tensor<4xf32>, %o: tensor<4xf32> {iree.abi.output = 0 : index}) -> tensor<4xf32> {
      return %a : tensor<4xf32>
    }
    func.func @d() { return }
    func.func @e(%b: tensor<f32>, %c: tensor<2xi16>, %h: f16) -> tensor<f32> { return %b : tensor<f32> }
    """
    path = compile_mlir(text, name="declarations")
    command = [str(iree_bin / "iree-dump-module"), str(path)]
    dump = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    theirs = re.findall(r"iree\.abi\.declaration: (.*)", dump)

    assert [signature.declaration for signature in read(text).values()] == theirs
