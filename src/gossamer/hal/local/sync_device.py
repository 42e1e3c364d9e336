"""`local-sync`: work runs in the thread that submits it, or that reaches its wait fence."""

from __future__ import annotations

from collections.abc import Callable

from gossamer.hal.device import Device
from gossamer.hal.fence import Fence


class SyncDevice(Device):
    """Runs every operation as soon as it can, on the calling thread."""

    @property
    def concurrency(self) -> int:
        """One workgroup at a time."""
        return 1

    def _start(
        self, signal: Fence | None, operation: Callable[..., None], arguments: tuple[object, ...]
    ) -> None:
        self._run(signal, operation, arguments)
