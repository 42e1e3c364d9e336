"""The module `vmvx`: array operations that kernels in VM bytecode call.

Spec: `iree/modules/vmvx/exports.inl` of IREE 3.13.0.
"""

from __future__ import annotations

from gossamer.abi.module_interface import ModuleInterface
from gossamer.versions import VMVX_MODULE_VERSION

VMVX = ModuleInterface("vmvx", VMVX_MODULE_VERSION)

# Buffer, offset and two strides of each operand and of the result, then two sizes.
_UNARY = "0rIIIrIIIII_v"
_BINARY = "0rIIIrIIIrIIIII_v"

for _name in (
    *("abs.2d.f32", "ceil.2d.f32", "exp.2d.f32", "floor.2d.f32", "log.2d.f32", "neg.2d.f32", "rsqrt.2d.f32"),
    *("copy.2d.x8", "copy.2d.x16", "copy.2d.x32", "copy.2d.x64", "ctlz.2d.i32"),
):
    VMVX.declare(_name, _UNARY)
for _name in (
    *("add.2d.f32", "sub.2d.f32", "mul.2d.f32", "div.2d.f32"),
    *("add.2d.i32", "sub.2d.i32", "mul.2d.i32", "divs.2d.i32", "divu.2d.i32"),
    *("and.2d.i32", "or.2d.i32", "xor.2d.i32", "shl.2d.i32", "shrs.2d.i32", "shru.2d.i32"),
):
    VMVX.declare(_name, _BINARY)
VMVX.declare("fill.2d.x32", "0irIIII_v")
VMVX.declare("mmt4d", "0rIIrIIrIIIIIiiii_v")
VMVX.declare("pack", "0rIIIrIIIIIIIIIIi_v")
VMVX.declare("unpack", "0rIIIrIIIIIIIIIi_v")
VMVX.declare("query_tile_sizes.2d", "0IIi_II")
