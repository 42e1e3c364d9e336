"""What frontends say of a function beside its type: reflection, which goes into the module as it is.

Two of its entries are for callers in Python: what the source calls its arguments, and how values are nested.
IREE's runtime reads past what it does not know.
"""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.abi.declaration import ARGUMENT_NAMES_ATTR
from gossamer.abi.structure import STRUCTURE_ATTR, CallStructure, format_structure
from gossamer.compiler.mlir import ir

_REFLECTION = "iree.reflection"


def is_entry_point(op: ir.Operation) -> bool:
    """Whether an operation of a module is a function that callers see."""
    if op.name != "func.func" or not list(op.regions[0].blocks):
        return False
    if "sym_visibility" not in op.attributes:
        return True
    return ir.StringAttr(op.attributes["sym_visibility"]).value == "public"


def record_names(function: ir.Operation, names: Sequence[str]) -> None:
    """Record names of arguments, "" for one without; a record that is there stays."""
    _record(function, ARGUMENT_NAMES_ATTR, ",".join(names))


def record_structure(function: ir.Operation, structure: CallStructure) -> None:
    """Record how a caller nests values, where that is not plain."""
    if not structure.is_flat:
        _record(function, STRUCTURE_ATTR, format_structure(structure))


def _record(function: ir.Operation, name: str, text: str) -> None:
    attributes = function.attributes
    reflection = ir.DictAttr(attributes[_REFLECTION]) if _REFLECTION in attributes else ()
    attrs = {named.name: named.attr for named in reflection}
    with function.context:
        attrs.setdefault(name, ir.StringAttr.get(text))
        attributes[_REFLECTION] = ir.DictAttr.get(attrs)
