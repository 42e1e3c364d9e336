"""Literals of complex numbers become resources and splats, and change their type as others do."""

from __future__ import annotations

import struct

import numpy as np
import pytest

import gossamer
from gossamer.compiler.input.complex_literals import remove_complex_literals
from gossamer.compiler.mlir import ir, make_context, parse
from gossamer.compiler.resources import Resources, is_resource
from gossamer.compiler.source import CompileWarning
from gossamer.compiler.walk import find


@pytest.mark.parametrize(
    ("literal", "parts"),
    [
        ("dense<[(1.0, 2.0), (-0.0, 0x7F800000)]> : tensor<2xcomplex<f32>>", [1, 2, -0.0, float("inf")]),
        ('dense<"0x0000803F00000040000000000000803F"> : tensor<2xcomplex<f32>>', [1, 2, 0, 1]),
    ],
)
def test_lists_become_resources(literal: str, parts: list[float]) -> None:
    module = parse(f"%0 = arith.constant {literal}", make_context())
    resources = Resources()
    with module.context, ir.Location.unknown():
        remove_complex_literals(module, resources)
        (constant,) = find(module.operation, "arith.constant")
        value = constant.attributes["value"]

        assert is_resource(value)
        assert bytes(resources.data_of(value, constant)) == struct.pack("<4f", *parts)


def test_one_number_becomes_a_splat() -> None:
    module = parse("%0 = arith.constant dense<(1.0, 2.0)> : tensor<4xcomplex<f64>>", make_context())
    with module.context, ir.Location.unknown():
        remove_complex_literals(module, Resources())

    assert not find(module.operation, "arith.constant")
    assert len(find(module.operation, "tensor.splat")) == 1


def test_doubles_are_narrowed_as_other_constants_are() -> None:
    text = (
        "func.func @f() -> (tensor<2xcomplex<f64>>, tensor<3xcomplex<f64>>) {\n"
        "  %0 = arith.constant dense<[(1.0, 2.0), (1.0e+300, 4.0)]> : tensor<2xcomplex<f64>>\n"
        "  %1 = arith.constant dense<(0.1, 2.0)> : tensor<3xcomplex<f64>>\n"
        "  return %0, %1 : tensor<2xcomplex<f64>>, tensor<3xcomplex<f64>>\n"
        "}"
    )
    with pytest.warns(CompileWarning, match="changed"):
        module = gossamer.compile_text(text)
    with gossamer.Pipeline([module]) as pipeline:
        listed, repeated = (np.asarray(result) for result in pipeline.f())

    largest = float(np.finfo(np.float32).max)
    np.testing.assert_array_equal(listed, np.array([1 + 2j, largest + 4j], np.complex64))
    np.testing.assert_array_equal(repeated, np.full(3, 0.1 + 2j, np.complex64))
