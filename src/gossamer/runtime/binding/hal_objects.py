"""Buffers, buffer views, semaphores, fences and command buffers under the names of IREE's binding.

Times are in nanoseconds: a `timeout` from now, a `deadline` of the clock that `time.monotonic_ns` reads;
a deadline of 0 only looks.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gossamer.errors import FailedPreconditionError, StatusError, UnknownError
from gossamer.hal import element_type as element_types
from gossamer.hal.buffer import Buffer
from gossamer.hal.buffer_view import BufferView
from gossamer.hal.command_buffer import BufferRef, CommandBuffer, CommandCategory
from gossamer.hal.fence import Fence
from gossamer.hal.semaphore import Semaphore
from gossamer.runtime.binding.hal_types import HalElementType
from gossamer.runtime.binding.refs import RefObject


class MappedMemory:
    """Memory of a buffer, to be seen as arrays."""

    def __init__(self, buffer: Buffer) -> None:
        self._buffer = buffer

    def asarray(self, shape: Sequence[int], numpy_dtype_descr: npt.DTypeLike) -> npt.NDArray[Any]:
        """The memory as an array of this shape and type, without a copy."""
        dtype = np.dtype(numpy_dtype_descr)
        length = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        return self._buffer.to_numpy()[:length].view(dtype).reshape(shape)


class HalBuffer(RefObject):
    """A range of device memory."""

    __slots__ = ()
    _object_type = Buffer
    object: Buffer

    def byte_length(self) -> int:
        """Bytes of the buffer."""
        return self.object.byte_length

    def memory_type(self) -> int:
        """Bits of `MemoryType`."""
        return self.object.memory_type

    def allowed_usage(self) -> int:
        """Bits of `BufferUsage`."""
        return self.object.allowed_usage

    def create_view(self, shape: Sequence[int], element_size: int) -> HalBufferView:
        """A view with opaque elements of so many bytes."""
        return HalBufferView(self, shape, element_size * 8)

    def fill_zero(self, byte_offset: int, byte_length: int) -> None:
        """Set bytes to zero."""
        self.object.to_numpy(byte_offset, byte_length)[:] = 0

    def map(self) -> MappedMemory:
        """The buffer's memory."""
        return MappedMemory(self.object)

    def __repr__(self) -> str:
        return f"<HalBuffer {self.object.byte_length} bytes>"


class HalBufferView(RefObject):
    """A shaped, typed view of a buffer."""

    __slots__ = ()
    _object_type = BufferView
    object: BufferView

    def __init__(self, buffer: HalBuffer, shape: Sequence[int], element_type: HalElementType | int) -> None:
        self.object = BufferView(buffer.object, list(shape), int(element_type))

    @property
    def shape(self) -> list[int]:
        """Dimensions."""
        return list(self.object.shape)

    @property
    def element_type(self) -> int:
        """A `HalElementType`, or the bare code of one without a name."""
        try:
            return HalElementType(self.object.element_type)
        except ValueError:
            return self.object.element_type

    @property
    def byte_length(self) -> int:
        """Bytes of the elements."""
        return self.object.byte_length

    def get_buffer(self) -> HalBuffer:
        """The buffer beneath."""
        return HalBuffer.of(self.object.buffer)

    def map(self) -> MappedMemory:
        """The view's memory."""
        return MappedMemory(self.object.buffer)

    def __repr__(self) -> str:
        shape = ", ".join(map(str, self.object.shape))
        return (
            f"<HalBufferView ({shape}), element_type=0x{self.object.element_type:08X}, "
            f"{self.object.byte_length} bytes>"
        )


class HalSemaphore(RefObject):
    """A timeline."""

    __slots__ = ()
    _object_type = Semaphore
    object: Semaphore

    def query(self) -> int:
        """Present payload value. Raises: the error the timeline failed with."""
        try:
            return self.object.query()
        except StatusError as error:
            raise TimelineError("querying semaphore", error) from error

    def signal(self, new_value: int) -> None:
        """Advance the timeline."""
        self.object.signal(new_value)

    def fail(self, message: str) -> None:
        """Fail the timeline."""
        self.object.fail(UnknownError(message))

    def wait(self, payload: int, timeout: int | None = None, deadline: int | None = None) -> bool:
        """Wait for a value; False on a timeout.

        Raises: RuntimeError with the error the timeline failed with.
        """
        return _wait(self.object.wait, payload, timeout, deadline, "semaphore", self.object.failure)


class HalFence(RefObject):
    """A set of semaphores and values."""

    __slots__ = ()
    _object_type = Fence
    object: Fence

    def __init__(self, capacity: int) -> None:
        del capacity
        self.object = Fence()

    @staticmethod
    def create_at(sem: HalSemaphore, value: int) -> HalFence:
        """A fence of one timepoint."""
        return HalFence.of(Fence.at(sem.object, value))

    @staticmethod
    def join(fences: Sequence[HalFence]) -> HalFence:
        """A fence that is reached when all of them are."""
        return HalFence.of(Fence.join([fence.object for fence in fences]) or Fence())

    @property
    def timepoint_count(self) -> int:
        """How many semaphores it has."""
        return len(self.object.timepoints)

    def insert(self, sem: HalSemaphore, value: int) -> None:
        """Add a timepoint."""
        self.object.insert(sem.object, value)

    def extend(self, from_fence: HalFence) -> None:
        """Add the timepoints of another fence."""
        for semaphore, value in from_fence.object.timepoints:
            self.object.insert(semaphore, value)

    def signal(self) -> None:
        """Advance every semaphore to its value."""
        self.object.signal()

    def fail(self, message: str) -> None:
        """Fail every semaphore."""
        self.object.fail(UnknownError(message))

    def wait(self, timeout: int | None = None, deadline: int | None = None) -> bool:
        """Wait until reached; False on a timeout.

        Raises: RuntimeError with the error a semaphore failed with.
        """

        def wait(_payload: int, seconds: float | None) -> None:
            self.object.wait(seconds)

        return _wait(wait, 0, timeout, deadline, "fence", self.object.failure)


class TimelineError(StatusError, RuntimeError):
    """A semaphore or fence failed; the text begins with what was being done, as IREE's binding words it."""

    def __init__(self, what: str, error: StatusError) -> None:
        super().__init__(f"{what}: {error}", code=error.code)

    def __str__(self) -> str:
        return self.message


def _wait(
    wait: Any,
    payload: int,
    timeout: int | None,
    deadline: int | None,
    what: str,
    failed_before: StatusError | None,
) -> bool:
    if timeout is not None and deadline is not None:
        raise ValueError("timeout and deadline cannot both be set")
    seconds: float | None = None
    if timeout is not None:
        seconds = max(timeout, 0) / 1e9
    elif deadline is not None:
        seconds = max(deadline - time.monotonic_ns(), 0) / 1e9
    try:
        wait(payload, seconds)
    except TimeoutError:
        return False
    except StatusError as error:
        when = "asynchronous" if failed_before is None else "synchronous"
        raise TimelineError(f"{when} {what} failure", error) from error
    return True


class HalCommandBuffer(RefObject):
    """Recorded work."""

    __slots__ = ("_begun",)
    _object_type = CommandBuffer
    object: CommandBuffer

    def __init__(self, device: object, binding_capacity: int = 0, begin: bool = True) -> None:
        del device
        self.object = CommandBuffer(
            0, CommandCategory.TRANSFER | CommandCategory.DISPATCH, binding_capacity=binding_capacity
        )
        self._begun = begin

    def begin(self) -> None:
        """Start recording. Raises: RuntimeError when it has begun."""
        if self._begun:
            raise FailedPreconditionError("command buffer is already in a recording state")
        self._begun = True

    def end(self) -> None:
        """Stop recording. Raises: RuntimeError when it has ended."""
        self.object.finalize()

    def copy(
        self,
        source_buffer: HalBuffer,
        target_buffer: HalBuffer,
        source_offset: int = 0,
        target_offset: int = 0,
        length: int | None = None,
        end: bool = False,
    ) -> None:
        """Record a copy; of all that fits unless `length` says how much."""
        if length is None:
            available = source_buffer.object.byte_length - source_offset
            if available > target_buffer.object.byte_length - target_offset:
                raise ValueError("If length is not provided, source length must be less than target length")
            length = available
        self.object.copy_buffer(
            BufferRef(source_buffer.object, source_offset, length),
            BufferRef(target_buffer.object, target_offset, length),
        )
        if end:
            self.end()

    def fill(
        self,
        target_buffer: HalBuffer,
        pattern: Any,
        target_offset: int = 0,
        length: int | None = None,
        end: bool = False,
    ) -> None:
        """Record a fill with a pattern of 1, 2, 4 or 8 bytes: any object with the buffer protocol."""
        data = (
            bytes(memoryview(pattern).cast("B")) if not isinstance(pattern, np.generic) else pattern.tobytes()
        )
        if length is None:
            length = target_buffer.object.byte_length - target_offset
        target = BufferRef(target_buffer.object, target_offset, length)
        self.object.fill_buffer(target, int.from_bytes(data, "little"), len(data))
        if end:
            self.end()


def dtype_to_element_type(dtype: npt.DTypeLike) -> HalElementType | None:
    """Element type of a NumPy type, or None where there is none."""
    try:
        return HalElementType(element_types.element_type_of(np.dtype(dtype)))
    except (StatusError, TypeError):
        return None
