"""`iree.abi.encoding`: what callers see of a value whose type in the program is another."""

from __future__ import annotations

import numpy as np
import pytest

import gossamer
from gossamer.compiler.options import CompileOptions, TypeConversion
from gossamer.compiler.source import CompileWarning
from gossamer.errors import CompileError, InvalidArgumentError


def _stablehlo(element: str) -> gossamer.Pipeline:
    text = f"""
    func.func @double(%a: tensor<2x{element}>) -> tensor<2x{element}> {{
      %0 = stablehlo.add %a, %a : tensor<2x{element}>
      return %0 : tensor<2x{element}>
    }}
    func.func @same(%a: tensor<2x{element}>, %s: {element}) -> (tensor<2x{element}>, {element}) {{
      return %a, %s : tensor<2x{element}>, {element}
    }}"""
    return gossamer.Pipeline([gossamer.compile_text(text)], device="local-sync")


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
def test_unsigned_values_stay_unsigned(bits: int) -> None:
    pipeline = _stablehlo(f"ui{bits}")
    top = 2**bits - 6
    array = np.array([top, 1], f"uint{bits}")

    doubled = pipeline.double(array)
    same, scalar = pipeline.same(array, top)

    assert (doubled.dtype, same.dtype) == (array.dtype, array.dtype)
    np.testing.assert_array_equal(doubled, array + array)
    np.testing.assert_array_equal(same, array)
    assert scalar == top


def test_unsigned_scalars_have_their_types_range() -> None:
    pipeline = _stablehlo("ui8")

    for wrong in (-1, 256):
        with pytest.raises(InvalidArgumentError, match="expected ui8"):
            pipeline.same(np.zeros(2, np.uint8), wrong)


def test_a_declaration_has_both_types() -> None:
    declaration = _stablehlo("ui8").same.function.declaration

    assert declaration == (
        "sync func @same(%input0: tensor<2xi8> {iree.abi.encoding = tensor<2xui8>}, "
        "%input1: i8 {iree.abi.encoding = ui8}) -> "
        "(%output0: tensor<2xi8> {iree.abi.encoding = tensor<2xui8>}, %output1: i8 {iree.abi.encoding = ui8})"
    )


def test_encodings_that_the_program_states() -> None:
    text = """
    func.func @bits(%a: tensor<?xi32> {iree.abi.encoding = tensor<?xf32>})
        -> (tensor<?xi32> {iree.abi.encoding = tensor<?xui32>}) {
      return %a : tensor<?xi32>
    }"""
    pipeline = gossamer.Pipeline([gossamer.compile_text(text)], device="local-sync")

    np.testing.assert_array_equal(
        pipeline.bits(np.array([1, -2], np.float32)), np.array([0x3F800000, 0xC0000000], np.uint32)
    )


@pytest.mark.parametrize("encoding", ["tensor<3xui16>", "tensor<4xui8>", "ui8"])
def test_an_encoding_that_is_stored_differently_is_refused(encoding: str) -> None:
    text = f"func.func @f(%a: tensor<3xi8> {{iree.abi.encoding = {encoding}}}) {{ return }}"

    with pytest.raises(CompileError, match="stored differently"):
        gossamer.compile_text(text)


def test_types_that_conversions_narrow_keep_their_signs() -> None:
    text = """
    func.func @half(%a: tensor<2xui64>) -> tensor<2xui64> {
      %c = stablehlo.constant dense<2> : tensor<2xui64>
      %0 = stablehlo.divide %a, %c : tensor<2xui64>
      return %0 : tensor<2xui64>
    }"""
    options = CompileOptions(
        target_device="local",
        target_backends=("vmvx",),
        type_conversions=frozenset({TypeConversion.DEMOTE_I64_TO_I32}),
    )
    with pytest.warns(CompileWarning, match="changed from"):
        module = gossamer.compile_text(text, options=options)
    pipeline = gossamer.Pipeline([module], device="local-sync")

    halves = pipeline.half(np.array([2**32 - 2, 7], np.uint32))

    assert halves.dtype == np.uint32
    np.testing.assert_array_equal(halves, [2**31 - 1, 3])
