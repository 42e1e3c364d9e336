"""Refs, lists and buffers of the VM under IREE's names."""

from __future__ import annotations

import numpy as np
import pytest

import gossamer.runtime as rt


def test_refs_know_what_they_refer_to() -> None:
    values = rt.VmVariantList(0)
    ref = values.ref
    assert ref == values.__iree_vm_ref__
    assert ref != 7
    assert ref.isinstance(rt.VmVariantList)
    assert not ref.isinstance(rt.HalFence)
    assert not ref.isinstance(int)
    assert ref.deref(rt.VmVariantList) == values
    assert hash(ref.deref(rt.VmVariantList)) == hash(values)
    assert ref.deref(rt.HalFence, True) is None
    with pytest.raises(TypeError, match=r"!vm\.list cannot be dereferenced as HalFence"):
        ref.deref(rt.HalFence)
    with pytest.raises(TypeError, match="int is no VM type"):
        ref.deref(int)
    assert repr(ref).startswith("<VmRef vm.list at 0x")


def test_equal_means_the_same_object() -> None:
    one, two = rt.VmVariantList(0), rt.VmVariantList(0)
    assert one != two
    assert one != False  # noqa: E712
    assert {one, one.ref.deref(rt.VmVariantList)} == {one}


def test_lists_hold_numbers_refs_and_lists() -> None:
    inner = rt.VmVariantList(1)
    inner.push_int(-3)
    values = rt.VmVariantList(4)
    values.push_int(10**10)
    values.push_float(1.5)
    values.push_list(inner)
    values.push_ref(rt.HalFence(0))
    assert (values.size, len(values)) == (4, 4)
    assert values.get_variant(0) == 10**10
    assert values.get_variant(1) == 1.5
    assert values.get_variant(2) == inner.ref
    assert values.get_as_list(2) == inner
    assert values.get_as_object(3, rt.HalFence).timepoint_count == 0
    assert repr(values) == "<VmVariantList(4): [10000000000, 1.500000, List[-3], fence(0)]>"


def test_lists_check_what_is_asked_of_them() -> None:
    values = rt.VmVariantList(0)
    values.push_int(1)
    with pytest.raises(IndexError):
        values.get_variant(1)
    with pytest.raises(ValueError, match="not a ref"):
        values.get_as_ref(0)
    with pytest.raises(TypeError, match="64 bits"):
        values.push_int(1 << 63)


def test_a_list_inside_itself_can_be_printed() -> None:
    values = rt.VmVariantList(1)
    values.push_list(values)
    assert repr(values) == "<VmVariantList(1): [List[...circular...]]>"
    values.object.resize(0)


@pytest.mark.parametrize("dtype", ["i1", "u2", "f4", "c8"])
def test_buffer_views_in_lists_are_printed_and_serialised(dtype: str) -> None:
    device = rt.get_device("local-sync")
    array = np.arange(6, dtype=dtype).reshape(2, 3)
    element_type = rt.HalElementType(rt.asdevicearray(device, array)._buffer_view.element_type)
    view = device.allocator.allocate_buffer_copy(
        rt.MemoryType.DEVICE_LOCAL, rt.BufferUsage.DEFAULT, device, array, element_type
    )
    values = rt.VmVariantList(1)
    values.push_ref(view)
    code = int(element_type).to_bytes(4, "little").hex()
    assert repr(values) == f"<VmVariantList(1): [HalBufferView(2x3:0x{code})]>"
    trace = values.get_serialized_trace_value(0)
    assert (trace["type"], trace["shape"]) == ("hal.buffer_view", [2, 3])
    assert trace["contents"] == array.tobytes()


def test_other_elements_serialise_as_plain_data() -> None:
    inner = rt.VmVariantList(1)
    inner.push_float(0.5)
    values = rt.VmVariantList(3)
    values.push_int(2)
    values.push_list(inner)
    values.push_ref(rt.HalFence(0))
    values.push_ref(None)
    assert values.get_serialized_trace_value(0) == {"type": "value", "i64": 2}
    assert values.get_serialized_trace_value(1) == {
        "type": "vm.list",
        "items": [{"type": "value", "f64": 0.5}],
    }
    with pytest.raises(ValueError, match="has no plain data"):
        values.get_serialized_trace_value(2)
    assert values.get_serialized_trace_value(3) == {"type": "null"}


def test_buffers_have_the_buffer_protocol() -> None:
    buffer = rt.VmBuffer(10, alignment=64)
    memoryview(buffer)[2:5] = b"abc"
    assert bytes(buffer) == b"\0\0abc\0\0\0\0\0"
    assert bytes(buffer.object.data) == bytes(buffer)
    assert buffer.object.address % 64 == 0
    assert repr(buffer) == "<VmBuffer size 10>"
    assert buffer.ref.deref(rt.VmBuffer) == buffer
    assert buffer != rt.VmBuffer(10)
    assert len({buffer, buffer.ref.deref(rt.VmBuffer)}) == 1


def test_immutable_buffers_cannot_be_written() -> None:
    buffer = rt.VmBuffer(4, mutable=False)
    with pytest.raises(TypeError, match="read-only"):
        memoryview(buffer)[0] = 1


def test_empty_buffers_and_bad_alignments() -> None:
    assert bytes(rt.VmBuffer(0)) == b""
    with pytest.raises(ValueError, match="power of two"):
        rt.VmBuffer(4, alignment=3)
