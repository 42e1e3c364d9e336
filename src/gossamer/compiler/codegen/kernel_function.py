"""The function a kernel starts as: a dispatch function with memory, sizes and workgroup numbers as arguments.

The dispatch's operations stay in it while loops that compute them are appended; then they go.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Literal, TypeAlias

from gossamer.compiler.codegen.kernel_source import KernelSource
from gossamer.compiler.codegen.loop_builder import LoopBuilder
from gossamer.compiler.kernel_interface import Binding, ConstantSource, KnownSize
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.index_builder import Index, IndexBuilder
from gossamer.compiler.tensor.shapes import Shapes
from gossamer.compiler.tensor.tensor_op import element_type, is_tensor, shape_of

WorkgroupNumber: TypeAlias = Literal["id_x", "id_y", "id_z"]
ArgumentSource: TypeAlias = "Binding | ConstantSource | WorkgroupNumber"


@dataclass(frozen=True, slots=True)
class _Argument:
    value: ir.Value
    source: ArgumentSource


class KernelFunction:
    """A kernel under construction.

    Attributes:
        distribution: which part of the results a workgroup computes.
        keeps_order, rounds_steps: how floats are added up, see `KernelSource`.
        module: holds the function alone.
        build: appends before the function's return.
        shapes: sizes of the dispatch's tensors, from the kernel's arguments.
        results: the dispatch's results, all computed by `root`.
        inputs: memory of each tensor argument.
        outputs: memory of each result.
    """

    def __init__(self, source: KernelSource) -> None:
        function = source.executable.function
        self.distribution = source.distribution
        self.keeps_order = source.keeps_order
        self.rounds_steps = source.rounds_steps
        self.module = ir.Module.create(function.location)
        self._function = function.clone(ir.InsertionPoint(self.module.body)).operation
        self._block = self._function.regions[0].blocks[0]
        *_, self._return = (view.operation for view in self._block.operations)
        self.build = LoopBuilder(ir.InsertionPoint(self._return), self._return.location)
        self.shapes = Shapes(self.build, self._operand_dim)
        self.results = list(self._return.operands)
        self.inputs: dict[ir.Value, ir.Value] = {}
        self._sizes = source.sizes
        self._arguments: list[_Argument] = []
        self._constants: dict[ConstantSource, ir.Value] = {}
        self._operands: list[ir.Value] = list(self._block.arguments)
        self._adopt_arguments()
        self.outputs = [
            self._memory(result, Binding("result", index, "wo")) for index, result in enumerate(self.results)
        ]
        self._workgroup: dict[str, ir.Value] = {}

    @property
    def root(self) -> ir.Operation:
        """The operation that computes the results."""
        owner = self.results[0].owner
        assert isinstance(owner, ir.OpView | ir.Operation)
        return owner.operation

    def result_dims(self, index: int) -> list[Index]:
        """Sizes of a result's dimensions."""
        earlier = sum(shape_of(result).count(None) for result in self.results[:index])
        numbers = count(earlier)
        return [
            self.known(self._sizes[ConstantSource("result_dim", next(numbers))]) if size is None else size
            for size in shape_of(self.results[index])
        ]

    def known(self, size: KnownSize) -> Index:
        """A size as the kernel computes with it."""
        if isinstance(size, int):
            return size
        if size not in self._constants:
            self._constants[size] = self._add_argument(self.build.index_type, size)
        return self._constants[size]

    def workgroup(self, number: WorkgroupNumber) -> ir.Value:
        """Which workgroup this is, along one axis."""
        if number not in self._workgroup:
            self._workgroup[number] = self._add_argument(self.build.index_type, number)
        return self._workgroup[number]

    def finish(self) -> None:
        """Remove the dispatch's tensors, leaving a function of memory and scalars."""
        self.build.op("func.return", [], [])
        self._return.erase()
        for view in reversed(list(self._block.operations)):
            op = view.operation
            if any(is_tensor(result) for result in op.results):
                op.erase()
        for index in reversed(range(len(self._operands))):
            if is_tensor(self._operands[index]):
                self._block.erase_argument(index)
        types = [argument.type for argument in self._block.arguments]
        self._function.attributes["function_type"] = ir.TypeAttr.get(ir.FunctionType.get(types, []))

    def argument_sources(self) -> list[ArgumentSource]:
        """What each argument of the finished function is, in order."""
        sources: dict[ir.Value, ArgumentSource] = {
            argument.value: argument.source for argument in self._arguments
        }
        return [sources[argument] for argument in self._block.arguments]

    def _adopt_arguments(self) -> None:
        first_dim = len(self._operands) - sum(shape_of(result).count(None) for result in self.results)
        for index, argument in enumerate(self._operands):
            if is_tensor(argument):
                self.inputs[argument] = self._memory(argument, Binding("operand", index, "ro"))
                continue
            if index < first_dim:
                source = ConstantSource("operand", index, type=str(argument.type))
            else:
                source = ConstantSource("result_dim", index - first_dim)
            self._arguments.append(_Argument(argument, source))
            self._constants[source] = argument
        for number, argument in enumerate(self._operands[first_dim:]):
            source = ConstantSource("result_dim", number)
            if self._sizes[source] != source:
                argument.replace_all_uses_with(self._value_at_start(self._sizes[source]))

    def _value_at_start(self, size: KnownSize) -> ir.Value:
        if not isinstance(size, int):
            return self._constants[size]
        start = IndexBuilder(ir.InsertionPoint.at_block_begin(self._block), self.build.location)
        return start.value(size)

    def _memory(self, tensor: ir.Value, binding: Binding) -> ir.Value:
        dynamic = ir.ShapedType.get_dynamic_size()
        type = ir.MemRefType.get([dynamic], element_type(tensor), loc=self.build.location)
        return self._add_argument(type, binding)

    def _operand_dim(self, tensor: ir.Value, dim: int) -> Index:
        return self.known(self._sizes[ConstantSource("operand_dim", self._operands.index(tensor), dim)])

    def _add_argument(self, type: ir.Type, source: ArgumentSource) -> ir.Value:
        value = self._block.add_argument(type, self.build.location)
        self._arguments.append(_Argument(value, source))
        return value
