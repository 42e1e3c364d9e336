"""What becomes of the tensors that a PyTorch program holds."""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportMissingTypeStubs=false
# pyright: reportUntypedBaseClass=false
# PyTorch is an optional extra, and the importer of the MLIR wheel has no types.

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import torch
from torch_mlir.extras.fx_importer import FxImporterHooks, create_mlir_tensor_type

from gossamer.compiler.mlir import ir
from gossamer.compiler.resources import Resources

Place: TypeAlias = "tuple[Any, ...]"
"""Where a tensor's elements are, and how they lie there."""


class WeightHooks(FxImporterHooks):
    """Keeps tensors where PyTorch has them, under their names; buffers that are changed become globals."""

    def __init__(self, resources: Resources, programs: Sequence[Any]) -> None:
        """Look which buffers change.

        Args:
            resources: get the bytes.
            programs: all that will be imported into one module: what one changes, the others read anew.
        """
        self._resources = resources
        self._module: Any = None
        self._changed = {place_of(buffer) for program in programs for buffer in _changed_buffers(program)}
        self._constants: dict[Place, ir.Attribute] = {}
        self._globals: dict[Place, str] = {}
        self._names: set[str] = set()
        # Why kept: memory of one that goes could be given to another, which would be taken for it.
        self._tensors: list[Any] = []

    def prepare_module(self, module_op: Any) -> None:
        """Remember the module that globals go into."""
        self._module = module_op

    def resolve_literal(self, gni: Any, literal: Any, info: Any) -> Any:
        """Make a literal that names a tensor's bytes; what is no tensor of several elements is left alone."""
        if not isinstance(literal, torch.Tensor) or literal.numel() < 2:
            return None
        name = info.input_spec.target if info is not None else "constant"
        place = place_of(literal)
        value = self._constants.get(place)
        if value is None:
            value = self._resources.create(name, create_mlir_tensor_type(literal), _bytes_of(literal))
            self._constants[place] = value
            self._tensors.append(literal)
        return ir.Operation.create(
            "torch.vtensor.literal",
            results=[gni._cc.get_vtensor_type(literal.size(), literal.dtype)],
            attributes={"value": value},
        ).result

    def resolve_input(self, gni: Any, value: Any, info: Any) -> Any:
        """Load a buffer that a program changes from its global."""
        if place_of(value) not in self._changed:
            return None
        type = _builtin_type(value)
        symbol = ir.FlatSymbolRefAttr.get(self._global(value, info.input_spec.target, type))
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
        symbol = ir.FlatSymbolRefAttr.get(self._globals[place_of(py_value)])
        ir.Operation.create(
            "ml_program.global_store", operands=[builtin.result], attributes={"global": symbol}
        )

    def _global(self, value: Any, target: str, type: ir.Type) -> str:
        """The global for a buffer, which programs that share the buffer share."""
        place = place_of(value)
        if place in self._globals:
            return self._globals[place]
        name = target
        while name in self._names:
            name += "_"
        self._names.add(name)
        self._globals[place] = name
        self._tensors.append(value)
        with ir.InsertionPoint.at_block_begin(self._module.regions[0].blocks[0]):
            ir.Operation.create(
                "ml_program.global",
                attributes={
                    "sym_name": ir.StringAttr.get(name),
                    "type": ir.TypeAttr.get(type),
                    "value": self._resources.create(name, type, _bytes_of(value)),
                    "is_mutable": ir.UnitAttr.get(),
                    "sym_visibility": ir.StringAttr.get("private"),
                },
            )
        return name


def _changed_buffers(program: Any) -> Iterator[Any]:
    for target in program.graph_signature.buffers_to_mutate.values():
        yield program.state_dict[target] if target in program.state_dict else program.constants[target]


def place_of(tensor: Any) -> Place:
    """What tensors that are the same memory have in common."""
    layout = (tuple(tensor.shape), tuple(tensor.stride()), tensor.dtype, tensor.storage_offset())
    return (tensor.untyped_storage().data_ptr(), *layout)


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
