"""Operators of ONNX that are lowered here, because torch's dialect has no form for them.

In: `torch.operator "onnx.*"`. Out: calls of functions on MLIR's own tensors, of linalg and scf.
Next: the MLIR wheel's lowering of the other operators.
"""

from gossamer.compiler.input.onnx.assumptions import lower_assumptions
from gossamer.compiler.input.onnx.boxes import lower_boxes
from gossamer.compiler.input.onnx.faults import in_terms_of_nodes
from gossamer.compiler.input.onnx.recurrent import lower_recurrent

__all__ = ["in_terms_of_nodes", "lower_assumptions", "lower_boxes", "lower_recurrent"]
