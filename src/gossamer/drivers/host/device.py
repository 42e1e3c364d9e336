"""Host devices: a host queue with loaders of executables, and answers about itself.

In: bytes of executables, queries. Out: executables of whatever loaders there are, answers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from gossamer.drivers.host.memory_queue import HostMemoryQueue
from gossamer.errors import NotFoundError
from gossamer.format.module_def import Bytes
from gossamer.hal.command.runner import RunnerMaker
from gossamer.hal.direct_device import DirectDevice
from gossamer.hal.executable import Executable, ExecutableLoader
from gossamer.hal.memory.allocator import Allocator
from gossamer.hal.memory.heap_allocator import HeapAllocator
from gossamer.processor.cpu_features import cpu_feature


class HostDevice(HostMemoryQueue, DirectDevice):
    """A device that threads of this process are; as it stands, one that runs everything in the caller.

    Attributes:
        executable_loaders: what makes executables of bytes; asked in order.
    """

    def __init__(
        self,
        identifier: str,
        make_runner: RunnerMaker,
        *,
        executable_loaders: Sequence[ExecutableLoader] = (),
        allocator: Allocator | None = None,
    ) -> None:
        """Make a device.

        Args:
            identifier: programs look for devices by patterns of it.
            make_runner: what runs its command programs.
            executable_loaders: for the formats its programs bring.
            allocator: None makes one for the device.
        """
        super().__init__(allocator or HeapAllocator(), make_runner)
        self.identifier = identifier
        self.executable_loaders = list(executable_loaders)

    @property
    def concurrency(self) -> int:
        """Workgroups that can run at a time."""
        return 1

    def close(self) -> None:
        """See `Device.close`; everything was done by its submitter."""
        self.allocator.trim()

    def trim(self) -> None:
        """Give memory held for reuse back to the system."""
        self.allocator.trim()

    def query_i64(self, category: str, key: str) -> tuple[bool, int]:
        """Ask the device about itself; see `Device.query_i64`."""
        match category:
            case "hal.device.id":
                return True, int(matches_pattern(key, self.identifier))
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


def matches_pattern(pattern: str, identifier: str) -> bool:
    """True where a device identifier is what a program looks for; `*` and `?` stand for any characters."""
    return _regular_expression(pattern).fullmatch(identifier) is not None


@lru_cache(maxsize=64)
def _regular_expression(glob: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in glob))
