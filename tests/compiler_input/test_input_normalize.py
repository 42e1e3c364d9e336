"""Programs in one form: globals, hints, constants, element types."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from gossamer.compiler import frontend, input, mlir
from gossamer.compiler.input.type_conversion import convert_types
from gossamer.compiler.options import CompileOptions, TypeConversion
from gossamer.compiler.resources import Resources
from gossamer.compiler.source import Source
from gossamer.errors import CompileError


def normalized(text: str, options: CompileOptions | None = None) -> str:
    source = Source.from_text(text, "t.mlir")
    with source.explains():
        program = frontend.load(source, options or CompileOptions())
        input.normalize(program, options or CompileOptions())
        program.module.operation.verify()
    return str(program.module)


def converted(text: str, conversions: Iterable[TypeConversion]) -> str:
    module = mlir.parse_text(text)
    with module.context, mlir.ir.Location.unknown():
        convert_types(module, conversions, Resources())
    return str(module)


def test_immutable_globals_that_initialisers_store_to_become_mutable() -> None:
    text = normalized(
        "util.global private @late = dense<0.0> : tensor<2xf32>\n"
        "util.initializer {\n"
        "  %0 = arith.constant dense<1.0> : tensor<2xf32>\n"
        "  util.global.store %0, @late : tensor<2xf32>\n"
        "  util.return\n"
        "}"
    )
    assert "ml_program.global private mutable @late(dense<0.0" in text
    assert "gossamer.immutable" in text


@pytest.mark.parametrize(
    "value", ["7 : i32", "1.5 : f64", "true", "3 : index", "dense<[1, 2]> : tensor<2xi8>"]
)
def test_initial_values_are_kept(value: str) -> None:
    options = CompileOptions(type_conversions=frozenset())
    text = normalized(f"util.global private mutable @g = {value}", options)
    kept = value.partition(" ")[0].partition("<")[0].replace("1.5", "1.500000e+00")
    assert f"@g({kept}" in text


def test_uninitialized_globals_have_no_value() -> None:
    text = normalized("util.global private mutable @g = #util.uninitialized : tensor<4xf32>")
    assert "ml_program.global private mutable @g : tensor<4xf32>" in text


def test_immutable_loads_of_ml_program_are_loads() -> None:
    text = normalized(
        "ml_program.global private @g(dense<1.0> : tensor<2xf32>) : tensor<2xf32>\n"
        "func.func @f() -> tensor<2xf32> {\n"
        "  %0 = ml_program.global_load_const @g : tensor<2xf32>\n"
        "  return %0 : tensor<2xf32>\n"
        "}"
    )
    assert "ml_program.global_load @g" in text


def test_hints_are_forwarded() -> None:
    text = normalized(
        "func.func @f(%a: tensor<?xf32>, %n: index) -> (tensor<?xf32>, index) {\n"
        "  %m = util.assume.int %n<umin = 1, udiv = 16> : index\n"
        "  %0 = flow.tensor.tie_shape %a : tensor<?xf32>{%m}\n"
        "  return %0, %m : tensor<?xf32>, index\n"
        "}"
    )
    assert "return %arg0, %arg1" in text


def test_every_unsupported_operation_is_listed_once() -> None:
    with pytest.raises(CompileError) as caught:
        normalized(
            'func.func @f() {\n  "a.x"() : () -> ()\n  "b.y"() : () -> ()\n  "a.x"() : () -> ()\n  return\n}'
        )
    assert [diagnostic.message for diagnostic in caught.value.diagnostics] == [
        "'a.x' is not supported as input (and 1 more)",
        "'b.y' is not supported as input",
    ]


def test_regions_of_unsupported_operations_are_not_listed() -> None:
    with pytest.raises(CompileError) as caught:
        normalized('func.func @f() {\n  "a.x"() ({ "a.y"() : () -> () }) : () -> ()\n  return\n}')
    assert len(caught.value.diagnostics) == 1


@pytest.mark.parametrize(
    ("conversion", "constant", "expected"),
    [
        (TypeConversion.DEMOTE_F64_TO_F32, "dense<[0.1, -2.5]> : tensor<2xf64>", "dense<[1.000000e-01, -2.5"),
        (
            TypeConversion.DEMOTE_F64_TO_F32,
            "dense<0.25> : tensor<2xf64>",
            "dense<2.500000e-01> : tensor<2xf32>",
        ),
        (TypeConversion.DEMOTE_F64_TO_F32, "0.25 : f64", "2.500000e-01 : f32"),
        (TypeConversion.DEMOTE_F64_TO_F32, "0x7FF0000000000000 : f64", "0x7F800000 : f32"),
        (
            TypeConversion.DEMOTE_F32_TO_F16,
            "dense<[1.0, 1.0e9]> : tensor<2xf32>",
            "6.550400e+04]> : tensor<2xf16>",
        ),
        (TypeConversion.PROMOTE_F16_TO_F32, "dense<[1.5, 2.0]> : tensor<2xf16>", "[1.500000e+00, 2.0"),
        (TypeConversion.PROMOTE_BF16_TO_F32, "dense<[1.5, 2.0]> : tensor<2xbf16>", "[1.500000e+00, 2.0"),
        (
            TypeConversion.PROMOTE_BF16_TO_F32,
            'dense<"0xC03F807F"> : tensor<2xbf16>',
            "[1.500000e+00, 0x7F800000]> : tensor<2xf32>",
        ),
        (
            TypeConversion.DEMOTE_I64_TO_I32,
            "dense<[1, 4294967297]> : tensor<2xi64>",
            "dense<1> : tensor<2xi32>",
        ),
        (TypeConversion.DEMOTE_I64_TO_I32, "-1 : i64", "-1 : i32"),
        (TypeConversion.DEMOTE_I64_TO_I32, "8589934593 : i64", "1 : i32"),
    ],
)
def test_constants_change_type(conversion: TypeConversion, constant: str, expected: str) -> None:
    type = constant.rpartition(" : ")[2]
    text = f"func.func @f() -> {type} {{\n  %0 = arith.constant {constant}\n  return %0 : {type}\n}}"
    assert expected in converted(text, [conversion])


def test_casts_between_types_that_became_one_disappear() -> None:
    text = converted(
        "func.func @f(%a: tensor<4xf32>) -> tensor<4xf64> {\n"
        "  %0 = arith.extf %a : tensor<4xf32> to tensor<4xf64>\n"
        "  return %0 : tensor<4xf64>\n"
        "}",
        [TypeConversion.DEMOTE_F64_TO_F32],
    )
    assert "extf" not in text
    assert "-> tensor<4xf32>" in text


def test_types_inside_types_change() -> None:
    text = converted(
        "func.func @f(%a: tensor<2xcomplex<f64>>, %g: f64) -> f64 {\n"
        "  %0 = scf.if %c -> (f64) { scf.yield %g : f64 } else { scf.yield %g : f64 }\n"
        "  return %0 : f64\n"
        "}".replace("%c", "%b").replace("%g: f64)", "%g: f64, %b: i1)"),
        [TypeConversion.DEMOTE_F64_TO_F32],
    )
    assert "f64" not in text
    assert "tensor<2xcomplex<f32>>" in text


def test_operations_that_need_the_old_type_are_reported() -> None:
    text = "func.func @f(%a: f64) -> i64 {\n  %0 = arith.bitcast %a : f64 to i64\n  return %0 : i64\n}"
    with pytest.raises(CompileError) as caught:
        converted(text, [TypeConversion.DEMOTE_F64_TO_F32])
    (diagnostic,) = caught.value.diagnostics
    assert "after --iree-input-demote-f64-to-f32" in diagnostic.message
    assert diagnostic.hint == "--iree-input-demote-f64-to-f32=false keeps the type"


def test_shape_assertions_are_dropped_and_other_calls_refused() -> None:
    text = (
        "func.func @f(%a: tensor<4xi1>) {\n"
        '  stablehlo.custom_call @shape_assertion(%a) {error_message = "x", has_side_effect = true}'
        " : (tensor<4xi1>) -> ()\n"
        "  return\n"
        "}"
    )
    assert "custom_call" not in normalized(text)
    with pytest.raises(CompileError, match=r"'stablehlo\.custom_call' is not supported"):
        normalized(text.replace("shape_assertion", "mystery"))
