"""Makes parameters of a module's large tensors: its text is small then, and weights are in their own file.

    torch.operator "onnx.Constant" of tensor W ──► util.global @W = "model"::"W", and a load of it

In: a module as the importer left it. Out: the same with globals, and the contents that a file has to have.
"""

from __future__ import annotations

import re

from gossamer.compiler.mlir import ir
from gossamer.compiler.resources import Resources
from gossamer.compiler.walk import walk

_VALUE = "torch.onnx.value"
_TENSOR = re.compile(r"!torch\.vtensor<\[(.*)\],[su]?(.*)>")


def externalize_constants(
    module: ir.Module, resources: Resources, *, scope: str, smallest: int
) -> dict[str, bytes | memoryview]:
    """Make parameters of the constants that have at least so many elements.

    Args:
        module: changed in place.
        resources: have the contents of its constants.
        scope: of the parameters.
        smallest: number of elements; a constant without any stays one.
    Returns: contents by key, which is the name of the tensor.
    """
    contents: dict[str, bytes | memoryview] = {}
    with module.context, ir.Location.unknown():
        for op in list(walk(module.operation)):
            if op.name != "torch.operator" or _VALUE not in op.attributes:
                continue
            value = op.attributes[_VALUE]
            count = 1
            for size in ir.ShapedType(value.type).shape:
                count *= size
            if count == 0 or count < smallest:
                continue
            key = _new_key(_name_of(op.location), contents)
            contents[key] = resources.data_of(value, op)
            loaded = _load(module, op, key, scope, op.results[0].type)
            op.results[0].replace_all_uses_with(loaded)
            op.erase()
    return contents


def externalize_arguments(module: ir.Module, *, scope: str, first: int) -> list[str]:
    """Make parameters of a function's arguments from the one at an index on.

    Args:
        module: of one function; changed in place.
        scope: of the parameters.
        first: index of the first.
    Returns: keys of the parameters, which are the names of the arguments.
    """
    (function,) = (op.operation for op in module.body.operations if op.operation.name == "func.func")
    block = function.regions[0].blocks[0]
    keys: list[str] = []
    with module.context, ir.Location.unknown():
        for argument in list(block.arguments)[first:]:
            key = _new_key(_name_of(argument.location), keys)
            keys.append(key)
            loaded = _load(module, block.operations[0].operation, key, scope, argument.type)
            argument.replace_all_uses_with(loaded)
        while len(block.arguments) > first:
            block.erase_argument(len(block.arguments) - 1)
        results = ir.FunctionType(ir.TypeAttr(function.attributes["function_type"]).value).results
        type = ir.FunctionType.get([argument.type for argument in block.arguments], results)
        function.attributes["function_type"] = ir.TypeAttr.get(type)
    return keys


def _name_of(location: ir.Location) -> str:
    """A tensor's name without colons, which symbols of nested names have."""
    name = location.name_str if isinstance(location, ir.NameLoc) else ""
    return name.replace(":", "_") or "unnamed"


def _new_key(name: str, taken: dict[str, bytes | memoryview] | list[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _load(module: ir.Module, before: ir.Operation, key: str, scope: str, tensor: ir.Type) -> ir.Value:
    """A new global that is a parameter, and its value as a tensor of torch before an operation."""
    found = _TENSOR.fullmatch(str(tensor))
    assert found is not None, tensor
    shape = "".join(f"{size}x" for size in found[1].split(",") if size)
    type = ir.Type.parse(f"tensor<{shape}{found[2]}>")
    quoted = f"{ir.StringAttr.get(scope)}::{ir.StringAttr.get(key)}"
    with ir.InsertionPoint.at_block_begin(module.body):
        ir.Operation.create(
            "util.global",
            attributes={
                "sym_name": ir.StringAttr.get(key),
                "sym_visibility": ir.StringAttr.get("private"),
                "type": ir.TypeAttr.get(type),
                "initial_value": ir.Attribute.parse(f"#flow.parameter.named<{quoted}> : {type}"),
            },
        )
    with ir.InsertionPoint(before):
        value = ir.Operation.create(
            "util.global.load", results=[type], attributes={"global": ir.FlatSymbolRefAttr.get(key)}
        )
        return ir.Operation.create(
            "torch_c.from_builtin_tensor", results=[tensor], operands=[value.results[0]]
        ).results[0]
