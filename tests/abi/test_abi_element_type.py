from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from gossamer.abi import element_type as et
from gossamer.errors import InvalidArgumentError, UnimplementedError

NAMES = {
    et.FLOAT_32: "f32",
    et.FLOAT_16: "f16",
    et.FLOAT_64: "f64",
    et.BFLOAT_16: "bf16",
    et.INT_8: "i8",
    et.INT_4: "i4",
    et.SINT_32: "si32",
    et.UINT_8: "ui8",
    et.BOOL_8: "i1",
    et.COMPLEX_64: "cf64",
    et.COMPLEX_128: "cf128",
    et.FLOAT_8_E5M2: "f8E5M2",
    et.FLOAT_8_E4M3_FN: "f8E4M3FN",
    et.FLOAT_8_E5M2_FNUZ: "f8E5M2FNUZ",
    et.FLOAT_8_E4M3_FNUZ: "f8E4M3FNUZ",
    et.FLOAT_8_E8M0_FNU: "f8E8M0FNU",
    0x10: "*16",
}


@pytest.mark.parametrize(("code", "name"), NAMES.items())
def test_names_read_back(code: int, name: str) -> None:
    assert et.element_type_name(code) == name
    assert et.parse_element_type(name) == code


@pytest.mark.parametrize("text", ["", "f", "i0", "q8", "f32x", "i999", "32"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(InvalidArgumentError):
        et.parse_element_type(text)


@pytest.mark.parametrize(
    "dtype",
    [np.int8, np.uint8, np.int32, np.uint64, np.float16, np.float32, np.float64, np.bool_, np.complex64,
     ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn],
)  # fmt: skip
def test_numpy_types_come_back(dtype: type) -> None:
    code = et.element_type_of(np.dtype(dtype))

    assert et.numpy_dtype(code) == np.dtype(dtype)
    assert et.bit_count(code) == 8 * np.dtype(dtype).itemsize


def test_numpy_integers_are_signed_as_in_the_reference_binding() -> None:
    assert et.element_type_of(np.dtype(np.int32)) == et.SINT_32
    assert et.numpy_dtype(et.INT_32) == np.dtype(np.int32)


def test_numpy_types_without_elements_are_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="no element type holds"):
        et.element_type_of(np.dtype("U4"))


def test_packed_elements_have_no_numpy_type() -> None:
    with pytest.raises(UnimplementedError, match="i4"):
        et.numpy_dtype(et.INT_4)


def test_sub_byte_elements_are_packed() -> None:
    assert et.byte_length(et.INT_4, 3) == 2
    assert et.byte_length(et.FLOAT_32, 3) == 12
    assert et.byte_length(et.COMPLEX_128, 2) == 32


def test_integers_of_one_width_stand_for_each_other() -> None:
    assert et.are_compatible(et.SINT_32, et.INT_32)
    assert et.are_compatible(et.UINT_8, et.BOOL_8)
    assert et.are_compatible(0x20, et.FLOAT_32)
    assert not et.are_compatible(et.FLOAT_32, et.INT_32)
    assert not et.are_compatible(et.INT_32, et.INT_64)
    assert not et.are_compatible(et.BFLOAT_16, et.FLOAT_16)
