"""Values of globals without anything of a process: numbers, bytes and arrays, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gossamer.errors import InvalidArgumentError
from gossamer.hal.memory.allocator import Allocator
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.vm.link.module import GlobalAccess
from gossamer.vm.objects.buffer import Buffer as HostBuffer


@dataclass(frozen=True, slots=True)
class SavedTensor:
    """A tensor of a global that keeps shape and type with it.

    Attributes:
        shape: sizes.
        element_type: IREE's code.
        data: its bytes, row major.
    """

    shape: tuple[int, ...]
    element_type: int
    data: bytes


def to_portable(value: object, name: str) -> int | float | bytes | SavedTensor | None:
    """Copy a value of a global.

    Args:
        value: as the global holds it.
        name: of the global, for messages.
    Raises: InvalidArgumentError for refs that mean nothing elsewhere.
    """
    if value is None or isinstance(value, (int, float)):
        return value
    if isinstance(value, BufferView):
        data = value.buffer.to_numpy()[: value.byte_length].tobytes()
        return SavedTensor(tuple(value.shape), value.element_type, data)
    if isinstance(value, Buffer):
        return value.to_numpy().tobytes()
    if isinstance(value, HostBuffer):
        return bytes(value.data)
    raise InvalidArgumentError(
        f"global {name} holds a {type(value).__name__}, which cannot leave this process; set it to null first"
    )


def put_back(access: GlobalAccess, value: object, allocator: Allocator) -> None:
    """Set a global to a value that `to_portable` gave.

    Args:
        access: of a global of the type that the value comes from.
        value: may be put back again.
        allocator: where memory comes from.
    """
    if isinstance(value, SavedTensor):
        view = BufferView(allocator.allocate_buffer(len(value.data)), value.shape, value.element_type)
        _fill(view.buffer, value.data)
        access.set(view)
    elif isinstance(value, bytes) and access.storage_type == "!hal.buffer":
        buffer = allocator.allocate_buffer(len(value))
        _fill(buffer, value)
        access.set(buffer)
    elif isinstance(value, bytes):
        host = HostBuffer.allocate(len(value))
        host.data[:] = value
        access.set(host)
    else:
        access.set(value)


def _fill(buffer: Buffer, data: bytes) -> None:
    buffer.to_numpy()[: len(data)] = np.frombuffer(data, np.uint8)
