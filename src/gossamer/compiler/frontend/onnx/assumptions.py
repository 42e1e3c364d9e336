"""An operator of our own without results: its operand is true, or the program fails."""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportMissingTypeStubs=false
# ONNX is an optional extra.

from __future__ import annotations

from typing import Any

from onnx import helper

DOMAIN = "gossamer"
_ASSUME = "Assume"


def assumption(condition: str, name: str) -> Any:
    """A node that assumes a truth value.

    Args:
        condition: name of a scalar, or of a tensor of one element.
        name: of the node, for messages.
    """
    return helper.make_node(_ASSUME, [condition], [], name=name, domain=DOMAIN)


def is_assumption(node: Any) -> bool:
    """Whether a node assumes something, and so is needed without results."""
    return node.domain == DOMAIN and node.op_type == _ASSUME


def import_domain(model: Any) -> None:
    """Have a model name the version of the domain; again is harmless."""
    if not any(each.domain == DOMAIN for each in model.opset_import):
        model.opset_import.append(helper.make_opsetid(DOMAIN, 1))


def forget_domain(model: Any) -> None:
    """Undo `import_domain`."""
    kept = [each for each in model.opset_import if each.domain != DOMAIN]
    del model.opset_import[:]
    model.opset_import.extend(kept)
