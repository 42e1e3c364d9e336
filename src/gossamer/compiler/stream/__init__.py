"""The host side of a program: memory, order of work, waits, calls of other modules, state.

In: the host functions of the flow phase, signatures and compiled executables. Out: a VM module.
Next: `compiler/vm` gives out registers and writes bytecode.
Mirrors `iree/compiler/Dialect/Stream` and `iree/compiler/Dialect/HAL`.
"""

from gossamer.compiler.stream.parameters import parameter_lengths
from gossamer.compiler.stream.pipeline import lower, schedule
from gossamer.compiler.stream.program import Program
from gossamer.compiler.stream.text import format_program

__all__ = ["Program", "format_program", "lower", "parameter_lengths", "schedule"]
