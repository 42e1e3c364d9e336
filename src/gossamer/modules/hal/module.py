"""The system module `hal` version 7: all that compiled programs do with devices.

In: devices. Out: a module that contexts load before programs that depend on `hal`.
Mirrors `iree/modules/hal`. Its functions are in the files `hal_*.py`, one for each noun.
"""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.abi.hal_functions import HAL
from gossamer.errors import InvalidArgumentError
from gossamer.hal.device import Device
from gossamer.modules.hal import buffer as hal_buffer
from gossamer.modules.hal import buffer_view as hal_buffer_view
from gossamer.modules.hal import command_buffer as hal_command_buffer
from gossamer.modules.hal import device as hal_device
from gossamer.modules.hal import executable as hal_executable
from gossamer.modules.hal import fence as hal_fence
from gossamer.modules.hal import queue as hal_queue
from gossamer.modules.hal.refs import register_hal_ref_types
from gossamer.modules.hal.state import HalState, TraceSink, trace_to_standard_error
from gossamer.modules.native import FunctionTable, NativeModule

HAL_FUNCTIONS = FunctionTable(
    HAL,
    hal_buffer.functions,
    hal_buffer_view.functions,
    hal_command_buffer.functions,
    hal_device.functions,
    hal_executable.functions,
    hal_fence.functions,
    hal_queue.functions,
)

register_hal_ref_types()


class HalModule(NativeModule):
    """The `hal` module over a list of devices.

    Attributes:
        devices: in the order programs see them.
    """

    def __init__(
        self,
        devices: Sequence[Device],
        *,
        trace: TraceSink = trace_to_standard_error,
        lead: Device | None = None,
    ) -> None:
        """Make the module.

        Args:
            devices: at least one.
            trace: shows the tensors that programs trace.
            lead: device preferred where a program may allocate from several; None for the first of those.
        """
        self.devices = tuple(devices)
        if not self.devices:
            raise InvalidArgumentError("the hal module needs at least one device")
        state = HalState(self.devices, trace, lead)
        super().__init__(HAL_FUNCTIONS, create_state=lambda: state)
