"""Constants as LLVM 24 prints them, as LLVM 22 reads them."""

from __future__ import annotations

import struct

import pytest

from gossamer.compiler.target.llvm_cpu.float_constants import rewrite_float_constants


@pytest.mark.parametrize(
    ("printed", "read"),
    [
        ("float 1.000000e+00", "float 0x3FF0000000000000"),
        ("float 8.880000e+01", "float 0x4056333340000000"),
        ("float f0x3EAAAAAB", "float 0x3FD5555560000000"),
        ("double 1.000000e-01", "double 0x3FB999999999999A"),
        ("half 1.500000e+00", "half 0xH3E00"),
        ("bfloat f0x3F80", "bfloat 0xR3F80"),
        ("float +inf", "float 0x7FF0000000000000"),
        ("double -inf", "double 0xFFF0000000000000"),
        ("float +qnan", "float 0x7FF8000000000000"),
        ("half -qnan", "half 0xHFE00"),
        ("float -nan(0x1)", "float 0xFFF8000020000000"),
        ("float +snan(0x1)", "float 0x7FF0000020000000"),
        ("float -0.000000e+00", "float 0x8000000000000000"),
    ],
)
def test_a_constant_is_spelled_by_its_bits(printed: str, read: str) -> None:
    assert rewrite_float_constants(f"%1 = fadd {printed}, %0") == f"%1 = fadd {read}, %0"


def test_numbers_that_are_no_floats_stay() -> None:
    text = '@s = constant [4 x i8] c"1.5\\00"\n%x.1.5 = add i32 %v2.0, 15'

    assert rewrite_float_constants(text) == text


def test_several_constants_have_the_type_to_their_left() -> None:
    rewritten = rewrite_float_constants("fmul double %0, 5.0e-01\nfadd float 5.0e-01, 2.5e-01")

    assert (
        rewritten == "fmul double %0, 0x3FE0000000000000\nfadd float 0x3FE0000000000000, 0x3FD0000000000000"
    )


def test_floats_are_rounded_once() -> None:
    (bits,) = struct.unpack("<Q", struct.pack("<d", struct.unpack("<f", struct.pack("<f", 0.1))[0]))

    assert rewrite_float_constants("float 1.000000e-01") == f"float 0x{bits:016X}"
