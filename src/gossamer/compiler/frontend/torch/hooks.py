"""What becomes of the tensors that a PyTorch program holds."""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportMissingTypeStubs=false
# pyright: reportUntypedBaseClass=false
# PyTorch is an optional extra, and the importer of the MLIR wheel has no types.

from __future__ import annotations

from typing import Any

import torch
from torch_mlir.extras.fx_importer import FxImporterHooks, create_mlir_tensor_type

from gossamer.compiler.mlir import ir
from gossamer.compiler.resources import Resources


class WeightHooks(FxImporterHooks):
    """Keeps tensors where PyTorch has them, under their names; buffers that are changed become globals."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._module: Any = None

    def prepare_module(self, module_op: Any) -> None:
        """Remember the module that globals go into."""
        self._module = module_op

    def resolve_literal(self, gni: Any, literal: Any, info: Any) -> Any:
        """Make a literal that names a tensor's bytes; what is no tensor of several elements is left alone."""
        if not isinstance(literal, torch.Tensor) or literal.numel() < 2:
            return None
        name = info.input_spec.target if info is not None else "constant"
        value = self._resources.create(name, create_mlir_tensor_type(literal), _bytes_of(literal))
        return ir.Operation.create(
            "torch.vtensor.literal",
            results=[gni._cc.get_vtensor_type(literal.size(), literal.dtype)],
            attributes={"value": value},
        ).result

    def resolve_input(self, gni: Any, value: Any, info: Any) -> Any:
        """Load a buffer that the program changes from its global."""
        if info.store_producer_node is None:
            return None
        type = _builtin_type(value)
        initial = self._resources.create(info.input_spec.target, type, _bytes_of(value))
        with ir.InsertionPoint.at_block_begin(self._module.regions[0].blocks[0]):
            ir.Operation.create(
                "ml_program.global",
                attributes={
                    "sym_name": ir.StringAttr.get(info.input_spec.target),
                    "type": ir.TypeAttr.get(type),
                    "value": initial,
                    "is_mutable": ir.UnitAttr.get(),
                    "sym_visibility": ir.StringAttr.get("private"),
                },
            )
        symbol = ir.FlatSymbolRefAttr.get(info.input_spec.target)
        load = ir.Operation.create("ml_program.global_load", results=[type], attributes={"global": symbol})
        return ir.Operation.create(
            "torch_c.from_builtin_tensor",
            results=[gni._cc.get_vtensor_type(value.size(), value.dtype)],
            operands=[load.result],
        ).result

    def store_produced_value(self, gni: Any, py_value: Any, produced_ir_value: Any, info: Any) -> None:
        """Store the new contents of a buffer to its global."""
        builtin = ir.Operation.create(
            "torch_c.to_builtin_tensor", results=[_builtin_type(py_value)], operands=[produced_ir_value]
        )
        symbol = ir.FlatSymbolRefAttr.get(info.input_spec.target)
        ir.Operation.create(
            "ml_program.global_store", operands=[builtin.result], attributes={"global": symbol}
        )


def _builtin_type(tensor: Any) -> ir.Type:
    """The type of a tensor with integers that have no sign, as globals have them."""
    return ir.Type.parse(
        str(create_mlir_tensor_type(tensor))
        .replace("xsi", "xi")
        .replace("xui", "xi")
        .replace("<si", "<i")
        .replace("<ui", "<i")
    )


def _bytes_of(tensor: Any) -> memoryview:
    """A tensor's elements in order, in its own memory where they are so already."""
    contiguous = tensor.detach().cpu().contiguous().reshape(-1)
    return memoryview(contiguous.view(torch.uint8).numpy()).toreadonly()
