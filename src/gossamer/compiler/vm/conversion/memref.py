"""Lowerings of `memref`: elements of `!vm.buffer`s.

A memref is a buffer and an offset in elements. One of several dimensions needs strides that its type states;
its elements are addressed by one linear index.
"""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler import mlir
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.conversion import attributes
from gossamer.compiler.vm.conversion.scope import Lowered, Lowering, MemRef, Scope, unsupported
from gossamer.compiler.vm.conversion.types import Scalar, scalar_of

_BUFFER_ALIGNMENT = 64
_LOADS = {8: "buffer.load.i8.u", 16: "buffer.load.i16.u", 32: "buffer.load.i32", 64: "buffer.load.i64"}
_STORES = {8: "buffer.store.i8", 16: "buffer.store.i16", 32: "buffer.store.i32", 64: "buffer.store.i64"}
_LINEARISE = "linearise memrefs to one dimension first"


def memref_type(value: mlir.ir.Value) -> mlir.ir.MemRefType:
    """The type of a value that is a memref."""
    type = value.type
    assert isinstance(type, mlir.ir.MemRefType)
    return type


def element_scalar(type: mlir.ir.MemRefType, op: mlir.ir.Operation) -> Scalar:
    """The element type of a memref.

    Raises: CompileError where elements do not take whole bytes or the VM cannot hold them.
    """
    scalar = scalar_of(type.element_type)
    if scalar is None or (scalar.width not in _LOADS and scalar.width != 1):
        raise unsupported(
            op, f"{type} has elements the VM cannot load", "widen the elements to i8, i16, i32 or i64"
        )
    return scalar


def load(scope: Scope, scalar: Scalar, source: MemRef, index: ir.Value) -> ir.Value:
    """Load an element; `index` is an i64 count of elements past the memref's offset."""
    name = f"buffer.load.{scalar.name}" if scalar.is_native_float else _LOADS[scalar.byte_width * 8]
    return scope.builder.op(name, source.buffer, _from_buffer(scope, source, index))


def store(scope: Scope, scalar: Scalar, target: MemRef, index: ir.Value, value: ir.Value) -> None:
    """Store an element; `index` as for `load`."""
    name = f"buffer.store.{scalar.name}" if scalar.is_native_float else _STORES[scalar.byte_width * 8]
    scope.builder.effect(name, target.buffer, _from_buffer(scope, target, index), value)


def _from_buffer(scope: Scope, memref: MemRef, index: ir.Value) -> ir.Value:
    return index if memref.offset is None else scope.builder.op("add.i64", memref.offset, index)


def _linear_index(
    scope: Scope, op: mlir.ir.Operation, type: mlir.ir.MemRefType, indices: list[ir.Value]
) -> ir.Value:
    if len(indices) == 0:
        return scope.builder.i64(0)
    strides, _ = type.get_strides_and_offset()
    if any(type.is_dynamic_stride_or_offset(stride) for stride in strides):
        raise unsupported(op, f"{type} has strides unknown at compile time", _LINEARISE)
    total: ir.Value | None = None
    for index, stride in zip(indices, strides, strict=True):
        term = index if stride == 1 else scope.builder.op("mul.i64", index, scope.builder.i64(stride))
        total = term if total is None else scope.builder.op("add.i64", total, term)
    assert total is not None
    return total


def _load(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    source, *indices = op.operands
    scalar = element_scalar(memref_type(source), op)
    index = _linear_index(scope, op, memref_type(source), [scope.value(index) for index in indices])
    return [load(scope, scalar, scope.memref(source), index)]


def _store(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    value, target, *indices = op.operands
    scalar = element_scalar(memref_type(target), op)
    index = _linear_index(scope, op, memref_type(target), [scope.value(index) for index in indices])
    store(scope, scalar, scope.memref(target), index, scope.value(value))
    return ()


def _allocate(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    type = memref_type(op.results[0])
    scalar = element_scalar(type, op)
    dynamic = iter(scope.operands(op))
    static_count = 1
    total: ir.Value | None = None
    for dimension, size in enumerate(type.shape):
        if not type.is_dynamic_dim(dimension):
            static_count *= size
            continue
        extent = next(dynamic)
        total = extent if total is None else scope.builder.op("mul.i64", total, extent)
    length = scope.builder.i64(static_count * scalar.byte_width)
    if total is not None:
        length = scope.builder.op("mul.i64", total, length)
    alignment = scope.builder.i32(_BUFFER_ALIGNMENT)
    buffer = scope.builder.op("buffer.alloc", length, alignment, result_ref_type="!vm.buffer")
    return [MemRef(buffer, size=total if type.rank == 1 else None)]


def _size(scope: Scope, op: mlir.ir.Operation, value: mlir.ir.Value, dimension: int) -> ir.Value:
    type = memref_type(value)
    if not type.is_dynamic_dim(dimension):
        return scope.builder.i64(type.get_dim_size(dimension))
    size = scope.memref(value).size
    if size is None or type.rank != 1:
        raise unsupported(op, f"the size of {type} is not known here", _LINEARISE)
    return size


def _dim(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    dimension = scope.constant(op.operands[1])
    if dimension is None:
        raise unsupported(op, "'memref.dim' has a VM lowering for constant dimensions only")
    return [_size(scope, op, op.operands[0], int(dimension))]


def _same_memref(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    return [scope.values[op.operands[0]]] * len(op.results)


def _reshape(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    """The same elements at the same places: the strides of the result's type address them."""
    source = scope.memref(op.operands[0])
    return [MemRef(source.buffer, source.offset)]


def _cast(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    source = scope.memref(op.operands[0])
    type = memref_type(op.operands[0])
    if source.size is None and type.rank == 1 and not type.is_dynamic_dim(0):
        source = MemRef(source.buffer, source.offset, scope.builder.i64(type.get_dim_size(0)))
    return [source]


def _nothing(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    return ()


class _Part:
    """Offsets, sizes and strides of a one-dimensional `subview` or `reinterpret_cast`."""

    def __init__(self, scope: Scope, op: mlir.ir.Operation) -> None:
        if any(
            len(attributes.integers(op, name)) > 1
            for name in ("static_offsets", "static_sizes", "static_strides")
        ):
            raise unsupported(op, f"'{op.name}' of several dimensions has no VM lowering", _LINEARISE)
        self._scope = scope
        self._dynamic = iter(scope.value(operand) for operand in list(op.operands)[1:])
        self.offset = self._next(op, "static_offsets")
        self.size = self._next(op, "static_sizes")
        if any(stride != 1 for stride in attributes.integers(op, "static_strides")):
            raise unsupported(op, f"'{op.name}' with a stride has no VM lowering", _LINEARISE)

    def _next(self, op: mlir.ir.Operation, name: str) -> ir.Value | None:
        numbers = attributes.integers(op, name)
        if not numbers:
            return None
        if mlir.ir.ShapedType.is_static_size(numbers[0]):
            return self._scope.builder.i64(numbers[0]) if numbers[0] else None
        return next(self._dynamic)


def _subview(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    source, part = scope.memref(op.operands[0]), _Part(scope, op)
    offset = part.offset or source.offset
    if part.offset is not None and source.offset is not None:
        offset = scope.builder.op("add.i64", source.offset, part.offset)
    return [MemRef(source.buffer, offset, part.size)]


def _reinterpret(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    part = _Part(scope, op)
    # Spec: the offset of `memref.reinterpret_cast` counts from the base buffer, not from the source's offset.
    return [MemRef(scope.memref(op.operands[0]).buffer, part.offset, part.size)]


def _copy(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    source, target = op.operands
    if memref_type(source).rank != 1:
        raise unsupported(op, "'memref.copy' of several dimensions has no VM lowering", _LINEARISE)
    width = scope.builder.i64(element_scalar(memref_type(source), op).byte_width)

    def to_bytes(elements: ir.Value | None) -> ir.Value:
        return scope.builder.i64(0) if elements is None else scope.builder.op("mul.i64", elements, width)

    known = target if memref_type(source).is_dynamic_dim(0) and scope.memref(source).size is None else source
    length = to_bytes(_size(scope, op, known, 0))
    from_, to = scope.memref(source), scope.memref(target)
    scope.builder.effect(
        "buffer.copy", from_.buffer, to_bytes(from_.offset), to.buffer, to_bytes(to.offset), length
    )
    return ()


LOWERINGS: dict[str, Lowering] = {
    "memref.load": _load,
    "memref.store": _store,
    "memref.alloc": _allocate,
    "memref.alloca": _allocate,
    "memref.dealloc": _nothing,
    "memref.dim": _dim,
    "memref.cast": _cast,
    "memref.assume_alignment": _same_memref,
    "memref.memory_space_cast": _same_memref,
    "memref.collapse_shape": _reshape,
    "memref.expand_shape": _reshape,
    "memref.subview": _subview,
    "memref.reinterpret_cast": _reinterpret,
    "memref.copy": _copy,
}
