"""The host side of a program: memory, order of work, waits, calls of other modules, state.

In: the host functions of the flow phase, signatures and compiled executables. Out: a VM module.
Next: `compiler/vm` gives out registers and writes bytecode.
Mirrors `iree/compiler/Dialect/Stream` and `iree/compiler/Dialect/HAL`.
"""

from gossamer.compiler.host.pipeline import lower, schedule
from gossamer.compiler.host.program.program import HostProgram
from gossamer.compiler.host.program.text import format_program
from gossamer.compiler.host.schedule.parameters import parameter_lengths

__all__ = ["HostProgram", "format_program", "lower", "parameter_lengths", "schedule"]
