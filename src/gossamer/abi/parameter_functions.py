"""The module `io_parameters`: loads, gathers and scatters parameters.

Spec: `iree/modules/io/parameters/exports.inl` of IREE 3.13.0.
"""

from __future__ import annotations

from gossamer.abi.module_interface import ModuleInterface
from gossamer.versions import IO_PARAMETERS_MODULE_VERSION

IO_PARAMETERS = ModuleInterface("io_parameters", IO_PARAMETERS_MODULE_VERSION)

IO_PARAMETERS.declare("gather", "0rIrrrrrrr_v")
LOAD = IO_PARAMETERS.declare("load", "0rIrrrIiirrr_r", "!vm.list<!hal.buffer>")
IO_PARAMETERS.declare("scatter", "0rIrrrrrrr_v")
