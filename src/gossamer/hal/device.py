"""Devices: a queue with an allocator, loaders of executables, and what programs may ask about it.

In: names, bytes of executables, operations (see `queue` and `memory_queue`). Out: answers, executables,
memory changed in the order of fences. Mirrors `iree/hal/device.h`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from gossamer.errors import NotFoundError, UnimplementedError
from gossamer.format.module_def import Bytes
from gossamer.hal.executable import Executable, ExecutableLoader
from gossamer.hal.memory.allocator import Allocator
from gossamer.hal.memory_queue import MemoryQueue
from gossamer.machine_code.cpu_features import cpu_feature


class Device(MemoryQueue):
    """A device that is this machine's CPU; as it stands, one that runs everything in the caller.

    Attributes:
        identifier: such as `local-sync`; programs look for devices by patterns of it.
        executable_loaders: what makes executables of bytes; asked in order.
    """

    def __init__(
        self,
        identifier: str,
        *,
        executable_loaders: Sequence[ExecutableLoader] = (),
        allocator: Allocator | None = None,
    ) -> None:
        super().__init__(allocator or Allocator())
        self.identifier = identifier
        self.executable_loaders = list(executable_loaders)

    def __repr__(self) -> str:
        return f"<hal.Device {self.identifier}>"

    @property
    def concurrency(self) -> int:
        """Workgroups that can run at a time."""
        return 1

    def close(self) -> None:
        """Wait for what was started and stop workers; the device must not be used afterwards."""
        self.allocator.trim()

    def trim(self) -> None:
        """Give memory held for reuse back to the system."""
        self.allocator.trim()

    def query_i64(self, category: str, key: str) -> tuple[bool, int]:
        """Ask the device about itself.

        Args:
            category: `hal.device.id`, `hal.executable.format`, `hal.device`, `hal.dispatch` or `hal.cpu`.
            key: a pattern with `*` and `?`, a format, `concurrency`, or a CPU feature.
        Returns: whether it knows the key, and the value.
        """
        match category:
            case "hal.device.id":
                return True, int(_pattern(key).fullmatch(self.identifier) is not None)
            case "hal.executable.format":
                return True, int(any(loader.supports_format(key) for loader in self.executable_loaders))
            case "hal.device":
                return (True, 1) if key == "concurrency" else (False, 0)
            case "hal.dispatch":
                return (True, self.concurrency) if key == "concurrency" else (False, 0)
            case "hal.cpu":
                value = cpu_feature(key)
                return (False, 0) if value is None else (True, value)
            case _:
                return False, 0

    def create_executable(self, format: str, data: Bytes, constants: Sequence[int] = ()) -> Executable:
        """Make an executable of bytes.

        Raises: NotFoundError when no loader knows the format.
        """
        for loader in self.executable_loaders:
            if loader.supports_format(format):
                return loader.load(format, data, constants)
        raise NotFoundError(f"no executable loader registered for the given executable format '{format}'")

    def create_channel(self) -> object:
        """Collectives between devices are not available.

        Raises: UnimplementedError always.
        """
        raise UnimplementedError("collectives not implemented")


@lru_cache(maxsize=64)
def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in glob))
