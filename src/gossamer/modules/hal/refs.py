"""The ref types of the `hal` module: which Python class stands behind each name."""

from __future__ import annotations

from gossamer.abi.ref_types import (
    ALLOCATOR,
    BUFFER,
    BUFFER_VIEW,
    COMMAND_BUFFER,
    DEVICE,
    EXECUTABLE,
    FENCE,
    FILE,
    SEMAPHORE,
)
from gossamer.hal.command.command_buffer import CommandBuffer
from gossamer.hal.device import Device
from gossamer.hal.executable import Executable
from gossamer.hal.memory.allocator import Allocator
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.hal.memory.file import File
from gossamer.hal.timeline.fence import Fence
from gossamer.hal.timeline.semaphore import Semaphore
from gossamer.vm.objects.ref_types import register_ref_type


def register_hal_ref_types() -> None:
    """Tell the VM the classes of HAL refs; calling it again changes nothing."""
    register_ref_type(ALLOCATOR, Allocator)
    register_ref_type(BUFFER, Buffer)
    register_ref_type(BUFFER_VIEW, BufferView)
    register_ref_type(COMMAND_BUFFER, CommandBuffer)
    register_ref_type(DEVICE, Device)
    register_ref_type(EXECUTABLE, Executable)
    register_ref_type(FENCE, Fence)
    register_ref_type(FILE, File)
    register_ref_type(SEMAPHORE, Semaphore)
