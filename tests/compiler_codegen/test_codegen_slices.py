"""Slices with strides of either sign, known and not, against NumPy's indexing."""

from __future__ import annotations

import numpy as np
import pytest

import gossamer

SOURCE = np.arange(1, 25, dtype=np.float32).reshape(4, 6)


def _indices(offset: int, size: int, stride: int) -> list[int]:
    return [offset + stride * step for step in range(size)]


def _run(text: str, *arguments: object) -> np.ndarray:
    result = gossamer.Pipeline([gossamer.compile_text(text)], device="local-sync").f(*arguments)
    assert isinstance(result, np.ndarray)
    return result


CASES = [
    (5, 6, -1),
    (5, 3, -2),
    (4, 2, -3),
    (0, 3, 2),
    (1, 5, 1),
    (3, 1, -1),
    (2, 0, -1),
]


@pytest.mark.parametrize(("offset", "size", "stride"), CASES)
@pytest.mark.parametrize("is_dynamic", [False, True], ids=["static", "dynamic"])
def test_insert_slice(offset: int, size: int, stride: int, is_dynamic: bool) -> None:
    update = -np.arange(1, 4 * size + 1, dtype=np.float32).reshape(4, size)
    expected = SOURCE.copy()
    expected[:, _indices(offset, size, stride)] = update
    place = "%o" if is_dynamic else offset
    step = "%s" if is_dynamic else stride
    text = f"""
    func.func @f(%u: tensor<4x{size}xf32>, %t: tensor<4x6xf32>, %o: index, %s: index) -> tensor<4x6xf32> {{
      %r = tensor.insert_slice %u into %t[0, {place}][4, {size}][1, {step}]
        : tensor<4x{size}xf32> into tensor<4x6xf32>
      return %r : tensor<4x6xf32>
    }}"""

    np.testing.assert_array_equal(_run(text, update, SOURCE, offset, stride), expected)


@pytest.mark.parametrize(("offset", "size", "stride"), CASES)
@pytest.mark.parametrize("is_dynamic", [False, True], ids=["static", "dynamic"])
def test_extract_slice(offset: int, size: int, stride: int, is_dynamic: bool) -> None:
    place = "%o" if is_dynamic else offset
    step = "%s" if is_dynamic else stride
    text = f"""
    func.func @f(%t: tensor<4x6xf32>, %o: index, %s: index) -> tensor<4x{size}xf32> {{
      %r = tensor.extract_slice %t[0, {place}][4, {size}][1, {step}] : tensor<4x6xf32> to tensor<4x{size}xf32>
      return %r : tensor<4x{size}xf32>
    }}"""

    np.testing.assert_array_equal(
        _run(text, SOURCE, offset, stride), SOURCE[:, _indices(offset, size, stride)]
    )


def test_both_dimensions_backwards() -> None:
    text = """
    func.func @f(%u: tensor<2x3xf32>, %t: tensor<4x6xf32>) -> tensor<4x6xf32> {
      %r = tensor.insert_slice %u into %t[3, 5][2, 3][-2, -2] : tensor<2x3xf32> into tensor<4x6xf32>
      return %r : tensor<4x6xf32>
    }"""
    update = -np.arange(1, 7, dtype=np.float32).reshape(2, 3)
    expected = SOURCE.copy()
    expected[3::-2, 5::-2] = update

    np.testing.assert_array_equal(_run(text, update, SOURCE), expected)


def test_update_of_unknown_size_backwards() -> None:
    text = """
    func.func @f(%u: tensor<?xf32>, %t: tensor<?xf32>, %o: index, %n: index) -> tensor<?xf32> {
      %r = tensor.insert_slice %u into %t[%o][%n][-1] : tensor<?xf32> into tensor<?xf32>
      return %r : tensor<?xf32>
    }"""
    update = np.array([-1, -2, -3], np.float32)
    expected = np.arange(8, dtype=np.float32)
    expected[6:3:-1] = update

    np.testing.assert_array_equal(_run(text, update, np.arange(8, dtype=np.float32), 6, 3), expected)
