"""Buffer views: a buffer seen as a tensor, with shape, element type and encoding.

In: a buffer or a NumPy array. Out: the same memory as a NumPy array or through DLPack.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from gossamer.abi import element_type as element_types
from gossamer.abi.memory_flags import ALIGNMENT
from gossamer.abi.packed_elements import pack_array, packed_dtype, unpack_bytes
from gossamer.errors import InvalidArgumentError, OutOfRangeError
from gossamer.hal.memory.buffer import Buffer

if TYPE_CHECKING:
    import numpy.typing as npt

    from gossamer.hal.memory.allocator import Allocator


_MAXIMUM_U64 = (1 << 64) - 1


class BufferView:
    """A shaped, typed view of a buffer.

    Attributes:
        buffer: the memory.
        shape: a list, compared with what programs expect without a copy.
        element_type: a code of `hal.element_type`.
        encoding_type: how elements are laid out; 1 is dense, row by row.
    """

    __slots__ = ("__weakref__", "buffer", "element_type", "encoding_type", "shape")

    def __init__(
        self,
        buffer: Buffer,
        shape: Sequence[int],
        element_type: int,
        encoding_type: int = element_types.ENCODING_DENSE_ROW_MAJOR,
    ) -> None:
        self.buffer = buffer
        self.shape: list[int] = shape if isinstance(shape, list) else list(shape)
        self.element_type = element_type
        self.encoding_type = encoding_type

    @classmethod
    def create(
        cls,
        buffer: Buffer,
        shape: Sequence[int],
        element_type: int,
        encoding_type: int = element_types.ENCODING_DENSE_ROW_MAJOR,
    ) -> BufferView:
        """Make a view of untrusted numbers: elements of a dense encoding must fit in the buffer.

        Raises: OutOfRangeError where they do not, InvalidArgumentError for elements of no known size.
        """
        if encoding_type == element_types.ENCODING_DENSE_ROW_MAJOR:
            _require_elements(buffer, shape, element_type)
        return cls(buffer, shape, element_type, encoding_type)

    def __repr__(self) -> str:
        return f"<hal.BufferView {self.type_name}>"

    @property
    def type_name(self) -> str:
        """Shape and element type as tools print them: `4x3xf32`."""
        return "x".join([*map(str, self.shape), element_types.element_type_name(self.element_type)])

    @property
    def element_count(self) -> int:
        """Product of the dimensions."""
        return prod(self.shape)

    @property
    def byte_length(self) -> int:
        """Bytes the elements take in a dense encoding; the buffer may be longer."""
        return element_types.byte_length(self.element_type, prod(self.shape))

    @classmethod
    def from_numpy(
        cls,
        array: npt.ArrayLike,
        allocator: Allocator,
        *,
        element_type: int | None = None,
        copy: bool | None = None,
    ) -> BufferView:
        """Make a view of a NumPy array.

        Args:
            array: any array; made contiguous first if it is not.
            allocator: where memory of a copy comes from.
            element_type: a code of `hal.element_type`; None takes the array's own type.
            copy: True copies, False shares the array's memory, None shares it if kernels can use it as
                it is (64-byte aligned, contiguous) and copies otherwise. With sharing, the program sees
                later changes to the array and the array sees the program's. Elements of less than a byte
                are copied always.
        """
        source: npt.NDArray[Any] = array if type(array) is np.ndarray else np.asarray(array)
        if not source.dtype.isnative:
            source = source.astype(source.dtype.newbyteorder("="))
        code = element_types.element_type_of(source.dtype) if element_type is None else element_type
        if code & 7:
            copy = True
        elif copy is None:
            copy = not can_be_shared(source)
        if not copy and source.nbytes:
            memory = np.ascontiguousarray(source).reshape(-1).view(np.uint8)
            return cls(Buffer.wrap(memory.data), source.shape, code)
        return cls.copy_of(source, code, allocator)

    @classmethod
    def copy_of(cls, array: npt.NDArray[Any], element_type: int, allocator: Allocator) -> BufferView:
        """Copy a NumPy array, in the machine's byte order.

        Args:
            array: whose elements are as wide as those of the type, or a byte each where those are less.
            element_type: of the view.
            allocator: where its memory comes from.
        """
        shape = array.shape
        if element_type & 7:
            array = pack_array(array, element_type & 0xFF)
        buffer = allocator.allocate_buffer(array.nbytes)
        buffer.write(array)
        return cls(buffer, shape, element_type)

    def to_numpy(self) -> npt.NDArray[Any]:
        """The elements as a NumPy array that shares the buffer's memory; read-only where the buffer is.

        Elements of less than a byte are copied, one to a byte.

        Raises: UnimplementedError for elements NumPy has no type for; InvalidArgumentError when the
        buffer is shorter than the shape asks.
        """
        is_packed = self.element_type & 7 and packed_dtype(self.element_type)
        dtype = np.dtype(np.uint8) if is_packed else element_types.numpy_dtype(self.element_type)
        length = self.byte_length if is_packed else dtype.itemsize * prod(self.shape)
        if length > self.buffer.byte_length:
            raise InvalidArgumentError(
                f"buffer of {self.buffer.byte_length} bytes is too short for {self.type_name}"
            )
        if is_packed:
            data = self.buffer.as_array([length], dtype, length)
            return unpack_bytes(data, self.element_type, prod(self.shape)).reshape(self.shape)
        return self.buffer.as_array(self.shape, dtype, length)

    def fork_copy(self, memo: dict[int, object]) -> BufferView:
        """Copy for another state of a program, over a copy of the buffer unless that can only be read."""
        return BufferView(self.buffer.fork_copy(memo), self.shape, self.element_type, self.encoding_type)

    def __array__(self, dtype: object = None, copy: bool | None = None) -> npt.NDArray[Any]:
        array = self.to_numpy()
        if dtype is not None and array.dtype != dtype:
            if copy is False:
                raise ValueError(f"{self.type_name} cannot be seen as {dtype} without a copy")
            return array.astype(dtype)  # type: ignore[call-overload]
        return array.copy() if copy else array

    def __dlpack__(self, **options: Any) -> object:
        # Why here: few programs need it, and every process would pay for its structures.
        from gossamer.hal.memory.dlpack_capsule import capsule_of

        return capsule_of(self.to_numpy(), self.element_type, **options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)


def _require_elements(buffer: Buffer, shape: Sequence[int], element_type: int) -> None:
    # Spec: iree/hal/buffer_view_util.c of IREE 3.13.0, which takes dimensions as unsigned 64-bit numbers.
    if not element_types.bit_count(element_type):
        raise InvalidArgumentError("opaque element types cannot be indexed")
    count = 1
    for index, size in enumerate(shape):
        count *= size & _MAXIMUM_U64
        if count > _MAXIMUM_U64:
            raise OutOfRangeError(f"shape element count overflows device size at dimension {index}")
    length = element_types.byte_length(element_type, count)
    if count * element_types.bit_count(element_type) > _MAXIMUM_U64:
        raise OutOfRangeError("packed byte count overflows device size")
    if length > buffer.byte_length:
        raise OutOfRangeError(
            f"buffer view byte length {length} exceeds backing buffer byte length {buffer.byte_length}"
        )


def can_be_shared(array: npt.NDArray[Any]) -> bool:
    """True where kernels can use an array's memory as it is: contiguous, aligned, and theirs to store to."""
    address: int = array.__array_interface__["data"][0]
    if address % ALIGNMENT or not array.flags.c_contiguous:
        return False
    return array.flags.writeable or not _is_mapped(array)


def _is_mapped(array: npt.NDArray[Any]) -> bool:
    """True for memory of a mapped file, whose pages may be read-only."""
    owner: object = array
    while isinstance(owner, np.ndarray):
        owner = cast("object", owner.base)
    return isinstance(owner.obj if isinstance(owner, memoryview) else owner, mmap.mmap)
