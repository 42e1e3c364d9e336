"""Devices whose usual operations callers may do themselves, without the devices' methods in between.

Programs that are translated to Python write out what a queue operation comes to when nothing is to be waited
for (see `vm.link.inline_form`). That is for driver classes that promise it, and for no others: a subclass may
do more in its methods, a device that records or wraps must see every call.
"""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.hal.command.command_buffer import CommandBuffer
from gossamer.hal.command.runner import RunnerMaker
from gossamer.hal.device import Device
from gossamer.hal.timeline.fence import Fence


class DirectDevice(Device):
    """What there is to call, where `takes_direct_calls` is true:

    | instead of                            | a caller does                                  |
    |---------------------------------------|------------------------------------------------|
    | `create_command_buffer`               | make a `CommandBuffer` that has `make_runner`  |
    | `queue_alloca` without fences         | `allocator.allocate_buffer`                    |
    | `submit_execute` without a wait fence | `submit_table`                                 |

    A class that promises this says so for its own instances alone: `type(self) is ThisClass`.

    Attributes:
        make_runner: what runs its command programs.
    """

    make_runner: RunnerMaker

    def submit_table(
        self, command_buffer: CommandBuffer, table: bytes, keepalive: Sequence[object]
    ) -> Fence | None:
        """As `submit_execute` at once, with a binding table that is packed and checked.

        Args:
            table: see `CommandBuffer.run`.
            keepalive: what has the table's buffers.
        """
        raise NotImplementedError
