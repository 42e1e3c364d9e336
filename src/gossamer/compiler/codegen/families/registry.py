"""The families there are, in the order they are asked whether they serve a dispatch."""

from __future__ import annotations

from gossamer.compiler.codegen.families.family import Family
from gossamer.compiler.codegen.families.points import Points
from gossamer.compiler.codegen.families.row_reduction import RowReductions
from gossamer.compiler.codegen.families.row_values import RowValues
from gossamer.compiler.codegen.families.scan import Scans
from gossamer.compiler.codegen.families.scatter import Scatters
from gossamer.compiler.codegen.families.sort import Sorts
from gossamer.compiler.mlir import ir
from gossamer.errors import InternalError

FAMILIES: tuple[Family, ...] = (Scans(), Scatters(), Sorts(), RowValues(), RowReductions(), Points())


def find_family(root: ir.Operation) -> Family:
    """The first family that serves the dispatch of a root.

    Raises: InternalError where none does.
    """
    for family in FAMILIES:
        if family.matches(root):
            return family
    raise InternalError(f"no family of kernels computes '{root.name}'")
