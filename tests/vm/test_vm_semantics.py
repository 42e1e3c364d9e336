"""What single operations compute; the whole table is compared with the reference elsewhere."""

import math
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gossamer.errors import InvalidArgumentError, OutOfRangeError, PermissionDeniedError
from gossamer.isa.opcodes import OPCODES
from gossamer.vm.interpret.ops import HANDLERS
from gossamer.vm.interpret.ops.simple import SIMPLE_OPERATIONS
from gossamer.vm.numbers.rounding import (
    f32_from_bits,
    f32_from_integer,
    f32_to_bits,
    f64_from_bits,
    f64_to_bits,
    round_f32,
)
from gossamer.vm.objects.buffer import Buffer
from gossamer.vm.objects.list import List
from gossamer.vm.semantics.siphash import siphash_2_4

I32_MIN, I64_MIN = -(1 << 31), -(1 << 63)
INF, NAN = math.inf, math.nan
i32s = st.integers(I32_MIN, -I32_MIN - 1)
i64s = st.integers(I64_MIN, -I64_MIN - 1)


def compute(name: str, *operands: object) -> Any:
    return SIMPLE_OPERATIONS[name](*operands)


def test_every_operation_but_block_has_a_handler() -> None:
    assert {opcode.name for opcode in OPCODES} - {opcode.name for opcode in HANDLERS} == {"block"}


@pytest.mark.parametrize(
    ("name", "operands", "result"),
    [
        ("add.i32", (-I32_MIN - 1, 1), I32_MIN),
        ("sub.i64", (I64_MIN, 1), -I64_MIN - 1),
        ("mul.i32", (0x10000, 0x10000), 0),
        ("div.i32.s", (-7, 2), -3),
        ("rem.i32.s", (-7, 2), -1),
        ("rem.i32.s", (7, -2), 1),
        ("div.i32.s", (I32_MIN, -1), I32_MIN),
        ("rem.i64.s", (I64_MIN, -1), 0),
        ("div.i32.u", (-1, 2), 0x7FFF_FFFF),
        ("rem.i64.u", (-1, 10), 5),
        ("fma.i32", (1 << 30, 4, 5), 5),
        ("abs.i32", (I32_MIN,), I32_MIN),
        ("not.i64", (0,), -1),
        ("shl.i32", (1, 33), 2),
        ("shl.i32", (1, 31), I32_MIN),
        ("shr.i32.s", (-8, 1), -4),
        ("shr.i32.u", (-8, 1), 0x7FFF_FFFC),
        ("shr.i64.u", (-1, 63), 1),
        ("shr.i32.s", (-8, -31), -4),
        ("trunc.i32.i8", (-1,), 255),
        ("trunc.i32.i16", (-1,), 65535),
        ("trunc.i64.i32", (0xFFFF_FFFF,), -1),
        ("ext.i8.i32.s", (0xFF80,), -128),
        ("ext.i16.i32.u", (-1,), 65535),
        ("ext.i32.i64.u", (-1,), 0xFFFF_FFFF),
        ("cmp.lt.i32.s", (-1, 0), 1),
        ("cmp.lt.i32.u", (-1, 0), 0),
        ("cmp.nz.i64", (1 << 40,), 1),
        ("ctlz.i32", (0,), 32),
        ("ctlz.i64", (1,), 63),
        ("ctlz.i32", (-1,), 0),
        ("min.i32.u", (-3, 2), 2),
        ("max.i64.u", (-3, 2), -3),
        ("select.i32", (-5, 1, 2), 1),
        ("switch.i32", (1, 9, (4, 5)), 5),
        ("switch.i64", (0, 9, (1 << 40,)), 1 << 40),
        ("switch.i32", (-1, 9, (4, 5)), 9),
        ("switch.i32", (2, 9, (4, 5)), 9),
    ],
)
def test_integers(name: str, operands: tuple[object, ...], result: int) -> None:
    assert compute(name, *operands) == result


@pytest.mark.parametrize("name", ["div.i32.s", "div.i32.u", "rem.i64.s", "rem.i64.u"])
def test_division_by_zero_is_an_error(name: str) -> None:
    with pytest.raises(InvalidArgumentError, match="division by zero"):
        compute(name, 1, 0)


@given(i64s, i64s.filter(bool))
def test_quotient_and_remainder_belong_together(lhs: int, rhs: int) -> None:
    quotient, remainder = compute("div.i64.s", lhs, rhs), compute("rem.i64.s", lhs, rhs)
    assert compute("add.i64", compute("mul.i64", quotient, rhs), remainder) == lhs
    assert abs(remainder) < abs(rhs)
    assert remainder == 0 or (remainder < 0) == (lhs < 0)


@given(i32s, i32s)
def test_i32_results_stay_in_range(lhs: int, rhs: int) -> None:
    for name in ("add", "sub", "mul", "and", "or", "xor", "shl"):
        assert I32_MIN <= compute(f"{name}.i32", lhs, rhs) < -I32_MIN


@pytest.mark.parametrize(
    ("name", "operands", "result"),
    [
        ("add.f32", (0.1, 0.2), 0.30000001192092896),
        ("mul.f32", (1e38, 10.0), INF),
        ("div.f32", (1.0, 0.0), INF),
        ("div.f64", (-1.0, 0.0), -INF),
        ("div.f64", (1.0, -0.0), -INF),
        ("rem.f32", (5.0, 3.0), -1.0),
        ("rem.f64", (3.0, 2.0), -1.0),
        ("fma.f64", (0.1, 10.0, -1.0), 0.0),
        ("round.f32", (-2.5,), -3.0),
        ("round.f32.even", (2.5,), 2.0),
        ("round.f64.even", (3.5,), 4.0),
        ("min.f32", (1.0, NAN), 1.0),
        ("max.f32", (1.0, NAN), 1.0),
        ("rsqrt.f32", (4.0,), 0.5),
        ("rsqrt.f64", (0.0,), INF),
        ("sqrt.f32", (2.0,), 1.4142135381698608),
        ("exp.f32", (1000.0,), INF),
        ("log.f64", (0.0,), -INF),
        ("pow.f32", (2.0, 10.0), 1024.0),
        ("atan2.f64", (1.0, -1.0), 2.356194490192345),
        ("trunc.f64.f32", (1e300,), INF),
        ("cast.f32.si32", (2.5,), 3),
        ("cast.f32.si32", (-2.5,), -3),
        ("cast.f32.si32", (NAN,), 0),
        ("cast.f32.ui32", (3e9,), 3000000000 - (1 << 32)),
        ("cast.f64.si32", (16777217.0,), 16777216),
        ("cast.f32.si64", (1e30,), I64_MIN),
        ("cast.f32.ui64", (float(1 << 63),), I64_MIN),
        ("cast.f32.ui64", (-1.0,), -1),
        ("cast.ui32.f32", (-1,), 4294967296.0),
        ("cast.ui64.f64", (-1,), 18446744073709551616.0),
        ("cmp.eq.f32.o", (NAN, NAN), 0),
        ("cmp.eq.f32.u", (NAN, 1.0), 1),
        ("cmp.ne.f32.o", (NAN, 1.0), 1),
        ("cmp.lt.f64.o", (NAN, 1.0), 0),
        ("cmp.lt.f64.u", (NAN, 1.0), 1),
        ("cmp.lte.f32.u", (2.0, 1.0), 0),
        ("cmp.nan.f64", (NAN,), 1),
        ("bitcast.f32.i32", (1.0,), 0x3F80_0000),
        ("bitcast.i64.f64", (0x3FF0_0000_0000_0000,), 1.0),
    ],
)
def test_floats(name: str, operands: tuple[object, ...], result: float) -> None:
    assert compute(name, *operands) == result


def test_nan_on_the_left_wins() -> None:
    assert math.isnan(compute("min.f32", NAN, 1.0))
    assert math.isnan(compute("max.f64", NAN, 1.0))


def test_signs_of_zero() -> None:
    assert math.copysign(1, compute("round.f32.even", -0.5)) == 1
    assert math.copysign(1, compute("round.f32", -0.3)) == -1
    assert math.copysign(1, compute("neg.f64", 0.0)) == -1
    assert math.copysign(1, compute("ceil.f32", -0.5)) == -1


def test_zero_by_zero_has_the_bits_of_x86() -> None:
    assert f32_to_bits(compute("div.f32", 0.0, 0.0)) & 0xFFFF_FFFF == 0xFFC0_0000


@given(st.integers(I32_MIN, -I32_MIN - 1))
def test_every_f32_pattern_survives(bits: int) -> None:
    assert f32_to_bits(f32_from_bits(bits)) == bits


@given(st.integers(I64_MIN, -I64_MIN - 1))
def test_every_f64_pattern_survives(bits: int) -> None:
    assert f64_to_bits(f64_from_bits(bits)) == bits


@pytest.mark.parametrize("bits", [0x7F80_0001, -8388607, 0x7FC0_1234])
def test_signalling_nans_survive(bits: int) -> None:
    assert f32_to_bits(f32_from_bits(bits)) == bits


@given(st.integers(-(1 << 63), (1 << 64) - 1))
def test_integers_round_to_f32_once(value: int) -> None:
    rounded = f32_from_integer(value)
    bits = f32_to_bits(rounded)
    for neighbour in (f32_from_bits(bits - 1), f32_from_bits(bits + 1)):
        if math.isfinite(neighbour) and value:
            assert abs(int(rounded) - value) <= abs(int(neighbour) - value)


def test_a_tie_broken_by_lost_bits() -> None:
    value = (1 << 54) + (1 << 30) + 1
    assert f32_from_integer(value) == float((1 << 54) + (1 << 31))
    assert round_f32(float(value)) != f32_from_integer(value)


def test_siphash_of_the_published_vectors() -> None:
    data = bytes(range(15))
    assert siphash_2_4(memoryview(data)) & (1 << 64) - 1 == 0xA129CA6149BE45E5
    assert siphash_2_4(memoryview(b"")) & (1 << 64) - 1 == 0x726FDB47DD0E0E31


def test_loads_and_stores_count_elements() -> None:
    buffer = Buffer.allocate(16)
    compute("buffer.store.i16", buffer, 1, -2)
    compute("buffer.store.f32", buffer, 2, 1.5)

    assert bytes(buffer.data[:12]) == struct.pack("<hhif", 0, -2, 0, 1.5)
    assert compute("buffer.load.i16.u", buffer, 1) == 0xFFFE
    assert compute("buffer.load.i16.s", buffer, 1) == -2
    assert compute("buffer.load.i8.u", buffer, 2) == 0xFE
    assert compute("buffer.load.i32", buffer, 0) == -131072


def test_stores_keep_the_low_bits() -> None:
    buffer = Buffer.allocate(8)
    compute("buffer.store.i8", buffer, 0, 0x1FF)
    compute("buffer.fill.i16", buffer, 1, 2, -1)
    assert bytes(buffer.data) == b"\xff\0\xff\xff\xff\xff\0\0"


def test_fills_of_floats() -> None:
    buffer = Buffer.allocate(16)
    compute("buffer.fill.f64", buffer, 1, 1, 2.0)
    compute("buffer.fill.f32", buffer, 0, 2, -1.0)
    assert bytes(buffer.data) == struct.pack("<ffd", -1.0, -1.0, 2.0)
    compute("buffer.fill.f32", buffer, 4, 0, -1.0)


def test_copy_clone_compare() -> None:
    source = Buffer.wrap(bytes(range(8)))
    target = compute("buffer.clone", source, 2, 4, 64)

    assert bytes(target.data) == bytes([2, 3, 4, 5])
    assert target.is_mutable
    assert compute("buffer.compare", source, 2, target, 0, 4) == 1
    assert compute("buffer.compare", source, 1, target, 0, 4) == 0
    compute("buffer.copy", target, 0, target, 1, 3)
    assert bytes(target.data) == bytes([2, 2, 3, 4])


@pytest.mark.parametrize(
    ("name", "operands"),
    [
        ("buffer.load.i32", (2,)),
        ("buffer.load.i64", (-1,)),
        ("buffer.load.f64", (1,)),
        ("buffer.load.i8.u", (1 << 62,)),
        ("buffer.store.i32", (2, 0)),
        ("buffer.fill.i8", (0, 9, 0)),
        ("buffer.fill.i64", (0, -1, 0)),
        ("buffer.clone", (4, 5, 16)),
        ("buffer.hash", (0, 9)),
    ],
)
def test_nothing_passes_the_end(name: str, operands: tuple[int, ...]) -> None:
    buffer = Buffer.allocate(8)
    with pytest.raises(OutOfRangeError):
        compute(name, buffer, *operands)


def test_constants_cannot_be_changed() -> None:
    constant = Buffer.wrap(bytes(8))
    for name, operands in (
        ("buffer.store.i8", (0, 1)),
        ("buffer.fill.i32", (0, 1, 1)),
        ("buffer.copy", (0, constant, 0, 4)),
    ):
        with pytest.raises(PermissionDeniedError):
            compute(name, constant, *operands)


def test_null_and_other_refs_are_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="buffer is null"):
        compute("buffer.length", None)
    with pytest.raises(InvalidArgumentError, match=r"expected !vm\.buffer, found !vm\.list"):
        compute("buffer.length", List("i32"))
    with pytest.raises(InvalidArgumentError, match="list is null"):
        compute("list.size", None)


def test_list_indices_are_unsigned() -> None:
    with pytest.raises(OutOfRangeError):
        compute("list.get.i32", List("i32", [1]), -1)


def test_refs_compare_by_identity() -> None:
    first, second = Buffer.allocate(1), Buffer.allocate(1)
    assert compute("cmp.eq.ref", first, first) == 1
    assert compute("cmp.eq.ref", first, second) == 0
    assert compute("cmp.ne.ref", None, None) == 0
    assert compute("cmp.nz.ref", None) == 0
