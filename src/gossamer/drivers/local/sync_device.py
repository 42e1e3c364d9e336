"""`local-sync`: work runs in the thread that submits it, or that reaches its wait fence."""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.drivers.host.device import HostDevice
from gossamer.drivers.local.runner.runner import runner_for
from gossamer.hal.executable import ExecutableLoader
from gossamer.hal.memory.allocator import Allocator


class SyncDevice(HostDevice):
    """Runs every operation as soon as it can, on the thread that makes it possible."""

    def __init__(
        self,
        identifier: str,
        *,
        executable_loaders: Sequence[ExecutableLoader] = (),
        allocator: Allocator | None = None,
    ) -> None:
        super().__init__(identifier, runner_for, executable_loaders=executable_loaders, allocator=allocator)
        self.takes_direct_calls = type(self) is SyncDevice
