"""The functions of the `vmvx` module against NumPy on whole matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gossamer.errors import InvalidArgumentError, OutOfRangeError, PermissionDeniedError
from gossamer.modules.vmvx.module import functions
from gossamer.vm.objects.buffer import Buffer

Array = np.ndarray[Any, Any]


def call(name: str, *arguments: object) -> object:
    return functions.functions[name].callable(*arguments)


def host(array: Array) -> Buffer:
    buffer = Buffer.allocate(array.nbytes)
    buffer.data[:] = array.tobytes()
    return buffer


def contents(buffer: Buffer, like: Array) -> Array:
    return np.frombuffer(buffer.data, like.dtype).reshape(like.shape)


def test_there_are_thirty_two_functions() -> None:
    assert len(functions.functions) == 32


F32_BINARY = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide}
I32_BINARY: dict[str, Callable[[Array, Array], Array]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "shl": lambda a, b: a << (b & 31),
    "shrs": lambda a, b: a >> (b & 31),
    "shru": lambda a, b: (a.view(np.uint32) >> (b.view(np.uint32) & 31)).view(np.int32),
    "divs": lambda a, b: np.trunc(a / b).astype(np.int64).astype(np.int32),
    "divu": lambda a, b: (a.view(np.uint32) // b.view(np.uint32)).view(np.int32),
}


@pytest.mark.parametrize("name", F32_BINARY)
def test_float_binary(name: str) -> None:
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(2, 5, 7)).astype(np.float32)
    out = host(left)
    call(f"{name}.2d.f32", host(left), 0, 7, 1, host(right), 0, 7, 1, out, 0, 7, 1, 5, 7)

    np.testing.assert_array_equal(contents(out, left), F32_BINARY[name](left, right))


@pytest.mark.parametrize("name", I32_BINARY)
def test_integer_binary(name: str) -> None:
    rng = np.random.default_rng(1)
    left, right = rng.integers(-(2**31), 2**31, size=(2, 4, 8)).astype(np.int32)
    left[0, :3] = [-7, 7, -(2**31)]
    right[0, :3] = [2, -2, 1]
    out = host(left)
    call(f"{name}.2d.i32", host(left), 0, 8, 1, host(right), 0, 8, 1, out, 0, 8, 1, 4, 8)

    np.testing.assert_array_equal(contents(out, left), I32_BINARY[name](left, right))


def test_integer_division_by_zero_is_an_error() -> None:
    one, zero = np.ones((1, 1), np.int32), np.zeros((1, 1), np.int32)
    with pytest.raises(InvalidArgumentError, match="division by zero"):
        call("divs.2d.i32", host(one), 0, 1, 1, host(zero), 0, 1, 1, host(one), 0, 1, 1, 1, 1)


UNARY: dict[str, Callable[[Array], Array]] = {
    "abs": np.abs,
    "ceil": np.ceil,
    "floor": np.floor,
    "neg": np.negative,
    "exp": np.exp,
    "log": np.log,
    "rsqrt": lambda x: 1 / np.sqrt(x),
}


@pytest.mark.parametrize("name", UNARY)
def test_float_unary(name: str) -> None:
    values = np.abs(np.random.default_rng(2).normal(size=(3, 4))).astype(np.float32) + 0.1
    if name in ("abs", "neg", "ceil"):
        values = -values
    out = host(values)
    call(f"{name}.2d.f32", host(values), 0, 4, 1, out, 0, 4, 1, 3, 4)

    np.testing.assert_allclose(contents(out, values), UNARY[name](values), rtol=1e-6)


def test_count_leading_zeros() -> None:
    values = np.array([[0, 1, -1, 2**31 - 1, 0x00010000, 3]], np.int32)
    out = host(values)
    call("ctlz.2d.i32", host(values), 0, 6, 1, out, 0, 6, 1, 1, 6)

    assert contents(out, values).tolist() == [[32, 31, 0, 1, 15, 30]]


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
def test_copies_follow_offsets_and_strides(bits: int) -> None:
    source = np.arange(20, dtype=f"u{bits // 8}")
    target = np.zeros(20, source.dtype)
    out = host(target)
    call(f"copy.2d.x{bits}", host(source), 2, 1, 5, out, 19, -4, -1, 2, 3)

    target[[19, 18, 17, 15, 14, 13]] = [2, 7, 12, 3, 8, 13]
    np.testing.assert_array_equal(contents(out, target), target)


def test_fill() -> None:
    out = host(np.zeros(12, np.uint32))
    call("fill.2d.x32", -1, out, 1, 4, 2, 3)

    expected = np.zeros(12, np.uint32)
    expected[[1, 2, 3, 5, 6, 7]] = 0xFFFFFFFF
    np.testing.assert_array_equal(contents(out, expected), expected)


def test_empty_sizes_touch_nothing() -> None:
    empty = Buffer.allocate(0)
    call("copy.2d.x32", empty, 0, 4, 1, empty, 0, 4, 1, 0, 4)


@pytest.mark.parametrize(("offset", "stride"), [(-1, 4), (5, 4), (0, 5), (3, -4)])
def test_views_stay_in_their_buffers(offset: int, stride: int) -> None:
    buffer = host(np.zeros(8, np.uint32))
    with pytest.raises(OutOfRangeError):
        call("copy.2d.x32", buffer, offset, stride, 1, buffer, 0, 4, 1, 2, 4)
    with pytest.raises(OutOfRangeError):
        call("copy.2d.x32", buffer, 0, 4, 1, buffer, offset, stride, 1, 2, 4)


def test_constants_are_not_written() -> None:
    constant = Buffer.wrap(b"\0" * 32)
    with pytest.raises(PermissionDeniedError):
        call("fill.2d.x32", 1, constant, 0, 4, 2, 4)


@pytest.mark.parametrize(("flags", "source", "target"), [(1, np.float32, np.float32), (2, np.int8, np.int32)])
@pytest.mark.parametrize("accumulate", [False, True])
def test_mmt4d(flags: int, source: type, target: type, accumulate: bool) -> None:
    rng = np.random.default_rng(3)
    lhs = rng.integers(-9, 9, size=(3, 2, 4, 2)).astype(source)
    rhs = rng.integers(-9, 9, size=(2, 2, 3, 2)).astype(source)
    start = rng.integers(-9, 9, size=(3, 2, 4, 3)).astype(target)
    out = host(start)
    call(
        "mmt4d", host(lhs), 0, 16, host(rhs), 0, 12, out, 0, 24, 3, 2, 2, 4, 3, 2, flags | 0x100 * accumulate
    )  # fmt: skip

    product = np.einsum("mkab,nkcb->mnac", lhs.astype(target), rhs.astype(target))
    np.testing.assert_array_equal(contents(out, start), product + start * accumulate)


@pytest.mark.parametrize("flags", [1, 2, 3, 0x101, 0x201, 0x301])
def test_pack_and_unpack(flags: int) -> None:
    dtype = {1: np.float32, 2: np.int8, 3: np.int32}[flags & 0xFF]
    matrix = np.arange(35).reshape(5, 7).astype(dtype)
    outer, inner = (2, 3), (3, 3)
    if flags & 0x200:
        outer = (3, 2)
    packed = np.zeros((*outer, *inner), dtype)
    out = host(packed)
    padding = int(np.array([9], dtype).view(f"u{packed.itemsize}")[0])
    call("pack", host(matrix), 0, 7, 1, out, 0, outer[1] * 9, 9, 5, 7, *outer, *inner, padding, flags)

    padded = np.full((6, 9), 9, dtype)
    padded[:5, :7] = matrix
    expected = padded.reshape(2, 3, 3, 3).transpose(0, 2, 1, 3)
    if flags & 0x200:
        expected = expected.transpose(1, 0, 2, 3)
    if flags & 0x100:
        expected = expected.transpose(0, 1, 3, 2)
    np.testing.assert_array_equal(contents(out, packed), expected)

    back = host(np.zeros_like(matrix))
    call("unpack", out, 0, outer[1] * 9, 9, back, 0, 7, 1, *outer, *inner, 5, 7, flags)
    np.testing.assert_array_equal(contents(back, matrix), matrix)


def test_unknown_flags_are_refused() -> None:
    buffer = host(np.zeros(64, np.float32))
    with pytest.raises(InvalidArgumentError, match="unhandled flags"):
        call("mmt4d", buffer, 0, 1, buffer, 0, 1, buffer, 0, 1, 1, 1, 1, 1, 1, 1, 9)
    with pytest.raises(InvalidArgumentError, match="unhandled flags"):
        call("pack", buffer, 0, 1, 1, buffer, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 9)


@pytest.mark.parametrize(
    ("flags", "sizes"),
    [(0x101, (8, 1)), (0x102, (4, 1)), (0x103, (8, 4)), (0x201, (8, 2)), (0x203, (8, 4)), (0x301, (8, 4)),
     (0x303, (8, 8)), (0x602, (8, 4)), (0x701, (0, 0)), (0x104, (0, 0)), (0, (0, 0))],
)  # fmt: skip
def test_tile_sizes(flags: int, sizes: tuple[int, int]) -> None:
    assert call("query_tile_sizes.2d", 1000, 3, flags) == sizes
