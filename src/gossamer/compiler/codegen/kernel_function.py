"""The function a kernel starts as: a dispatch function with memory, sizes and workgroup numbers as arguments.

The dispatch's operations stay in it while loops that compute them are appended; then they go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from gossamer.compiler.codegen.kernel import Binding, ConstantSource
from gossamer.compiler.codegen.loop_builder import LoopBuilder
from gossamer.compiler.codegen.unsupported import unsupported
from gossamer.compiler.flow import Executable
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.index_builder import Index
from gossamer.compiler.tensor.shapes import Shapes
from gossamer.compiler.tensor.tensor_op import element_type, is_tensor, shape_of

WorkgroupNumber: TypeAlias = Literal["id_x", "id_y", "id_z"]
ArgumentSource: TypeAlias = "Binding | ConstantSource | WorkgroupNumber"


_ELEMENT_TYPES = ("i1", "i8", "i16", "i32", "i64", "index", "f16", "bf16", "f32", "f64")


@dataclass(frozen=True, slots=True)
class _Argument:
    value: ir.Value
    source: ArgumentSource


class KernelFunction:
    """A kernel under construction.

    Attributes:
        module: holds the function alone.
        build: appends before the function's return.
        shapes: sizes of the dispatch's tensors, from the kernel's arguments.
        results: the dispatch's results, all computed by `root`.
        inputs: memory of each tensor argument.
        outputs: memory of each result.
    """

    def __init__(self, executable: Executable) -> None:
        self.module = ir.Module.create(executable.function.location)
        self._function = executable.function.clone(ir.InsertionPoint(self.module.body)).operation
        self._block = self._function.regions[0].blocks[0]
        *_, self._return = (view.operation for view in self._block.operations)
        self.build = LoopBuilder(ir.InsertionPoint(self._return), self._return.location)
        self.shapes = Shapes(self.build, self._operand_dim)
        self.results = list(self._return.operands)
        self.inputs: dict[ir.Value, ir.Value] = {}
        self._arguments: list[_Argument] = []
        self._dims: dict[ConstantSource, ir.Value] = {}
        self._operands: list[ir.Value] = list(self._block.arguments)
        dynamic_count = sum(shape_of(result).count(None) for result in self.results)
        self._result_dims = self._operands[len(self._operands) - dynamic_count :]
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
        remaining = iter(self._result_dims[earlier:])
        return [next(remaining) if size is None else size for size in shape_of(self.results[index])]

    def source_of(self, index: Index) -> int | ConstantSource | None:
        """Where the host finds an index: a number, one of the kernel's constants, or None where nowhere."""
        if isinstance(index, int):
            return index
        for argument in self._arguments:
            if argument.value == index and isinstance(argument.source, ConstantSource):
                return argument.source
        return None

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
        first_dim = len(self._operands) - len(self._result_dims)
        for index, argument in enumerate(self._operands):
            if index >= first_dim:
                source = ConstantSource("result_dim", index - first_dim)
            elif is_tensor(argument):
                self.inputs[argument] = self._memory(argument, Binding("operand", index, "ro"))
                continue
            else:
                source = ConstantSource("operand", index, type=str(argument.type))
            self._arguments.append(_Argument(argument, source))

    def _memory(self, tensor: ir.Value, binding: Binding) -> ir.Value:
        if str(element_type(tensor)) not in _ELEMENT_TYPES:
            known = ", ".join(_ELEMENT_TYPES)
            raise unsupported(
                self.root,
                f"kernels cannot read or write tensors of {element_type(tensor)}",
                f"elements may be {known}",
            )
        dynamic = ir.ShapedType.get_dynamic_size()
        type = ir.MemRefType.get([dynamic], element_type(tensor), loc=self.build.location)
        return self._add_argument(type, binding)

    def _operand_dim(self, tensor: ir.Value, dim: int) -> Index:
        source = ConstantSource("operand_dim", self._operands.index(tensor), dim)
        if source not in self._dims:
            self._dims[source] = self._add_argument(self.build.index_type, source)
        return self._dims[source]

    def _add_argument(self, type: ir.Type, source: ArgumentSource) -> ir.Value:
        value = self._block.add_argument(type, self.build.location)
        self._arguments.append(_Argument(value, source))
        return value
