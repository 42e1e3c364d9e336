"""Element types as MLIR spells them, in the numbers of buffer views."""

from __future__ import annotations

import pytest

from gossamer.abi import element_type as element_types
from gossamer.abi.mlir_element_type import element_bits, element_type_code, mlir_element_type


@pytest.mark.parametrize(
    ("name", "code", "bits"),
    [
        ("i1", element_types.BOOL_8, 8),
        ("i4", element_types.INT_4, 4),
        ("i7", 0x10000007, 7),
        ("si32", element_types.SINT_32, 32),
        ("ui8", element_types.UINT_8, 8),
        ("bf16", element_types.BFLOAT_16, 16),
        ("f8E4M3FN", element_types.FLOAT_8_E4M3_FN, 8),
        ("complex<f64>", element_types.COMPLEX_128, 128),
    ],
)
def test_names_and_numbers(name: str, code: int, bits: int) -> None:
    assert element_type_code(name) == code
    assert element_bits(name) == bits
    assert mlir_element_type(code) == name


def test_an_index_is_stored_as_i64() -> None:
    assert element_type_code("index") == element_types.INT_64
    assert mlir_element_type(element_types.INT_64) == "i64"


@pytest.mark.parametrize("name", ["f80", "tf32", "i256", "none", "cf64", "vector<4xf32>", ""])
def test_what_buffer_views_cannot_hold(name: str) -> None:
    assert element_type_code(name) is None
    assert element_bits(name) is None
