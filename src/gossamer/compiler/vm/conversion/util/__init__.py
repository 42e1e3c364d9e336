"""IREE's util dialect on the host: lists, byte buffers, strings and refs.

In: operations of MLIR. Out: VM operations on `!vm.list` and `!vm.buffer`. Next: as the other conversions.
Mirrors `iree/compiler/Dialect/VM/Conversion/UtilToVM`.
"""

from gossamer.compiler.vm.conversion.util import buffers, lists, refs, strings

LOWERINGS = {**buffers.LOWERINGS, **lists.LOWERINGS, **refs.LOWERINGS, **strings.LOWERINGS}
__all__ = ["LOWERINGS"]
