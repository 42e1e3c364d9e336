"""Decides about the kernel of a dispatch all that the host has to know, before there is any code."""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler.codegen.distribution import Distribution, Share
from gossamer.compiler.codegen.families.registry import find_family
from gossamer.compiler.codegen.half_floats import SMALL_FLOATS
from gossamer.compiler.codegen.kernel_source import KernelSource
from gossamer.compiler.codegen.known_sizes import find_known_sizes
from gossamer.compiler.codegen.packed_integers import PACKED
from gossamer.compiler.codegen.unsupported import unsupported
from gossamer.compiler.kernel_interface import Binding, ConstantSource, KernelInterface, KnownSize
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.executable import Executable
from gossamer.compiler.tensor.tensor_op import element_type, is_tensor, shape_of

_ELEMENT_TYPES = (
    "i1",
    "i8",
    "i16",
    "i32",
    "i64",
    "index",
    "f16",
    "bf16",
    "f32",
    "f64",
    "complex<f32>",
    "complex<f64>",
    *SMALL_FLOATS,
    *PACKED,
)


def plan(executable: Executable, *, keeps_order: bool = False, rounds_steps: bool = False) -> KernelSource:
    """Decide a kernel's bindings, constants and workgroup count. Every target follows what is decided here.

    Args:
        executable: of the dispatch; only read.
        keeps_order, rounds_steps: how floats are to be added up, see `KernelSource`.
    Raises: CompileError at a dispatch of tensors that kernels cannot read or write.
    """
    block = executable.function.regions[0].blocks[0]
    *_, terminator = (view.operation for view in block.operations)
    results = list(terminator.operands)
    owner = results[0].owner
    assert isinstance(owner, ir.OpView | ir.Operation)
    root = owner.operation
    for tensor in (*block.arguments, *results):
        _check_elements(tensor, root)
    sizes = find_known_sizes(executable.function)
    distribution = find_family(root).plan(root, _sizes_of_first(results[0], sizes))
    if any(str(element_type(result)) in PACKED for result in results):
        distribution = Distribution(Share(distribution.columns.sizes), Share(distribution.rows.sizes))
    operand_count = len(block.arguments) - sum(shape_of(result).count(None) for result in results)
    operands = list(block.arguments)[:operand_count]
    interface = KernelInterface(
        executable.export_name,
        _bindings(operands, results),
        _constants(operands, sizes),
        distribution.workgroup_count,
    )
    return KernelSource(executable, interface, distribution, sizes, keeps_order, rounds_steps)


def _check_elements(value: ir.Value, root: ir.Operation) -> None:
    if is_tensor(value) and str(element_type(value)) not in _ELEMENT_TYPES:
        raise unsupported(
            root,
            f"kernels cannot read or write tensors of {element_type(value)}",
            f"elements may be {', '.join(_ELEMENT_TYPES)}",
        )


def _sizes_of_first(result: ir.Value, sizes: dict[ConstantSource, KnownSize]) -> list[KnownSize]:
    dims = (size for source, size in sizes.items() if source.kind == "result_dim")
    return [next(dims) if size is None else size for size in shape_of(result)]


def _bindings(operands: Sequence[ir.Value], results: Sequence[ir.Value]) -> tuple[Binding, ...]:
    read = [Binding("operand", index, "ro") for index, operand in enumerate(operands) if is_tensor(operand)]
    return (*read, *(Binding("result", index, "wo") for index in range(len(results))))


def _constants(
    operands: Sequence[ir.Value], sizes: dict[ConstantSource, KnownSize]
) -> tuple[ConstantSource, ...]:
    """Scalars that the function uses, then the sizes that stand for themselves."""
    scalars = [
        ConstantSource("operand", index, type=str(operand.type))
        for index, operand in enumerate(operands)
        if not is_tensor(operand) and any(True for _ in operand.uses)
    ]
    return (*scalars, *(source for source, size in sizes.items() if size == source))
