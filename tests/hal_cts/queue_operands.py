"""What tests of queues work on and with."""

from __future__ import annotations

from gossamer.hal.device import Device
from gossamer.hal.memory.buffer import Buffer

ANY = -1
"""The queue affinity of all operations here."""

WAIT_SECONDS = 20


def zeros(device: Device, length: int) -> Buffer:
    """A buffer of a device, cleared."""
    buffer = device.allocator.allocate_buffer(length)
    buffer.to_numpy()[:] = 0
    return buffer
