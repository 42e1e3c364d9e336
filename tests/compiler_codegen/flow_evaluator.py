"""Runs a flow program on NumPy arrays: host operations in Python, kernels as a target compiles them."""

from __future__ import annotations

import struct

import ml_dtypes
import numpy as np
from compiled_kernels import compile_kernels

from gossamer.compiler import flow
from gossamer.compiler.codegen import plan
from gossamer.compiler.mlir import ir, parse_text

DTYPES = {
    "i1": np.dtype(np.bool_),
    "i8": np.dtype(np.int8),
    "i16": np.dtype(np.int16),
    "i32": np.dtype(np.int32),
    "i64": np.dtype(np.int64),
    "index": np.dtype(np.int64),
    "f16": np.dtype(np.float16),
    "bf16": np.dtype(ml_dtypes.bfloat16),
    "f32": np.dtype(np.float32),
    "f64": np.dtype(np.float64),
}


class FlowEvaluator:
    """A compiled program; calling it runs a function."""

    def __init__(self, source: str | ir.Module, executor: str = "translate", *, target: str = "vmvx") -> None:
        self.program = flow.run(parse_text(source) if isinstance(source, str) else source)
        sources = {name: plan(executable) for name, executable in self.program.executables.items()}
        self.kernels = {name: source.interface for name, source in sources.items()}
        if sources:
            self._compiled = compile_kernels(target, sources, executor)
        self.dispatch_count = 0
        self.host_operations: list[str] = []

    def __call__(self, name: str, *arguments: object) -> list[np.ndarray]:
        """Run a function on arrays and scalars."""
        for op in self.program.module.body.operations:
            function = op.operation
            if function.name == "func.func" and function.attributes["sym_name"].value == name:
                return self._run(function, list(arguments))
        raise KeyError(name)

    def _run(self, function: ir.Operation, arguments: list[object]) -> list[np.ndarray]:
        block = function.regions[0].blocks[0]
        while True:
            values = self._values = {
                **getattr(self, "_values", {}),
                **dict(zip(block.arguments, arguments, strict=True)),
            }
            for view in block.operations:
                op = view.operation
                operands = [values[operand] for operand in op.operands]
                if op.name == "func.return":
                    return operands
                if op.name == "cf.br":
                    block, arguments = op.successors[0], operands
                elif op.name == "cf.cond_br":
                    _, then, _ = op.attributes["operandSegmentSizes"]
                    taken = 0 if operands[0] else 1
                    block = op.successors[taken]
                    arguments = operands[1 : 1 + then] if operands[0] else operands[1 + then :]
                else:
                    results = self._evaluate(op, operands)
                    values.update(zip(op.results, results, strict=True))

    def _evaluate(self, op: ir.Operation, operands: list) -> list:
        self.host_operations.append(op.name)
        if op.name == "flow.dispatch":
            return self._dispatch(op, operands)
        if op.name == "arith.constant":
            value = op.attributes["value"]
            if isinstance(value, ir.DenseElementsAttr):
                shape = _shape(op.result, [])
                dtype = _dtype(op.result.type.element_type)
                if value.is_splat:
                    return [np.full(shape, value.get_splat_value().value, dtype)]
                return [np.array(list(value), dtype).reshape(shape)]
            return [value.value]
        if op.name == "tensor.dim":
            return [operands[0].shape[operands[1]]]
        if op.name.startswith("flow.tensor."):
            return [self._tensor_operation(op, operands)]
        scalar = {
            "arith.addi": lambda a, b: a + b,
            "arith.subi": lambda a, b: a - b,
            "arith.muli": lambda a, b: a * b,
            "arith.divui": lambda a, b: a // b,
            "arith.remui": lambda a, b: a % b,
            "arith.index_cast": lambda a: a,
            "arith.addf": lambda a, b: a + b,
            "arith.cmpi": lambda a, b: [a == b, a != b, a < b, a <= b, a > b, a >= b][
                op.attributes["predicate"].value
            ],
            "arith.cmpf": lambda a, b: a < b,
            "arith.select": lambda c, a, b: a if c else b,
        }[op.name]
        return [scalar(*operands)]

    def _tensor_operation(self, op: ir.Operation, operands: list) -> object:
        kind = op.name.removeprefix("flow.tensor.")
        if kind == "load":
            return operands[0][tuple(operands[1:])].item()
        dtype = _dtype(op.result.type.element_type)
        if kind == "empty":
            return np.zeros(_shape(op.result, operands), dtype)
        if kind == "splat":
            return np.full(_shape(op.result, operands[1:]), operands[0], dtype)
        if kind == "from_elements":
            return np.array(operands, dtype).reshape(_shape(op.result, []))
        if kind == "reshape":
            return operands[0].view(dtype).reshape(_shape(op.result, operands[1:])).copy()
        if kind == "slice":
            rank = operands[0].ndim
            ranges = zip(operands[1 : 1 + rank], operands[1 + rank :], strict=True)
            sliced = operands[0][tuple(slice(o, o + s) for o, s in ranges)]
            assert _is_one_range(operands[0], sliced)
            return sliced.copy()
        assert kind == "update", op.name
        target, offset, update = operands
        result = target.copy()
        result.reshape(-1)[offset : offset + update.size] = update.reshape(-1)
        return result

    def _dispatch(self, op: ir.Operation, operands: list) -> list[np.ndarray]:
        self.dispatch_count += 1
        kernel = self.kernels[op.attributes["executable"].value]
        count = op.attributes["operand_count"].value
        dims = operands[count:]
        results, remaining = [], list(dims)
        for result in op.results:
            shape = _shape(result, remaining)
            remaining = remaining[sum(size < 0 for size in _sizes(result)) :]
            # Old contents must not matter.
            results.append(np.full(shape, 77, np.uint8).astype(_dtype(result.type.element_type)))

        def value_of(source) -> object:
            if source.kind == "operand":
                return operands[source.index]
            return (
                dims[source.index]
                if source.kind == "result_dim"
                else operands[source.index].shape[source.dim]
            )

        words = b"".join(_encode(value_of(constant), constant.type) for constant in kernel.constants)
        assert len(words) == 4 * kernel.constant_word_count
        memory = [operands[b.index] if b.kind == "operand" else results[b.index] for b in kernel.bindings]
        x, y, z = (expr.evaluate(value_of) for expr in kernel.workgroup_count)
        self._compiled.run(kernel, [np.asarray(array) for array in memory], words, (x, y, z))
        return results


def _is_one_range(whole: np.ndarray, part: np.ndarray) -> bool:
    positions = np.arange(whole.size).reshape(whole.shape)
    start = part.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    first = start // whole.itemsize
    return part.size == 0 or bool(
        np.all(np.diff(positions.reshape(-1)[first : first + part.size]) == 1) and part.flags.c_contiguous
    )


def _sizes(value: ir.Value) -> list[int]:
    type = value.type
    return [-1 if type.is_dynamic_dim(d) else type.get_dim_size(d) for d in range(type.rank)]


def _shape(value: ir.Value, dims: list[int]) -> list[int]:
    remaining = iter(dims)
    return [next(remaining) if size < 0 else size for size in _sizes(value)]


def _dtype(type: ir.Type) -> np.dtype:
    return DTYPES[str(type)]


def _encode(value: object, type: str) -> bytes:
    if type in ("i64", "index"):
        return struct.pack("<q", value)
    if type in ("f16", "bf16"):
        return np.array(value, DTYPES[type]).tobytes() + b"\0\0"
    if type in ("f32", "f64"):
        return np.array(value, DTYPES[type]).tobytes()
    width = int(type[1:])
    return struct.pack("<I", int(value) & ((1 << width) - 1))
