"""Devices: a queue with an allocator, executables, and what programs may ask about it.

In: names, bytes of executables, operations (see `queue`). Out: answers, executables, command buffers, memory
changed in the order of fences. Mirrors `iree/hal/device.h`.
"""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.abi.command_flags import CommandCategory
from gossamer.errors import UnimplementedError
from gossamer.format.module_def import Bytes
from gossamer.hal.command.command_buffer import CommandBuffer
from gossamer.hal.executable import Executable
from gossamer.hal.memory.allocator import Allocator
from gossamer.hal.queue import Queue


class Device(Queue):
    """What a driver makes: it implements these methods and those of `Queue`.

    Why a class and not a protocol: refs of programs are told apart by class, in every call.

    Attributes:
        identifier: such as `local-sync`.
        allocator: where its buffers come from.
        takes_direct_calls: callers may leave out some of its methods, see `hal.direct_device`.
    """

    identifier: str
    allocator: Allocator
    takes_direct_calls: bool = False

    def __repr__(self) -> str:
        return f"<hal.Device {self.identifier}>"

    def close(self) -> None:
        """Wait for what was started and stop; the device must not be used afterwards, except to close it."""
        raise NotImplementedError

    def trim(self) -> None:
        """Give memory held for reuse back to the system."""
        raise NotImplementedError

    def query_i64(self, category: str, key: str) -> tuple[bool, int]:
        """Ask the device about itself.

        Args:
            category: `hal.device.id`, `hal.executable.format`, `hal.device`, `hal.dispatch` or `hal.cpu`.
            key: a pattern with `*` and `?`, a format, `concurrency`, or a CPU feature.
        Returns: whether it knows the key, and the value.
        """
        raise NotImplementedError

    def create_executable(self, format: str, data: Bytes, constants: Sequence[int] = ()) -> Executable:
        """Make an executable of bytes.

        Args:
            format: such as `embedded-elf-x86_64`.
            data: borrowed; the executable keeps it alive if it needs it.
            constants: u32 values of executable-level constants.
        Raises: NotFoundError when the device does not know the format.
        """
        raise NotImplementedError

    def create_command_buffer(
        self, mode: int = 0, categories: int = CommandCategory.ANY, binding_capacity: int = 0
    ) -> CommandBuffer:
        """Start recording commands that this device will execute.

        Args:
            mode: bits of CommandBufferMode.
            categories: bits of CommandCategory; commands of others are refused.
            binding_capacity: slots of binding tables that commands may name.
        """
        raise NotImplementedError

    def create_channel(self) -> object:
        """Collectives between devices are not available.

        Raises: UnimplementedError always.
        """
        raise UnimplementedError("collectives not implemented")
