"""Elements of less than a byte: packed as bits written one after the other, low ones first."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gossamer.abi import element_type as element_types
from gossamer.abi.packed_elements import array_dtype, pack_array, packed_dtype, unpack_bytes

_TYPES = {
    element_types.INT_4: (ml_dtypes.int4, -8, 7),
    element_types.SINT_4: (ml_dtypes.int4, -8, 7),
    element_types.UINT_4: (ml_dtypes.uint4, 0, 15),
    0x10000002: (ml_dtypes.int2, -2, 1),
    0x12000002: (ml_dtypes.uint2, 0, 3),
}


@given(st.sampled_from(sorted(_TYPES)), st.data())
def test_elements_come_back_as_they_went_in(element_type: int, data: st.DataObject) -> None:
    dtype, lowest, highest = _TYPES[element_type]
    numbers = data.draw(st.lists(st.integers(lowest, highest)))
    bits = element_type & 0xFF

    packed = pack_array(np.array(numbers, np.int64).astype(dtype), bits)
    written = sum((number & ((1 << bits) - 1)) << (bits * index) for index, number in enumerate(numbers))
    assert packed.tobytes() == written.to_bytes(-(-len(numbers) * bits // 8), "little")
    found = unpack_bytes(packed, element_type, len(numbers))
    assert found.dtype == dtype
    assert found.astype(np.int64).tolist() == numbers


def test_other_elements_are_not_packed() -> None:
    assert packed_dtype(element_types.INT_8) is None
    assert array_dtype(element_types.INT_8) == np.int8
    assert array_dtype(element_types.INT_4) == ml_dtypes.int4
    assert element_types.element_type_of(np.dtype(ml_dtypes.int4)) == element_types.SINT_4
    assert element_types.element_type_of(np.dtype(ml_dtypes.uint4)) == element_types.UINT_4


def test_buffers_are_not_seen_as_arrays_of_packed_elements() -> None:
    with pytest.raises(NotImplementedError):
        element_types.numpy_dtype(element_types.INT_4)
