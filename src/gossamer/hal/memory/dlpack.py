"""DLPack: tensors of other libraries as buffer views, without a copy.

In: capsules, or tensors of any library. Out: buffer views. The other way is `BufferView.__dlpack__`.
Spec: `dlpack.h` of DLPack 1.1.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import numpy.typing as npt

from gossamer.abi import element_type as element_types
from gossamer.abi.memory_flags import ALIGNMENT, MemoryAccess
from gossamer.errors import InvalidArgumentError
from gossamer.hal.memory.allocator import Allocator
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.hal.memory.dlpack_capsule import consume_capsule, require_host_memory
from gossamer.hal.memory.heap_allocator import HeapAllocator
from gossamer.versions import DLPACK_VERSION


def from_capsule(capsule: object, allocator: Allocator) -> BufferView:
    """Make a view of the memory in a capsule; its owner is kept alive.

    Args:
        capsule: of host memory, dense and row by row; consumed.
        allocator: where memory comes from for a copy, made only where the memory is not 64-byte aligned.
    Raises: InvalidArgumentError on elements, layouts or devices that buffers cannot have.
    """
    array, element_type, is_read_only = consume_capsule(capsule)
    if not array.flags.c_contiguous:
        raise InvalidArgumentError("strided DLPack tensors are not supported")
    address: int = array.__array_interface__["data"][0]
    if address % ALIGNMENT and array.nbytes:
        return BufferView.from_numpy(array, allocator, element_type=element_type, copy=True)
    access = int(MemoryAccess.READ if is_read_only else MemoryAccess.ALL)
    # Safety: `array` owns the capsule's contents and stays with the buffer.
    buffer = Buffer(address, array.nbytes, allowed_access=access, keepalive=array)
    return BufferView(buffer, list(array.shape), element_type)


def from_dlpack(tensor: Any) -> BufferView:
    """Make a view of a tensor of any library: it shares the tensor's memory and keeps that alive.

    Functions take such views as they are, without a copy; programs see later changes of the tensor.

    Args:
        tensor: in host memory, with `__dlpack__`, or a NumPy array of any type. What is not dense or not
            64-byte aligned is copied.
    Raises: InvalidArgumentError on elements or devices that buffers cannot have.
    """
    if isinstance(tensor, BufferView):
        return tensor
    array = array_of(tensor)
    code = element_types.element_type_of(array.dtype)
    return BufferView.from_numpy(array, HeapAllocator(), element_type=code)


def array_of(tensor: Any) -> npt.NDArray[Any]:
    """A NumPy array over the memory of any library's tensor, of a type of `ml_dtypes` where NumPy has none.

    Raises: InvalidArgumentError on elements or devices that buffers cannot have; what the library raises.
    """
    if isinstance(tensor, np.ndarray):
        return cast("npt.NDArray[Any]", tensor)
    require_host_memory(*tensor.__dlpack_device__())
    try:
        # Why the version: only capsules of it say that a tensor can only be read.
        capsule = tensor.__dlpack__(max_version=DLPACK_VERSION)
    except TypeError:
        capsule = tensor.__dlpack__()
    return consume_capsule(capsule).array
