"""Arrays on a device, used with NumPy."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import gossamer.runtime as rt

VALUES = np.arange(12, dtype=np.int32).reshape(3, 4)


@pytest.fixture
def device() -> rt.HalDevice:
    return rt.get_device("local-task")


@pytest.fixture
def array(device: rt.HalDevice) -> rt.DeviceArray:
    return rt.asdevicearray(device, VALUES, implicit_host_transfer=True)


def test_arrays_are_seen_only_when_allowed(device: rt.HalDevice) -> None:
    array = rt.asdevicearray(device, VALUES)
    assert repr(array) == "<IREE DeviceArray: shape=[3, 4], dtype=int32>"
    for use in (lambda: np.asarray(array), lambda: array + 1, lambda: np.add(array, 1)):
        with pytest.raises(ValueError, match="cannot be implicitly transferred to the host"):
            use()
    assert not array.is_host_accessible
    np.testing.assert_array_equal(array.to_host(), VALUES)
    assert array.is_host_accessible


def test_arrays_work_with_numpy(array: rt.DeviceArray) -> None:
    np.testing.assert_array_equal(array + array, 2 * VALUES)
    np.testing.assert_array_equal(np.isfinite(array), np.ones((3, 4), bool))
    np.testing.assert_array_equal(np.concatenate([array, VALUES]), [*VALUES, *VALUES])
    assert np.shape(array) == [3, 4]
    np.testing.assert_array_equal(np.reshape(array, (2, 6)), VALUES.reshape(2, 6))
    np.testing.assert_array_equal(array.reshape(12), VALUES.reshape(12))
    assert np.sum(array) == VALUES.sum()
    np.testing.assert_array_equal(np.asarray(array, np.float64), VALUES.astype(np.float64))


def test_results_can_be_written_to_an_array(array: rt.DeviceArray) -> None:
    np.multiply(VALUES, 3, out=array)
    np.testing.assert_array_equal(array.to_host(), 3 * VALUES)


def test_arrays_are_sequences(array: rt.DeviceArray) -> None:
    assert len(array) == 3
    np.testing.assert_array_equal(array[1:, 0], VALUES[1:, 0])
    for row, expected in zip(array, VALUES, strict=True):
        np.testing.assert_array_equal(row, expected)


def test_arrays_are_copied_and_pickled_as_numpy_arrays(array: rt.DeviceArray) -> None:
    for copied in (copy.deepcopy(array), pickle.loads(pickle.dumps(array))):
        assert type(copied) is np.ndarray
        np.testing.assert_array_equal(copied, VALUES)
        assert not np.shares_memory(copied, array.to_host())


def test_types_change_on_the_host(array: rt.DeviceArray, device: rt.HalDevice) -> None:
    assert array.astype(np.int32, copy=False) is array
    assert array.astype(np.int32) is not array
    assert array.astype(np.float16).dtype == np.float16
    assert rt.asdevicearray(device, array) is array
    changed = rt.asdevicearray(device, array, dtype=np.float32)
    assert changed.dtype == np.float32
    np.testing.assert_array_equal(changed.to_host(), VALUES)


@pytest.mark.parametrize("dtype", ["bool", "bfloat16", "float8_e5m2", "float8_e4m3fnuz", "complex64"])
def test_types_of_all_kinds_pass_unchanged(device: rt.HalDevice, dtype: Any) -> None:
    dtype = np.dtype(dtype if hasattr(np, dtype) else getattr(ml_dtypes, dtype))
    values = VALUES.astype(dtype)
    array = rt.asdevicearray(device, values)
    assert array.dtype == dtype
    assert array.to_host().tobytes() == values.tobytes()


def test_the_type_shown_can_be_overridden(device: rt.HalDevice) -> None:
    view = rt.asdevicearray(device, VALUES)._buffer_view
    array = rt.DeviceArray(device, view, override_dtype=np.float32)
    assert array.dtype == array.to_host().dtype == np.float32
    np.testing.assert_array_equal(array.to_host(), VALUES)


def test_arrays_without_an_element_type_are_refused(device: rt.HalDevice) -> None:
    with pytest.raises(ValueError, match="Could not map dtype <U1"):
        rt.asdevicearray(device, np.array(["a"]))


def test_strided_arrays_are_made_dense(device: rt.HalDevice) -> None:
    np.testing.assert_array_equal(rt.asdevicearray(device, VALUES.T[::2]).to_host(), VALUES.T[::2])
