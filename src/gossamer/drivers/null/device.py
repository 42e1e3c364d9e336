"""`null`: everything a local device does, except that kernels are loaded and not run.

What is left is the host's part of a program: how long it takes, how much memory it needs, in what order it
works. Results have the shapes they should have, and whatever was in their memory.
"""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.drivers.driver import DeviceAddress, DeviceOptions, Driver
from gossamer.drivers.host.device import HostDevice, matches_pattern
from gossamer.hal.command.command_program import CommandProgram
from gossamer.hal.command.interpreter import BoundTable, interpret_program
from gossamer.hal.command.records import DispatchRecord
from gossamer.hal.command.runner import Runner
from gossamer.hal.executable import ExecutableLoader
from gossamer.hal.memory.allocator import Allocator
from gossamer.limits.scope import CallScope

STANDS_IN_FOR = "local"
"""Programs look for `local*`; the device answers to that as well as to its own name."""


class NullDevice(HostDevice):
    """A device that leaves dispatches out; transfers and all the rest are done in the caller."""

    def __init__(
        self, *, executable_loaders: Sequence[ExecutableLoader] = (), allocator: Allocator | None = None
    ) -> None:
        super().__init__("null", _make_runner, executable_loaders=executable_loaders, allocator=allocator)

    def query_i64(self, category: str, key: str) -> tuple[bool, int]:
        """See `Device.query_i64`."""
        if category == "hal.device.id" and matches_pattern(key, STANDS_IN_FOR):
            return True, 1
        return super().query_i64(category, key)


def _make_runner(program: CommandProgram) -> Runner:
    def run(table: bytes, shares_work: bool, scope: CallScope | None) -> None:
        del shares_work

        def leave_out(record: DispatchRecord, bound: BoundTable) -> None:
            del record, bound
            if scope is not None:
                scope.check()

        interpret_program(program, table, leave_out)

    return run


def _create(address: DeviceAddress, options: DeviceOptions) -> NullDevice:
    address.require_default()
    return NullDevice(executable_loaders=options.executable_loaders, allocator=options.allocator)


NULL = Driver("null", "Everything but the arithmetic", _create)
