"""The host side of a program: memory, order of work, waits, calls of other modules, state.

In: the host functions of the flow phase, signatures, interfaces of kernels; then compiled executables.
Out: a VM module. Next: `compiler/vm` gives out registers and writes bytecode.
Mirrors `iree/compiler/Dialect/Stream` and `iree/compiler/Dialect/HAL`.
"""

from gossamer.compiler.host.lower.device import DeviceTarget
from gossamer.compiler.host.lower.module import lower_program
from gossamer.compiler.host.pipeline import schedule
from gossamer.compiler.host.program.program import HostExecutable, HostProgram
from gossamer.compiler.host.program.statistics import count_program, format_statistics
from gossamer.compiler.host.program.text import format_program
from gossamer.compiler.host.schedule.parameters import parameter_lengths

__all__ = [
    "DeviceTarget",
    "HostExecutable",
    "HostProgram",
    "count_program",
    "format_program",
    "format_statistics",
    "lower_program",
    "parameter_lengths",
    "schedule",
]
