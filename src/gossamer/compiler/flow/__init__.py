"""Tensor programs cut into dispatches.

In: functions of linalg, tensor, arith and scf on tensors. Out: a `FlowProgram`: host functions that dispatch
executables, and the executables. Next: `codegen` compiles the executables, `host` the host functions.
Mirrors `iree/compiler/Dialect/Flow` and `DispatchCreation`.
"""

from gossamer.compiler.flow.dispatch_graph import write_dispatch_graph
from gossamer.compiler.flow.pipeline import run
from gossamer.compiler.flow.program import FlowProgram
from gossamer.compiler.flow.trace import EVERY_DISPATCH

__all__ = ["EVERY_DISPATCH", "FlowProgram", "run", "write_dispatch_graph"]
